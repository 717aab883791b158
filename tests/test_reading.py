"""Reading with every engine: every row delivered or kept back, names taken as they are, and what is wrong said by file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakedrift.columns import natural_kind, texts
from lakedrift.errors import SourceError, UnreadableFileError, UsageError
from lakedrift.filtering import Filter
from lakedrift.reading import Reader
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
            tables += [pa.Table.from_batches([decoded(batch)])] if batch.num_rows else []
    return pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({}), filtered


def decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with all text as plain strings, as which scanners may encode it differently."""
    columns = [texts(column) if natural_kind(column.type) == "categorical" else column for column in batch.columns]
    return pa.record_batch(columns, names=batch.schema.names)


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
        reader.slices(source.samples(["half"], ROWS, Filter(where).needed), Filter(where))


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
    assert sum(table.num_rows for table in reader.slices([(scan, 0, 10)], None)) == 10


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
def test_slices__file_that_changes_after_it_was_opened(reader, tmp_path, what):
    file = write(tmp_path / "a.parquet", TABLE)
    samples = open_source(file).samples(["x"], 10)
    swap(file, what)
    with pytest.raises(UnreadableFileError, match=r"a\.parquet"):
        reader.slices(samples, None)


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
