"""What will be read: which columns, as what kind, and which of them are only identifiers."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lakedrift as ld
from lakedrift.api import plan_sweep
from lakedrift.binning import keys_of
from lakedrift.choosing import Selection, columns_of, select
from lakedrift.engine import run
from lakedrift.errors import ConfigError, UnknownNameError, UsageError
from lakedrift.observer import Silent
from lakedrift.plan import Plan, make_plan
from lakedrift.reading import Reader
from lakedrift.sampling import sampled
from lakedrift.sources import open_source

KNOWN = ["price", "price_net", "city", "[x]", "x", "*", "a.b", "day"]
ROWS = 2_000
SHUFFLED = np.random.default_rng(0).permutation(ROWS)


def plan(data: dict[str, object] | Path, **selection: object) -> Plan:
    return make_plan(open_source(data if isinstance(data, Path) else pl.DataFrame(data)), Selection(**selection))


def kind(values: object, **selection: object) -> str:
    (feature,) = plan({"x": values}, **selection).features
    return feature.kind


def write(path: Path, data: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(data), path)


@pytest.mark.parametrize(
    ("features", "exclude", "chosen"),
    [
        (None, (), ["price", "price_net", "city", "[x]", "x", "*", "a.b"]),
        (["price*"], (), ["price", "price_net"]),
        (["price"], (), ["price"]),
        (["city", "price"], (), ["price", "city"]),
        (["[x]"], (), ["[x]"]),
        (["*"], (), ["*"]),
        (["?"], (), ["x", "*"]),
        (["[wxy]"], (), ["x"]),
        (["a.b"], (), ["a.b"]),
        (None, ["price*"], ["city", "[x]", "x", "*", "a.b"]),
        (None, ["*"], ["price", "price_net", "city", "[x]", "x", "a.b"]),
        (["price", "city"], ["pri*"], ["price", "city"]),
        (["price*"], ["price"], ["price_net"]),
        (["price", "city"], ["price"], ["city"]),
        (["day"], (), ["day"]),
        (["d?y", "city"], (), ["city"]),
        (["day", "price"], ["d*"], ["price", "day"]),
    ],
)
def test_select__literal_names_win_over_patterns(features, exclude, chosen):
    assert select(dict.fromkeys(KNOWN), ["day"], Selection(features, exclude), KNOWN) == chosen


@pytest.mark.parametrize("selection", [{"features": ["pric"]}, {"exclude": ["pric"]}, {"kinds": {"pric": "numeric"}}])
def test_select__unknown_name(selection):
    with pytest.raises(UnknownNameError, match="unknown column 'pric'") as error:
        select(dict.fromkeys(KNOWN), [], Selection(**selection), KNOWN)
    assert error.value.hint == "did you mean 'price'?"
    assert error.value.exit_code == 2


@pytest.mark.parametrize("pattern", ["zip*", "[!a-z]?", ""])
def test_select__pattern_that_matches_nothing(pattern):
    with pytest.raises(UnknownNameError, match="unknown column"):
        select(dict.fromkeys(KNOWN), [], Selection([pattern]), KNOWN)


def test_select__unknown_name_like_no_other():
    with pytest.raises(UnknownNameError) as error:
        select({"a": 0}, [], Selection(["qqq"]), ["b", "a", "b"])
    assert error.value.hint == "known: a, b"


def test_select__name_that_only_the_other_side_has():
    assert select({"a": 0}, [], Selection(["a", "b"], ["c"]), ["a", "b", "c"]) == ["a"]


def test_select__nothing_left():
    with pytest.raises(UsageError, match=r"no column is left of 2: '\?' excludes them all"):
        select({"a": 0, "b": 0}, [], Selection(exclude=["?"]), ["a", "b", "a", "b"])


@pytest.mark.parametrize(
    ("values", "identifier"),
    [
        ([f"order {row}" for row in range(ROWS)], True),
        ([str(UUID(int=row)) for row in range(ROWS)], True),
        ([f"{row % 1900}" for row in range(ROWS)], True),
        ([f"{row % 1000}" for row in range(ROWS)], False),
        ([f"order {row}" for row in range(99)], False),
        ([f"order {row}" for row in range(99)] + [None] * ROWS, False),
        (pl.Series([f"order {row}" for row in range(ROWS)], dtype=pl.Categorical), True),
        (SHUFFLED, True),
        (SHUFFLED.astype(np.uint16) + 40_000, True),
        (SHUFFLED - ROWS, True),
        ([*range(ROWS - 1), 0], False),
        (SHUFFLED * 7, False),
        (range(99), False),
        (range(100), True),
        (np.random.default_rng(1).integers(-(2**63), 2**63 - 1, ROWS), True),
        (np.random.default_rng(1).integers(0, 2**64 - 1, ROWS, np.uint64), True),
        (SHUFFLED.astype(float), False),
        (np.random.default_rng(1).random(ROWS), False),
        ([row % 2 == 0 for row in range(ROWS)], False),
        (pl.Series(SHUFFLED).cast(pl.Datetime("us")), False),
        (pl.Series(SHUFFLED).cast(pl.Decimal(10, 2)), False),
    ],
)
def test_make_plan__identifiers(values, identifier):
    assert (kind(values) == "identifier") == identifier


@pytest.mark.parametrize("asked", ["numeric", "categorical", "temporal"])
def test_make_plan__a_kind_that_is_asked_for_is_no_identifier(asked):
    assert kind(SHUFFLED, kinds={"x": asked}) == asked
    assert kind(SHUFFLED, kinds={"*": asked}) == asked


@pytest.mark.parametrize("values", [[1.5, 2.5], ["a", "b"], [True, False], pl.Series([1]).cast(pl.Datetime("us"))])
def test_make_plan__asked_for_as_identifier(values):
    assert kind(values, kinds={"x": "identifier"}) == "identifier"


@pytest.mark.parametrize(
    ("values", "kinds", "states"),
    [
        ([f"order {row}" for row in range(ROWS)], None, ["frequencies", "distinct"]),
        (SHUFFLED, None, ["numeric", "distinct"]),
        (["a", "b"], {"x": "identifier"}, ["presence", "distinct"]),
        ([1, 2], {"x": "identifier"}, ["presence", "distinct"]),
        ([1.5, 2.5], {"x": "identifier"}, ["presence", "distinct"]),
        (["a", "b"], None, ["frequencies"]),
        (SHUFFLED, {"x": "numeric"}, ["numeric"]),
    ],
    ids=["text", "integers", "declared text", "declared integers", "declared numbers", "words", "declared numeric"],
)
def test_make_plan__an_identifier_keeps_how_many_values_differ(values, kinds, states):
    """And its distribution, in case it only looked like one, unless it is declared; the same where it is `like` another."""
    made = plan({"x": values}, kinds=kinds)
    profile = run(made, 1, Silent())
    again = make_plan(made.source, Selection(), like=profile)
    assert [key[0] for key in made.states] == [key[0] for key in again.states] == states
    assert [feature.kind for feature in again.features] == [feature.kind for feature in made.features]
    assert states[0] == profile.state("x").KIND
    assert (profile.distinct("x") is not None) == ("distinct" in states)


def test_make_plan__heavy_values_of_the_sample_are_named():
    long = "x" * 300
    values = ["a"] * 10 + ["b"] * 9 + [long] * 20 + [None] * 30
    state = plan({"x": values}).states["frequencies", ("x",)]
    assert len(state.names) == 2
    assert "a" in state.names
    assert [name[250:264] for name in state.names] == ["", "xxxxxx… (300 b"]
    assert plan({"x": [7] * 10 + [8]}, kinds={"x": "categorical"}).states["frequencies", ("x",)].names == ("7",)
    assert plan({"x": pl.Series(values, dtype=pl.Categorical)}).states["frequencies", ("x",)].names == state.names


def test_make_plan__names_of_like_are_used_again():
    first = run(plan({"x": ["a"] * 10}), 1, Silent())
    again = make_plan(open_source(pl.DataFrame({"x": ["b"] * 10})), Selection(), like=first)
    assert again.states["frequencies", ("x",)].names == ("a",)


def test_make_plan__identifiers_of_a_query():
    source = open_source(pl.DataFrame({"x": SHUFFLED}).lazy().filter(pl.col("x") >= 0))
    assert make_plan(source, Selection()).features[0].kind == "identifier"


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        (["a"], "numeric"),
        (["a"], "boolean"),
        ([1], "boolean"),
        ([True], "numeric"),
        ([[1]], "categorical"),
        ([b"a"], "identifier"),
    ],
)
def test_make_plan__kind_that_cannot_be(values, asked):
    with pytest.raises(ConfigError, match=rf"column 'x' is .+ and cannot be read as {asked}"):
        kind(values, kinds={"x": asked})


def test_make_plan__kind_that_does_not_exist():
    with pytest.raises(UnknownNameError, match="unknown kind 'categoric'") as error:
        kind([1], kinds={"x": "categoric"})
    assert error.value.hint == "did you mean 'categorical'?"


def test_make_plan__a_literal_kind_wins_over_patterns_and_the_last_pattern_over_the_first():
    kinds = {"*": "categorical", "x": "temporal", "y*": "identifier"}
    features = plan({"x": [1], "y1": [1], "z": [1]}, kinds=kinds).features
    assert [feature.kind for feature in features] == ["temporal", "identifier", "categorical"]


def test_make_plan__kind_of_a_column_of_nulls_is_no_error():
    assert kind([None, None], kinds={"*": "categorical"}) == "unsupported"


@pytest.mark.parametrize(
    ("where", "nearest"), [("prise > 1", "price"), ("PRICE > 1", "price"), ("pice > 1 AND day = '1'", "price")]
)
def test_make_plan__filter_on_an_unknown_column(tmp_path, where, nearest):
    write(tmp_path / "day=1" / "a.parquet", {"price": [1.0]})
    with pytest.raises(UnknownNameError, match="unknown column in the filter") as error:
        plan(tmp_path, where=where)
    assert error.value.hint == f"did you mean {nearest!r}?"


def test_make_plan__partition_keys_only_by_name(tmp_path):
    write(tmp_path / "day=1" / "a.parquet", {"x": [1]})

    def names(**selection: object) -> list[str]:
        return [feature.name for feature in plan(tmp_path, **selection).features]

    assert names() == names(features=["*"]) == ["x"]
    assert names(features=["day"]) == ["day"]
    assert names(features=["day", "*"]) == ["x", "day"]


@pytest.mark.parametrize(
    ("types", "joined"),
    [
        (["int32", "int64"], "int64"),
        (["int8", "int16"], "int16"),
        (["uint8", "int8"], "int16"),
        (["uint32", "int64"], "int64"),
        (["uint64", "int64"], "double"),
        (["uint64", "uint8"], "uint64"),
        (["int64", "float32"], "double"),
        (["float16", "float32"], "double"),
        (["float32", "float64"], "double"),
        (["int64", "null"], "int64"),
        (["null", "float32"], "float"),
        (["null", "null"], "null"),
        (["string", "large_string"], "string"),
        (["string", "null"], "string"),
        (["int64", "string"], "mixed (int64, string)"),
        (["bool", "int8"], "mixed (bool, int8)"),
        (["date32", "int32"], "mixed (date32[day], int32)"),
        (["int32", "string", "float64", "null"], "mixed (double, int32, string)"),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_columns_of__several_files(tmp_path, types, joined, order):
    for place, dtype in enumerate(types[::order]):
        write(tmp_path / f"{place}.parquet", {"x": pa.nulls(3, pa.type_for_alias(dtype))})
    assert columns_of(open_source(tmp_path)) == {"x": joined}


@pytest.mark.parametrize(("one", "other"), [(pa.timestamp("us"), pa.timestamp("ms")), (pa.timestamp("us"), pa.date32())])
def test_columns_of__times_of_two_units(tmp_path, one, other):
    for place, dtype in enumerate((one, other)):
        write(tmp_path / f"{place}.parquet", {"x": pa.nulls(3, dtype)})
    assert columns_of(open_source(tmp_path))["x"] == f"mixed ({', '.join(sorted((str(one), str(other))))})"


def test_columns_of__dictionary_and_plain_strings(tmp_path):
    write(tmp_path / "a.parquet", {"x": pa.array(["u"]).dictionary_encode()})
    write(tmp_path / "b.parquet", {"x": pa.array(["u"])})
    assert columns_of(open_source(tmp_path)) == {"x": "string"}


@pytest.mark.parametrize(("inside", "joined"), [(["u"], "string"), ([1], "mixed (int64, string)")])
def test_columns_of__partition_key_that_some_files_have_as_a_column(tmp_path, inside, joined):
    write(tmp_path / "k=1" / "a.parquet", {"x": [1], "k": inside})
    write(tmp_path / "k=2" / "a.parquet", {"x": [1]})
    assert columns_of(open_source(tmp_path)) == {"x": "int64", "k": joined}
    assert [feature.name for feature in plan(tmp_path).features] == ["x", "k"]


def test_columns_of__partition_key_that_every_file_has_as_a_column(tmp_path):
    write(tmp_path / "k=1" / "a.parquet", {"k": [1]})
    assert columns_of(open_source(tmp_path)) == {"k": "int64"}


@pytest.mark.parametrize(
    ("values", "natural"), [([1, 2, None], "numeric"), (["a", None], "categorical"), ([b"a"], "unsupported")]
)
def test_make_plan__a_dictionary_is_what_its_values_are(values, natural):
    source = open_source(pa.table({"x": pa.array(values).dictionary_encode()}))
    profile = run(make_plan(source, Selection()), 1, Silent())
    assert profile.feature("x").kind == natural
    assert profile.state("x").null.tolist() == [values.count(None)]


def test_columns_of__partition_keys_come_last_as_text(tmp_path):
    write(tmp_path / "k=7" / "j=x" / "a.parquet", {"z": [1], "a": [1]})
    assert list(columns_of(open_source(tmp_path)).items())[:2] == [("z", "int64"), ("a", "int64")]
    assert columns_of(open_source(tmp_path))["k"] == "string"


@pytest.mark.parametrize("big", [2**53, 2**63 - ROWS])
def test_make_plan__grid_of_integers_that_some_files_store_unsigned(tmp_path, big):
    """What the sample did not see has a place all the same: an int64 axis would take 2**63 for a negative number."""
    pq.write_table(pa.table({"x": SHUFFLED + big}), tmp_path / "a.parquet", row_group_size=ROWS // 20)
    pq.write_table(pa.table({"x": SHUFFLED.astype(np.uint64) + np.uint64(2**63)}), tmp_path / "b.parquet")
    source = open_source(tmp_path)
    assert {sample.scan.fragments[0].uri[-9] for sample in source.samples(["x"], 1)} == {"a"}
    profile = run(make_plan(source, Selection(kinds={"x": "numeric"})), 1, Silent())
    state = profile.state("x")
    least, greatest = state.extremes[0].tolist()
    assert state.valid.tolist() == [2 * ROWS]
    assert state.binning.axis == "double"
    assert least > 1 << 63
    assert greatest > least


def test_make_plan__sample_of_dictionaries_that_differ(tmp_path):
    for name in "abc":
        write(tmp_path / f"{name}.parquet", {"x": pa.array([f"{name}{row % 3}" for row in range(300)]).dictionary_encode()})
    state = run(plan(tmp_path), 1, Silent()).state("x")
    assert dict(zip(state.values, state.counts[0].tolist(), strict=True)) == {
        f"{name}{row}": 100 for name in "abc" for row in range(3)
    }


@pytest.mark.parametrize("groups", [1, 4])
def test_make_plan__grid_of_a_column_that_is_sorted(tmp_path, groups):
    """A sample of where each row group begins would know nothing of the rest."""
    values = np.sort(np.random.default_rng(1).lognormal(sigma=3, size=200_000))
    pq.write_table(pa.table({"x": values}), tmp_path / "a.parquet", row_group_size=200_000 // groups)
    (fitted,) = make_plan(open_source(tmp_path), Selection()).states.values()
    cells = np.unique(fitted.binning.cell_of(keys_of(values, "double")), return_counts=True)[1]
    assert cells.max() <= len(values) // 2_000


def test_sampled__the_same_rows_whatever_the_memory(tmp_path):
    options = {"row_group_size": 250_000, "use_dictionary": False, "data_page_size": 1 << 12}
    pq.write_table(pa.table({"x": range(250_000)}), tmp_path / "a.parquet", **options)
    samples = open_source(tmp_path).samples(["x"], 50_000)
    found = [pa.Table.from_batches(sampled(Reader(memory=memory), samples, None)) for memory in (1 << 18, 1 << 30)]
    rows = found[0]["x"].to_numpy()
    assert found[0]["x"].combine_chunks() == found[1]["x"].combine_chunks()
    assert len(np.unique(rows)) == len(rows) == 50_000
    assert np.diff(rows).max() <= 20


@pytest.mark.parametrize("dtype", [pa.int64(), pa.uint64(), pa.timestamp("us"), pa.duration("us")], ids=str)
def test_make_plan__a_large_integer_that_the_sample_missed(tmp_path, dtype):
    values = np.arange(300_000) % 1_000
    large = [2**53 + 1, 2**60 + 1] if dtype == pa.uint64() else [-(2**60) - 1, 2**53 + 1]
    values[[70_001, 170_003]] = large
    pq.write_table(pa.table({"x": pa.array(values, dtype)}), tmp_path / "a.parquet")
    profile = run(make_plan(open_source(tmp_path), Selection()), 1, Silent())
    state = profile.state("x")
    assert state.binning.axis == ("uint64" if dtype == pa.uint64() else "int64")


def test_plan_sweep__sides_that_are_profiles():
    table = pa.table({"x": range(100)})
    profile = ld.profile(table)
    for sides in ((profile, table), (table, profile), (profile, profile)):
        planned = plan_sweep(*sides)
        assert [side.rows for side in planned.sides] == [100, 100]
        assert [feature.name for feature in planned.features] == ["x"]


def test_plan_sweep__the_current_side_is_planned_too():
    with pytest.raises(UnknownNameError, match="column in the filter"):
        plan_sweep(pa.table({"x": [1], "y": [1]}), pa.table({"x": [1]}), where="y > 0")
