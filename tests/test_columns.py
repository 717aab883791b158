"""Arrow columns as NumPy arrays: values, validity and nothing of what lies under a null."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift import columns

NOON = datetime.datetime(2026, 8, 1, 12, tzinfo=datetime.UTC)
MICROSECONDS = int(NOON.timestamp()) * 1_000_000


def optional(dtype: str):
    return st.lists(st.one_of(st.none(), strategies.numbers(dtype)), max_size=30)


def valid_of(column: columns.Column) -> list[bool]:
    if not len(column.validity):
        return [True] * len(column.values)
    bits = np.unpackbits(column.validity, bitorder="little")
    return bits[column.offset : column.offset + len(column.values)].astype(bool).tolist()


def same(one, other) -> bool:
    return one == other or (one != one and other != other)


@pytest.mark.parametrize("dtype", strategies.DTYPES)
@given(data=st.data())
def test_numbers__are_the_valid_values_of_any_slice(dtype, data):
    values = data.draw(optional(dtype))
    column = columns.numbers(data.draw(strategies.arrow_numbers(dtype, values)))
    assert column.values.dtype == dtype
    assert column.nulls == values.count(None)
    assert valid_of(column) == [value is not None for value in values]
    pairs = zip(column.values.tolist(), values, strict=True)
    assert all(value is None or same(found, np.dtype(dtype).type(value).item()) for found, value in pairs)


def decimals(digits: int, scale: int):
    most = [min(2**53 + 2, 10**digits - 1), 10**digits - 1]
    whole = st.one_of([st.integers(-limit, limit) for limit in most])
    return whole.map(lambda unscaled: decimal.Decimal(unscaled).scaleb(-scale, decimal.Context(prec=76)))


@pytest.mark.parametrize(
    "dtype",
    [
        *(pa.decimal32(9, 2), pa.decimal64(18, 4), pa.decimal128(12, 2), pa.decimal128(20, 0), pa.decimal128(38, 22)),
        *(pa.decimal128(38, 23), pa.decimal128(38, 38), pa.decimal128(18, -3), pa.decimal256(76, 10)),
    ],
    ids=str,
)
@given(data=st.data())
def test_numbers__of_decimals_are_the_nearest_doubles(dtype, data):
    values = data.draw(st.lists(st.one_of(st.none(), decimals(dtype.precision, dtype.scale)), max_size=20))
    first = data.draw(st.integers(0, len(values)))
    column = columns.numbers(pa.array(values, dtype).slice(first))
    assert valid_of(column) == [value is not None for value in values[first:]]
    pairs = zip(column.values.tolist(), values[first:], strict=True)
    assert all(value is None or found == float(value) for found, value in pairs)


@given(values=st.lists(decimals(12, 2), min_size=1, max_size=20), one=st.integers(2, 26), other=st.integers(2, 26))
def test_numbers__of_a_decimal_are_one_at_every_scale(values, one, other):
    found = [columns.numbers(pa.array(values, pa.decimal128(38, scale))).values.tolist() for scale in (one, other)]
    assert found[0] == found[1] == [float(value) for value in values]


def test_numbers__of_prices_are_those_of_their_text():
    cents = np.random.default_rng(0).integers(-(10**11), 10**11, 20_000)
    prices = [decimal.Decimal(number).scaleb(-2) for number in cents.tolist()]
    for dtype in (pa.decimal128(12, 2), pa.decimal128(14, 4)):
        assert columns.numbers(pa.array(prices, dtype)).values.tolist() == [float(price) for price in prices]


@pytest.mark.parametrize("dtype", strategies.DTYPES)
@given(data=st.data())
def test_valid_numbers__leave_out_null_and_nan(dtype, data):
    values = data.draw(optional(dtype))
    found = columns.valid_numbers(data.draw(strategies.arrow_numbers(dtype, values)))
    assert found.tolist() == [
        value for value in np.array([v for v in values if v is not None], dtype).tolist() if value == value
    ]


def test_numbers__are_not_copied():
    array = pa.array([1.0, 2.0, 3.0])
    assert columns.numbers(array.slice(1)).values.__array_interface__["data"][0] == array.buffers()[1].address + 8


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        pytest.param(pa.array([NOON], pa.timestamp("us", "UTC")), [MICROSECONDS], id="timestamp"),
        pytest.param(pa.array([NOON.date()], pa.date32()), [20_666], id="date32"),
        pytest.param(pa.array([NOON.date()], pa.date64()), [20_666 * 86_400_000], id="date64"),
        pytest.param(pa.array([datetime.time(0, 1)], pa.time32("s")), [60], id="time32"),
        pytest.param(pa.array([datetime.time(0, 1)], pa.time64("ns")), [60 * 10**9], id="time64"),
        pytest.param(pa.array([datetime.timedelta(seconds=-1)], pa.duration("ms")), [-1000], id="duration"),
        pytest.param(pa.array([decimal.Decimal("1.10"), None]), [1.1, 0.0], id="decimal128"),
        pytest.param(pa.array([decimal.Decimal("-1e40")], pa.decimal256(76)), [-1e40], id="decimal256"),
        pytest.param(pa.array(np.array([1.5, np.inf], np.float16)), [1.5, np.inf], id="float16"),
        pytest.param(pa.array([], pa.int64()), [], id="no rows"),
        pytest.param(pa.array([None, None], pa.float64()), [0.0, 0.0], id="all null"),
    ],
)
def test_numbers__of_other_types(array, expected):
    column = columns.numbers(array)
    assert [value for value, valid in zip(column.values.tolist(), valid_of(column), strict=True) if valid] == [
        value for value, valid in zip(expected, array.is_valid().to_pylist(), strict=True) if valid
    ]


@given(data=st.data(), values=st.lists(st.one_of(st.none(), strategies.STRINGS), max_size=20))
def test_views__hold_length_and_text_of_any_slice(data, values):
    column = columns.views(data.draw(strategies.arrow_strings("string_view", values)))
    assert valid_of(column) == [value is not None for value in values]
    for words, value in zip(column.values, values, strict=True):
        if value is not None and len(value.encode()) <= 12:
            assert words.tobytes() == len(value.encode()).to_bytes(4, "little") + value.encode().ljust(12, b"\0")


@pytest.mark.parametrize("encoding", strategies.STRING_ENCODINGS)
@given(data=st.data(), values=st.lists(st.one_of(st.none(), strategies.STRINGS), max_size=20))
def test_labels__of_strings_are_the_strings(encoding, data, values):
    labels = columns.labels(data.draw(strategies.arrow_strings(encoding, values)))
    assert labels.to_pylist() == values


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([7, -1, None]), ["7", "-1", None]),
        (pa.array([NOON.date()]), ["2026-08-01"]),
        (pa.array([decimal.Decimal("1.10")]), ["1.10"]),
        (pa.array([0.0, -0.0, 1.5]), ["0", "0", "1.5"]),
        (pa.array([0.1, None], pa.float32()), ["0.1", None]),
        (pa.array(np.array([-0.0, 1.5], np.float16)), ["0", "1.5"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([3, 4, 3]).dictionary_encode(), ["3", "4", "3"]),
    ],
)
def test_labels__of_other_types_are_their_text(array, expected):
    assert columns.labels(array).to_pylist() == expected


@pytest.mark.parametrize(
    ("dtype", "name", "kind", "family"),
    [
        (pa.int32(), "int32", "numeric", "integer"),
        (pa.uint8(), "uint8", "numeric", "integer"),
        (pa.float32(), "float", "numeric", "floating"),
        (pa.float16(), "halffloat", "numeric", "floating"),
        (pa.decimal128(10, 2), "decimal128(10, 2)", "numeric", "decimal"),
        (pa.bool_(), "bool", "boolean", "bool"),
        (pa.large_string(), "string", "categorical", "string"),
        (pa.dictionary(pa.int8(), pa.string_view()), "string", "categorical", "string"),
        (pa.dictionary(pa.int8(), pa.int64()), "int64", "numeric", "integer"),
        (pa.timestamp("ns"), "timestamp[ns]", "temporal", "timestamp[ns]"),
        (pa.date32(), "date32[day]", "temporal", "date32[day]"),
        (pa.month_day_nano_interval(), "month_day_nano_interval", "unsupported", "month_day_nano_interval"),
        (pa.list_(pa.int8()), "list<item: int8>", "unsupported", "list<item: int8>"),
        (pa.binary(), "binary", "unsupported", "binary"),
        (pa.null(), "null", "unsupported", "null"),
    ],
)
def test_types__by_name_kind_and_family(dtype, name, kind, family):
    assert columns.type_name(dtype) == name
    assert columns.natural_kind(dtype) == kind
    assert columns.family(name) == family
