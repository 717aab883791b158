"""Reading with every engine: every row delivered or kept back, names taken as they are, and what is wrong said by file."""

from __future__ import annotations

import decimal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lakedrift as ld
from lakedrift.columns import natural_kind, texts, whole
from lakedrift.errors import ResourceError, SourceError, UnknownNameError, UnreadableFileError, UsageError
from lakedrift.filtering import Filter
from lakedrift.reading import Reader
from lakedrift.sampling import sampled
from lakedrift.scanners import ENGINES
from lakedrift.source import Fragment, Scan, Source
from lakedrift.sources import open_source

ROWS = 1000
TABLE = pa.table(
    {
        "x": range(ROWS),
        "half": [row / 2 for row in range(ROWS)],
        "city": [None if row % 10 == 0 else f"city {row % 3}" for row in range(ROWS)],
        "paid": [row % 2 == 0 for row in range(ROWS)],
    }
)
NAMES = (
    *("", " ", "*", "^x.*$", "^.*$", "[x]", "x.y", 'quo"te', "it's", "new\nline", "nul\0nul", "\0", "x\0keep", "ünï"),
    *("<script>alert(1)</script>", "\u202egnp.exe", "x" * 10_000, "=1+1", "keep", "row", "0", "1", "len", "index", "{x}"),
)


def write(path: Path, data: pa.Table) -> Path:
    pq.write_table(data, path, row_group_size=300)
    return path


@pytest.fixture(params=ENGINES)
def reader(request) -> Reader:
    return Reader(request.param)


def read(reader: Reader, source: Source, names: list[str], where: str | None = None) -> tuple[pa.Table, int]:
    """Return the rows of all scans, and how many were kept back."""
    tables, filtered = [], 0
    keep = Filter(where) if where else None
    for scan in source.scans(names, keep.needed if keep else ()):
        for batch, kept_back in reader.batches(scan, keep):
            filtered += kept_back
            tables += [decoded(batch)] if batch.num_rows else []
    return pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({}), filtered


def decoded(batch: pa.Table) -> pa.Table:
    """Return the batch with all text as plain strings, as which scanners may encode it differently."""
    columns = [texts(whole(column)) if natural_kind(column.type) == "categorical" else column for column in batch.columns]
    return pa.table(columns, names=batch.column_names)


@pytest.fixture(params=["file", "frame"])
def source(request, tmp_path) -> Source:
    return open_source(write(tmp_path / "a.parquet", TABLE) if request.param == "file" else TABLE)


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("x < 100", 100),
        ("paid", 500),
        ("NOT paid", 500),
        ("city = 'city 0'", 300),
        ("city <> 'city 0'", 600),
        ("city IS NULL", 100),
        ("city LIKE 'city%' AND half >= 250", 450),
        ("x IN (1, 2, 3, 5000)", 3),
        ("x % 2 = 1", 500),
        ("CASE WHEN paid THEN x ELSE -1 END > 989", 5),
        ("x > NULL", 0),
        ("NULL", 0),
        ("TRUE", 1000),
        ("1 = 2", 0),
        ("x BETWEEN 10 AND 19 OR x = 0", 11),
    ],
)
def test_batches__filter(reader, source, where, kept):
    table, filtered = read(reader, source, ["x"], where)
    assert (table.num_rows, filtered) == (kept, ROWS - kept)


def test_batches__filter_on_a_column_that_is_not_read(reader, source):
    table, filtered = read(reader, source, ["half"], "x >= 990")
    assert sorted(table["half"].to_pylist()) == [row / 2 for row in range(990, 1000)]
    assert filtered == 990


@pytest.mark.parametrize(
    ("where", "why"),
    [
        *(
            ("x >", "unable to parse"),
            ("", "unable to parse"),
            ("SELECT 1", "SELECT"),
            ("x > 1; DROP TABLE x", "unexpected token"),
        ),
        *(("FOO(x) > 1", "unsupported function"), ("x IN (SELECT 1)", ""), ("* > 1", "unexpected token")),
    ],
)
def test_needed__no_sql(where, why):
    with pytest.raises(UsageError, match="cannot understand the filter") as error:
        Filter(where)
    assert why in error.value.message
    assert "\n" not in error.value.message
    assert error.value.hint


@pytest.mark.parametrize(
    "where",
    [
        "x > AVG(x)",
        "COUNT(*) > 3",
        "SUM(x) OVER (PARTITION BY city) > 3",
        "ROW_NUMBER() OVER () < 9",
        "unnest(x) > 1",
        '"*" > 1',
    ],
)
def test_needed__not_row_by_row(where):
    with pytest.raises(UsageError, match="does not judge each row by itself"):
        Filter(where)


@pytest.mark.parametrize("where", ["x", "x + 1", "city", "'yes'", "CASE WHEN paid THEN 1 ELSE 0 END"])
def test_batches__filter_that_is_no_condition(reader, source, where):
    with pytest.raises(UsageError, match="not true or false") as error:
        read(reader, source, ["x"], where)
    assert repr(where) in error.value.message


@pytest.mark.parametrize("where", ["city > 3", "x LIKE 'a%'", "CAST(city AS INT) > 1", "x[1] > 3", "x.y > 3"])
def test_batches__filter_that_cannot_be_run(reader, source, where):
    with pytest.raises(UsageError, match="cannot run the filter") as error:
        read(reader, source, ["half"], where)
    assert repr(where) in error.value.message
    assert "\n" not in error.value.message
    with pytest.raises(UsageError, match="cannot run the filter"):
        sampled(reader, source.samples(["half"], ROWS, Filter(where).needed), Filter(where))


def test_batches__filter_on_what_some_files_lack(reader, tmp_path):
    write(tmp_path / "a.parquet", TABLE)
    write(tmp_path / "b.parquet", TABLE.drop_columns(["city"]))
    write(tmp_path / "c.parquet", TABLE.set_column(2, "city", pa.nulls(ROWS)))
    for where, kept in (("city LIKE 'city%'", 900), ("city IS NULL", 2100), ("LENGTH(city) = 6", 900)):
        table, filtered = read(reader, open_source(tmp_path), ["x"], where)
        assert (table.num_rows, filtered) == (kept, 3000 - kept)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:12]))
@pytest.mark.parametrize("kind", ["file", "Arrow", "Polars"])
def test_batches__a_name_is_taken_as_it_is(reader, tmp_path, name, kind):
    table = pa.table([[1, 2], [3, 4], [5, 6]], names=[name, "column_0", "a longer name"])
    what = {"file": tmp_path / "a.parquet", "Arrow": table, "Polars": pl.DataFrame({name: [1, 2], "column_0": [3, 4]})}
    write(what["file"], table)
    found, _ = read(reader, open_source(what[kind]), [name])
    assert found.column_names == [name]
    assert sorted(found[0].to_pylist()) == [1, 2]


def test_batches__all_odd_names_at_once_and_filtered(reader, tmp_path):
    table = pa.table([[place, -place] for place in range(len(NAMES))], names=list(NAMES))
    found, filtered = read(
        reader, open_source(write(tmp_path / "a.parquet", table)), list(NAMES), '"x.y" >= 0 AND "it\'s" >= 0'
    )
    assert filtered == 1
    assert found.column_names == list(NAMES)
    assert [values for (values,) in (column.to_pylist() for column in found.columns)] == list(range(len(NAMES)))


def test_batches__rows_are_counted_where_no_column_is_wanted(reader, source):
    (scan,) = source.scans(["nothing"])
    assert scan.columns == ()
    assert sum(batch.num_rows for batch, _ in reader.batches(scan, None)) == ROWS
    samples = source.samples(["nothing"], 10)
    assert sum(batch.num_rows for batch in sampled(reader, samples, None)) == sum(sample.rows for sample in samples) >= 10


def test_batches__partition_values_come_with_the_rows(reader, tmp_path):
    for value in ("a%20b", "__HIVE_DEFAULT_PARTITION__", "7", "007"):
        (tmp_path / f"k={value}").mkdir()
        write(tmp_path / f"k={value}" / "a.parquet", TABLE.slice(0, 10))
    table, _ = read(reader, open_source(tmp_path), ["x", "k"])
    assert Counter(table["k"].to_pylist()) == {"a b": 10, None: 10, "7": 10, "007": 10}
    table, filtered = read(reader, open_source(tmp_path), ["x"], "k = '007'")
    assert (table.num_rows, filtered) == (10, 30)


def swap(path: Path, what: str) -> None:
    """Do something to a file that was opened already."""
    changes = {
        "other type": TABLE.set_column(0, "x", pa.array([str(row) for row in range(ROWS)])),
        "wider type": TABLE.set_column(0, "x", TABLE["x"].cast(pa.float64())),
        "fewer rows": TABLE.slice(0, 10),
        "more rows": pa.concat_tables([TABLE, TABLE]),
        "no column": TABLE.drop_columns(["x"]),
    }
    if what in changes:
        write(path, changes[what])
    elif what == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif what == "emptied":
        path.write_bytes(b"")
    else:
        path.unlink()


@pytest.mark.parametrize("spoilt", ["a", "b", "c"])
@pytest.mark.parametrize(
    "what", ["other type", "wider type", "fewer rows", "more rows", "no column", "truncated", "emptied", "deleted"]
)
def test_batches__file_that_changes_after_it_was_opened(reader, tmp_path, what, spoilt):
    for name in "abc":
        write(tmp_path / f"{name}.parquet", TABLE)
    (scan,) = open_source(tmp_path).scans(["x"])
    swap(tmp_path / f"{spoilt}.parquet", what)
    with pytest.raises(UnreadableFileError) as error:
        list(reader.batches(scan, None))
    assert str(tmp_path / f"{spoilt}.parquet") in error.value.message
    assert "\n" not in error.value.message
    assert error.value.hint == "the file is damaged, or changed while it was read"


@pytest.mark.parametrize("what", ["other type", "no column", "truncated", "deleted"])
def test_sampled__file_that_changes_after_it_was_opened(reader, tmp_path, what):
    file = write(tmp_path / "a.parquet", TABLE)
    samples = open_source(file).samples(["x"], 10)
    swap(file, what)
    with pytest.raises(UnreadableFileError, match=r"a\.parquet"):
        sampled(reader, samples, None)


def test_batches__extra_column_written_after_it_was_opened(reader, tmp_path):
    """The rows and the columns asked for are what was declared, so there is nothing to complain about."""
    file = write(tmp_path / "a.parquet", TABLE)
    (scan,) = open_source(file).scans(["x"])
    write(file, TABLE.append_column("more", TABLE["x"]))
    assert sum(batch.num_rows for batch, _ in reader.batches(scan, None)) == ROWS


def test_batches__query_that_gives_other_rows_each_time(reader):
    rows = iter(range(10, 100))
    query = pl.LazyFrame({"x": [1]}).map_batches(lambda _: pl.DataFrame({"x": range(next(rows))}), schema={"x": pl.Int64})
    (scan,) = open_source(query).scans(["x"])
    with pytest.raises(SourceError, match=r"cannot read the LazyFrame: \d+ rows were declared, \d+ read"):
        list(reader.batches(scan, None))


def test_batches__query_that_fails_while_it_is_read(reader):
    def fail(frame: pl.DataFrame) -> pl.DataFrame:
        raise ConnectionError("gone")

    query = pl.LazyFrame({"x": [1]}).map_batches(fail, schema={"x": pl.Int64})
    scan = Scan((Fragment("LazyFrame", 1, 0, pa.schema({"x": pa.int64()})),), ("x",), frame=query)
    for where in (None, "x > 0"):
        with pytest.raises(SourceError, match=r"cannot read the LazyFrame: .*gone"):
            list(reader.batches(scan, where and Filter(where)))


D = decimal.Decimal
TYPES = {
    **{f"{dtype}": pa.array([100, None, 3, 0], dtype) for dtype in (pa.int8(), pa.int16(), pa.int32(), pa.int64())},
    **{f"{dtype}": pa.array([200, None, 3, 0], dtype) for dtype in (pa.uint8(), pa.uint16(), pa.uint32())},
    "uint64": pa.array([2**64 - 1, None, 2**63, 0], pa.uint64()),
    "int64 beyond doubles": pa.array([2**53 + 1, None, -(2**63), 2**63 - 1]),
    "float16": pa.array(np.array([1.5, -0.0, np.nan, np.inf], np.float16)),
    "float32": pa.array([1.1, None, np.nan, -np.inf], pa.float32()),
    "float64": pa.array([5e-324, None, np.nan, 1.7e308]),
    "bool": pa.array([True, None, False, False]),
    **{
        f"decimal {digits}": pa.array([D(1).scaleb(-scale), None, D(-1), D(0)], pa.decimal128(digits, scale))
        for digits, scale in ((4, 2), (9, 3), (18, 0), (38, 10))
    },
    "decimal of 60 digits": pa.array([D(1), None, D(-1), D(0)], pa.decimal256(60, 2)),
    "date": pa.array([2**31 - 1, None, -(2**31), 0], pa.date32()),
    "date64": pa.array([86_400_000, None, -86_400_000, 0], pa.date64()),
    **{f"timestamp {unit}": pa.array([2**40, None, -7, 0], pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")},
    **{
        f"timestamp {unit} {zone}": pa.array([2**40, None, -7, 0], pa.timestamp(unit, zone))
        for unit, zone in (("ms", "UTC"), ("us", "Europe/Berlin"), ("us", "+02:00"), ("ns", "Asia/Kolkata"))
    },
    "timestamp beyond microseconds": pa.array([2**62, None, -(2**62), 0], pa.timestamp("ms")),
    "time s": pa.array([86_399, None, 7, 0], pa.time32("s")),
    **{f"time {dtype}": pa.array([86_399_999, None, -1, 2**31 - 1], dtype) for dtype in (pa.time32("ms"), pa.time64("us"))},
    "time outside a day": pa.array([86_400 * 10**9, None, -(2**63), 2**63 - 1], pa.time64("ns")),
    "duration": pa.array([2**40, None, -7, 0], pa.duration("ms")),
    "text": pa.array(["", None, "twelve bytes", "more than twelve bytes \0 \U0010ffff"]),
    "large text": pa.array(["", None, "x" * 70_000, "y"], pa.large_string()),
    "views": pa.array(["", None, "x" * 70, "y"], pa.string_view()),
    "codes": pa.array(["a", None, "b", "a"]).dictionary_encode(),
    "codes of integers": pa.array([5, None, 7, 5]).dictionary_encode(),
    "null": pa.nulls(4),
}


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("with_schema", [True, False], ids=["Arrow schema", "plain"])
def test_profile__of_any_type_is_the_same_bytes_for_every_engine(tmp_path, name, with_schema):
    table = pa.table({"x": pa.concat_arrays([TYPES[name]] * 30), "y": range(120)})
    pq.write_table(table, tmp_path / "a.parquet", store_schema=with_schema, row_group_size=50)
    kinds = {"x": "categorical"} if name.startswith(("date", "timestamp", "decimal 4")) and "beyond" not in name else {}
    for chosen in ({}, kinds):
        profiles = [ld.profile(tmp_path, engine=engine, kinds=chosen) for engine in ENGINES]
        states = [{key: state.to_arrow() for key, state in profile.states.items()} for profile in profiles]
        assert all(profile.features == profiles[0].features for profile in profiles)
        assert all(found[key].equals(states[0][key], check_metadata=True) for found in states for key in states[0])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("zone", ["+05:30", "-00:45", "Nowhere/At_All"])
def test_profile__time_zone_that_polars_does_not_know(tmp_path, engine, zone):
    when = pa.array(range(1_000), pa.timestamp("us", zone))
    pq.write_table(pa.table({"when": when, "x": range(1_000)}), tmp_path / "a.parquet")
    assert ld.profile(tmp_path, engine=engine).state("when").valid.tolist() == [1_000]
    assert ld.profile(tmp_path, engine=engine, exclude=["when"]).rows == 1_000
    assert ld.profile(tmp_path, engine=engine, where="x < 100").rows == 100


def test_profile__of_nanoseconds_in_96_bits_is_the_same_for_every_engine(tmp_path):
    table = pa.table({"x": pa.array([10**18 + 1, None, 7], pa.timestamp("ns"))})
    pq.write_table(table, tmp_path / "a.parquet", use_deprecated_int96_timestamps=True)
    extremes = [ld.profile(tmp_path, engine=engine).state("x").extremes.tolist() for engine in ENGINES]
    assert extremes == [[[2**63 + 7, 2**63 + 10**18 + 1]]] * len(ENGINES)


@pytest.mark.parametrize(
    "names", [["a", "A"], ["A", "a"], ["ß", "SS"], ["x", "x.y", "X"], ["C0", ""], ["filename", "file_row_number"]]
)
def test_batches__names_that_are_one_to_some_engine(reader, tmp_path, names):
    table = pa.table([pa.array([place]) for place in range(len(names))], names=names)
    source = open_source(write(tmp_path / "a.parquet", table))
    for place, name in enumerate(names):
        found, _ = read(reader, source, [name])
        assert found.to_pydict() == {name: [place]}


@pytest.mark.parametrize("name", ["a[1].parquet", "a*.parquet", "a?.parquet", "it's.parquet", '"; DROP.parquet', "ü\n.parquet"])
def test_batches__file_names_that_are_patterns_to_some_engine(reader, tmp_path, name):
    write(tmp_path / "a1.parquet", TABLE)
    write(tmp_path / name, TABLE.slice(0, 5))
    found, _ = read(reader, open_source(tmp_path / name), ["x"])
    assert sorted(found["x"].to_pylist()) == list(range(5))


def test_batches__small_row_groups_come_together(reader, tmp_path):
    pq.write_table(TABLE, tmp_path / "a.parquet", row_group_size=10)
    (scan,) = open_source(tmp_path).scans(["x", "city"])
    assert [batch.num_rows for batch, _ in reader.batches(scan, None)] == [ROWS]


def test_reader__unknown_engine():
    with pytest.raises(UnknownNameError, match="unknown engine 'duckdbb'") as error:
        Reader("duckdbb")
    assert error.value.hint == "did you mean 'duckdb'?"


def test_reader__engine_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.delitem(sys.modules, "lakedrift.scanners.duckdb", raising=False)
    with pytest.raises(UsageError, match="the engine 'duckdb' cannot be used: ") as error:
        Reader("duckdb")
    assert error.value.hint == "pip install 'lakedrift[duckdb]'"


@pytest.mark.parametrize("dictionary", [True, False])
def test_batches__text_that_is_no_utf8(reader, tmp_path, dictionary):
    text = pa.array(["zürich" * 5, "a"] * 50)
    pq.write_table(pa.table({"x": text}), tmp_path / "a.parquet", use_dictionary=dictionary, compression="none")
    raw = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(raw.replace("ü".encode(), b"\xff\xff"))
    (scan,) = open_source(tmp_path).scans(["x"])
    with pytest.raises(UnreadableFileError, match=r"a\.parquet"):
        list(reader.batches(scan, None))


@pytest.mark.parametrize("error", [MemoryError(), ResourceError("too little")], ids=["memory", "budget"])
def test_batches__what_is_not_the_files_fault_is_not_said_to_be(tmp_path, error):
    """The first failure has a cause that is looked for by reading again; that may fail for another reason."""

    class Failing:
        def batches(self, scan: Scan) -> Iterator[pa.RecordBatch]:
            yield from scan.frame or ()
            raise failures.pop()

    failures: list[Exception] = [error, OSError("first")]
    (scan,) = open_source(write(tmp_path / "a.parquet", TABLE)).scans(["x"])
    with pytest.raises(type(error)):
        list(Reader._read(Failing(), scan))
