"""The laws of groups: they sum to the whole lake, are what filtering would leave, and do not depend on how rows are read."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

import lakedrift as ld
from lakedrift import segment
from lakedrift.grouping import Grouping
from lakedrift.profiles import Profile
from lakedrift.summaries.numeric import Numeric
from lakedrift.window import NO_TIME

WORDS = ["", "a", "1", "01", "1.0", "null", "a/b", "a=b", "100%", "é☃", segment.NULL, "true"]
TEXTS = st.none() | st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = {
    pa.string(): TEXTS,
    pa.int64(): st.none() | st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.none() | st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf"), 0.1]),
    pa.bool_(): st.none() | st.booleans(),
    pa.date32(): st.none() | st.dates(datetime.date(1969, 12, 1), datetime.date(2026, 3, 1)),
    pa.timestamp("ms"): st.none()
    | st.datetimes(datetime.datetime(2026, 1, 1), datetime.datetime(2026, 1, 3)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    pa.decimal128(9, 2): st.none() | st.decimals(-5, 5, places=2),
}
TIMES = (
    st.none()
    | st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31))
    | st.datetimes(datetime.datetime(2026, 1, 1), datetime.datetime(2026, 1, 20))
)
FEATURES = {"number": pa.float64(), "whole": pa.int16(), "word": pa.string(), "truth": pa.bool_()}
BY = ["p", ("q", "p"), "q"]


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(0, 30))
    columns = {}
    for name in ("p", "q"):
        dtype = draw(st.sampled_from(list(KEYS)))
        columns[name] = pa.array(draw(st.lists(KEYS[dtype], min_size=rows, max_size=rows)), dtype)
    columns["at"] = pa.array(draw(st.lists(TIMES, min_size=rows, max_size=rows)), pa.timestamp("us"))
    values = {
        "number": st.none() | st.sampled_from([0.0, 1.5, float("nan"), float("-inf"), 1e300]) | st.floats(),
        "whole": st.none() | st.integers(-5, 5),
        "word": st.none() | strategies.STRINGS.filter(lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text)),
        "truth": st.none() | st.booleans(),
    }
    for name, dtype in FEATURES.items():
        columns[name] = pa.array(draw(st.lists(values[name], min_size=rows, max_size=rows)), dtype)
    return pa.table(columns)


def dumped(profile: Profile) -> list[object]:
    """Everything that a profile says by group."""
    return [
        (
            one.keys,
            one.labels().to_list(),
            one.windows.tolist(),
            one.rows.tolist(),
            {
                key: (table.schema.metadata, table.to_pydict())
                for key, state in one.states.items()
                for table in [state.to_arrow()]
            },
        )
        for one in profile.groupings
    ]


def oracle(table: pa.Table, keys: tuple[str, ...], every: str) -> dict[tuple[str, int], list[int]]:
    """Return the places of the rows of each group, one row after another."""
    texts = [[None if cell is None else text_of(cell, table[key].type) for cell in table[key].to_pylist()] for key in keys]
    starts = pl.Series(table["at"]).dt.truncate(every).to_physical().fill_null(NO_TIME).to_list()
    found: dict[tuple[str, int], list[int]] = {}
    for row, (*values, start) in enumerate(zip(*texts, starts, strict=True)):
        found.setdefault((segment.label(keys, values), start), []).append(row)
    return found


def text_of(cell: object, dtype: pa.DataType) -> str:
    if pa.types.is_floating(dtype):
        return str(pa.array([float(cell) + 0.0]).cast(pa.string())[0])
    return str(pa.array([cell], dtype).cast(pa.string())[0])


@settings(max_examples=60)
@given(table=tables(), every=st.sampled_from(["1h", "1d", "1w", "1mo", "1q", "1y"]))
def test_groups__are_what_filtering_leaves_and_sum_to_the_whole(table, every):
    profile = ld.profile(table, features=list(FEATURES), by=BY, time="at", every=every)
    profile.check()
    assert [one.keys for one in profile.groupings] == [(), ("p",), ("q", "p"), ("q",)]
    for grouping in profile.groupings:
        expected = oracle(table, grouping.keys, every)
        groups = list(zip(grouping.labels().to_list(), grouping.windows.tolist(), strict=True))
        assert set(groups) == set(expected)
        assert len(groups) == len(expected)
        assert grouping.rows.tolist() == [len(expected[group]) for group in groups]
        for group, places in ((number, expected[group]) for number, group in enumerate(groups)):
            check_group(grouping, group, table.take(places))


def check_group(grouping: Grouping, group: int, rows: pa.Table) -> None:
    for name in FEATURES:
        state = grouping.state(name)
        values = rows[name].to_pylist()
        assert state.null[group] == values.count(None)
        assert state.nan[group] == sum(value != value for value in values)
        assert state.valid[group] == len(values) - state.null[group] - state.nan[group]
        if isinstance(state, Numeric):
            whole = Numeric.new(state.binning.fine)
            whole.update(rows[name].combine_chunks())
            kept = state.binning.kept
            cells = np.add.reduceat(whole.cells[0], kept) if len(kept) else whole.cells[0]
            assert state.cells[group].tolist() == cells.tolist()


def test_sums__a_count_too_many_is_found():
    table = pa.table({"p": ["a", "b"], "x": [1.0, 2.0], "w": ["u", "v"]})
    for name in ("x", "w"):
        profile = ld.profile(table, by="p", features=["x", "w"])
        state = profile.grouping(["p"]).state(name)
        state.cells[0] += np.roll(state.cells[0], 1) - state.cells[0]  # as many as before, elsewhere
        with pytest.raises(ld.LakedriftError, match="do not sum"):
            profile.check()


ROWS = 3_000
ROW = np.arange(ROWS)
RANDOM = np.random.default_rng(8)
ORDERS = pa.table(
    {
        "country": pa.array([None if row % 19 == 0 else ["", "AT", "DE", "é/="][row % 4] for row in ROW]),
        "device": pa.array(RANDOM.integers(0, 40, ROWS), pa.int32()),
        "at": pa.array(RANDOM.integers(0, 40 * 86_400_000, ROWS), pa.timestamp("ms", "Europe/Vienna"), mask=ROW % 29 == 0),
        "price": pa.array(np.where(ROW % 31 == 0, np.nan, RANDOM.lognormal(3, 2, ROWS)), mask=ROW % 9 == 0),
        "large": pa.array(np.repeat(RANDOM.integers(2**60, 2**62, ROWS // 2), 2)),
        "city": pa.array([f"city {row % 300}" for row in ROW]).dictionary_encode(),
        "text": pa.array([f"a text of more than twelve bytes {row % 400}" for row in ROW]),
        "paid": pa.array(ROW % 3 == 0, mask=ROW % 13 == 0),
        "order": pa.array([f"order-{row:06}" for row in ROW]),
    }
)
GROUPED = {"by": ["country", ("country", "device")], "time": "at", "every": "1w"}


@pytest.fixture(scope="module")
def whole() -> Profile:
    return ld.profile(ORDERS, **GROUPED)


def written(folder: Path, order: list[int]) -> Path:
    folder.mkdir()
    cuts = [0, 1, 700, 1_900, ROWS]
    parts = [ORDERS.slice(start, end - start) for start, end in itertools.pairwise(cuts)]
    for number, part in enumerate(order):
        pq.write_table(parts[part], folder / f"{number}.parquet", row_group_size=333)
    return folder


@pytest.mark.parametrize("engine", ["polars", "arrow", "duckdb"])
@pytest.mark.parametrize(("threads", "order"), [(1, [0, 1, 2, 3]), (5, [3, 1, 0, 2])])
def test_groups__have_the_same_bytes_however_they_are_read(whole, tmp_path, engine, threads, order):
    lake = written(tmp_path / "lake", order)
    found = ld.profile(lake, like=whole, engine=engine, threads=threads, **GROUPED)
    assert dumped(found) == dumped(whole)


def test_merge__of_parts_is_the_profile_of_the_whole(whole):
    parts = [ORDERS.slice(0, 40), ORDERS.slice(40, 1_000), ORDERS.slice(1_040), ORDERS.slice(0, 0)]
    profiles = [ld.profile(part, like=whole, **GROUPED) for part in parts]
    assert len({len(profile.groupings[1]) for profile in profiles}) > 1
    assert dumped(ld.merge(profiles)) == dumped(ld.merge(profiles[::-1])) == dumped(whole)
    assert dumped(ld.merge([whole, whole.empty()])) == dumped(whole)


def test_merge__of_other_segmentations_is_an_error(whole):
    other = ld.profile(ORDERS, like=whole, by="country")
    with pytest.raises(ld.LakedriftError, match="not grouped alike"):
        ld.merge([whole, other])


def test_groups__a_coarser_segmentation_is_the_same_alone(whole):
    alone = ld.profile(ORDERS, like=whole, by="country", time="at", every="1w")
    assert dumped(alone)[1] == dumped(whole)[1]
