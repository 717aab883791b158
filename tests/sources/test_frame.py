"""Frames in memory: whatever hands out Arrow data is read, everything else is refused by name."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lakedrift.errors import SourceError
from lakedrift.reading import Reader
from lakedrift.sampling import sampled
from lakedrift.sources import open_source

DATA = {"x": [1, 2, None], "s": ["a", None, "c"]}


def rows_of(source, names=("x", "s")) -> list[tuple[object, ...]]:
    (scan,) = source.scans(list(names))
    batches = [batch for batch, _ in Reader().batches(scan, None)]
    return sorted((tuple(row.values()) for batch in batches for row in batch.to_pylist()), key=str)


@pytest.mark.parametrize(
    "make",
    [
        pl.DataFrame,
        pl.LazyFrame,
        pa.table,
        pa.record_batch,
        lambda data: pa.table(data).to_reader(),
        lambda data: pa.table(data).to_pandas(types_mapper=pd.ArrowDtype),
        lambda data: pl.DataFrame(data).lazy().filter(pl.len() > 0),
    ],
    ids=["DataFrame", "LazyFrame", "Table", "RecordBatch", "RecordBatchReader", "pandas", "query"],
)
def test_open__the_same_rows_from_every_kind(make):
    source = open_source(make(DATA))
    assert source.fragments[0].rows == 3
    assert rows_of(source) == sorted([(1, "a"), (2, None), (None, "c")], key=str)


def test_open__a_stream_cannot_be_read_twice():
    reader = pa.table(DATA).to_reader()
    open_source(reader)
    with pytest.raises(SourceError, match="can be read only once"):
        open_source(reader)


def test_open__a_stream_that_breaks():
    def batches():
        yield pa.record_batch({"x": [1]})
        raise OSError("connection reset by peer")

    with pytest.raises(SourceError, match=r"cannot read the RecordBatchReader: .*connection reset by peer"):
        open_source(pa.RecordBatchReader.from_batches(pa.schema({"x": pa.int64()}), batches()))


def test_open__a_query_that_breaks():
    with pytest.raises(SourceError, match='cannot read the LazyFrame: unable to find column "nope"') as error:
        open_source(pl.LazyFrame(DATA).select("nope"))
    assert "\n" not in error.value.message


def test_open__pandas_index_is_no_column_and_nan_is_null():
    frame = pd.DataFrame({"x": [1.0, np.nan], "s": pd.Categorical(["a", "b"])}, index=[7, 9])
    source = open_source(frame)
    assert source.fragments[0].schema.names == ["x", "s"]
    assert rows_of(source) == [(1.0, "a"), (None, "b")]


@pytest.mark.parametrize(
    ("what", "name"),
    [
        *((None, "builtins.NoneType"), (7, "builtins.int"), (b"lake", "builtins.bytes"), ({"x": [1]}, "builtins.dict")),
        *(([], "builtins.list"), ([["a", "b"]], "builtins.list"), (["a", 7], "builtins.list"), ({"a"}, "builtins.set")),
        *((np.zeros(3), "numpy.ndarray"), (object, "builtins.type"), (iter("ab"), "builtins.str_ascii_iterator")),
        ([pl.DataFrame(DATA), pl.DataFrame(DATA)], "builtins.list"),
    ],
)
def test_open__something_else(what, name):
    with pytest.raises(SourceError, match=rf"^cannot read a {name}\n") as error:
        open_source(what)
    assert error.value.exit_code == 3
    assert "Polars or pandas frame" in (error.value.hint or "")


@pytest.mark.parametrize(
    "what",
    [
        pa.table([[1], [2]], names=["x", "x"]),
        pd.DataFrame([[1, 2]], columns=["x", "x"]),
        pd.DataFrame({"x": [1, "a"]}),
        pa.chunked_array([[1, 2]]),
        pd.Series([1, 2]),
    ],
    ids=["duplicate", "pandas duplicate", "pandas mixed", "array", "series"],
)
def test_open__frames_that_are_none(what):
    with pytest.raises(SourceError, match=rf"cannot read the {type(what).__name__}: \S") as error:
        open_source(what)
    assert "\n" not in error.value.message


def test_open__spark():
    class FrameOfSpark:
        __module__ = "pyspark.sql.classic.dataframe"

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise AssertionError("nothing may be collected")

    with pytest.raises(SourceError, match="collected whole on the driver"):
        open_source(FrameOfSpark())


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([2**100], dtype=pl.Int128),
        pl.Series([object()], dtype=pl.Object),
        pl.Series([{"a": 1}]),
        pl.Series([[1, 2]]),
        pl.Series([b"\xff"]),
    ],
    ids=lambda series: str(series.dtype),
)
def test_open__polars_columns_that_cannot_be_looked_at(series):
    source = open_source(pl.DataFrame({"odd": series, "x": [1]}))
    assert source.fragments[0].schema.names == ["odd", "x"]
    assert rows_of(source, ["odd", "x"]) == [(1,)]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([decimal.Decimal(1)], pa.decimal256(70, 2)),
        pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
        pa.array([[1]], pa.list_view(pa.int64())),
        pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array([7])),
        pa.array([b"\xff"]),
    ],
    ids=lambda array: str(array.type),
)
def test_open__arrow_columns_that_cannot_be_looked_at(array):
    source = open_source(pa.table({"odd": array, "x": [1]}))
    assert source.fragments[0].schema.field("odd").type == array.type
    assert rows_of(source, ["odd", "x"]) == [(1,)]


@pytest.mark.parametrize("array", [pa.array([datetime.time(1)], pa.time32("s")), pa.array([1, 1]).dictionary_encode()])
def test_open__types_are_arrow_s_own(array):
    source = open_source(pa.table({"x": array}))
    assert source.fragments[0].schema.field("x").type == array.type
    assert len(rows_of(source, ["x"])) == len(array)


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table], ids=["Polars", "Arrow"])
def test_open__no_columns(make):
    source = open_source(make({}))
    assert source.fragments[0].rows == 0
    assert rows_of(source) == []


@pytest.mark.parametrize("rows", [1, 99, 100, 101, 1000])
def test_samples__every_kth_row(rows):
    samples = open_source(pl.DataFrame({"x": range(rows)})).samples(["x"], 100)
    found = sampled(Reader(), samples, None)
    every = max(1, rows // 100)
    assert sorted(pa.Table.from_batches(found)["x"].to_pylist()) == list(range(0, rows, every))
