"""DuckDB is locked down: it opens the files of the scan, and nothing else."""

from __future__ import annotations

import contextlib

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakedrift.scanners.duckdb import DuckDB, literal, quoted
from lakedrift.sources import open_source


@pytest.fixture
def connection(tmp_path):
    for name in "ab":
        pq.write_table(pa.table({"x": [1]}), tmp_path / f"{name}.parquet")
    with contextlib.closing(DuckDB(2, 1 << 28)._connected([str(tmp_path / "a.parquet")])) as opened:
        yield opened


def test_connection__reads_the_files_of_the_scan(connection, tmp_path):
    assert connection.sql("SELECT x FROM read_parquet(?)", params=[str(tmp_path / "a.parquet")]).fetchall() == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_parquet('{folder}/b.parquet')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/c.parquet'",
        "ATTACH '{folder}/c.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_parquet('https://example.com/a.parquet')",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET autoinstall_known_extensions = true",
    ],
)
def test_connection__does_nothing_else(connection, tmp_path, statement):
    with pytest.raises(duckdb.Error):
        connection.execute(statement.format(folder=tmp_path)).fetchall()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]


@pytest.mark.parametrize("name", ['quo"te', "it's", 'a"; DROP TABLE x; --', "new\nline", "*", "x.y", "SELECT", "ünï"])
def test_quoted__any_name(name):
    assert duckdb.sql(f"SELECT 1 AS {quoted(name)}").columns == [name]
    assert duckdb.sql(f"SELECT {literal(name)}").fetchall() == [(name,)]


def test_reads__long_strings_are_left_to_another(tmp_path):
    codes = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000, pa.int32()), pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"x": codes}), tmp_path / "a.parquet")
    (scan,) = open_source(tmp_path).scans(["x"])
    assert not DuckDB(2, 1 << 28).reads(scan)
    assert DuckDB(2, 1 << 34).reads(scan)


def test_reads__looks_at_page_headers_only(tmp_path, monkeypatch):
    pq.write_table(pa.table({"x": ["a", "b"]}), tmp_path / "a.parquet")
    monkeypatch.setattr(DuckDB, "_connected", None)
    (scan,) = open_source(tmp_path).scans(["x"])
    assert DuckDB(2, 1 << 28).reads(scan)


@pytest.mark.parametrize(
    "error", [RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT Error: Interrupted!")]
)
def test_selected__interrupt(tmp_path, error):
    """As versions of DuckDB tell it."""
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    (scan,) = open_source(tmp_path).scans(["x"])
    with pytest.raises(KeyboardInterrupt), DuckDB(2, 1 << 28)._selected(scan, ["x"]):
        raise error
