"""Reading with DuckDB, locked down: it opens the files of the scan and nothing else, and loads no extension.

DuckDB takes `A` and `a` for one name, ends names at a NUL, sees patterns in the names of files, and has fewer units of time.
Scans with any of these are left to another scanner.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lakedrift.scanner import check_types
from lakedrift.source import Scan

__all__ = ["SCANNER", "DuckDB"]

BATCH_ROWS = 1 << 17
NO_EXTENSIONS: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


class DuckDB:
    """Reads scans of files whose names and types are the same to DuckDB.

    Parameters
    ----------
    threads
        Its threads.
    memory
        Bytes that its buffers may take.
    """

    def __init__(self, threads: int, memory: int) -> None:
        self._threads = threads
        self._memory = memory

    def reads(self, scan: Scan) -> bool:
        """Whether every column arrives as it stands in the files."""
        schema = scan.fragments[0].schema
        names = [name.casefold() for name in schema.names]
        plain = len(set(names)) == len(names) and all(name and "\0" not in name for name in names)
        files = not any(set("*?[") & set(fragment.uri) for fragment in scan.fragments)
        types = all(_is_kept(schema.field(name).type) for name in scan.columns)
        return scan.frame is None and bool(scan.columns) and plain and files and types

    def batches(self, scan: Scan) -> Iterator[pa.RecordBatch]:
        """Yield the rows in no order."""
        for fragment in scan.fragments:  # DuckDB would cast the columns of all files to the types of the first
            check_types(scan, pq.read_schema(fragment.uri))
        files = [str(Path(fragment.uri).absolute()) for fragment in scan.fragments]
        columns = ", ".join(map(quoted, scan.columns))
        with contextlib.closing(self._connected(files)) as connection:
            query = f"SELECT {columns} FROM read_parquet(?, hive_partitioning=false)"  # noqa: S608 -- quoted above
            found = connection.sql(query, params=[files])
            for batch in _reader(found):
                yield batch.rename_columns(list(scan.columns))

    def _connected(self, files: list[str]) -> Any:
        connection = duckdb.connect(config=NO_EXTENSIONS)
        allowed = ", ".join(map(literal, files))
        for setting in (
            "temp_directory = ''",
            f"allowed_paths = [{allowed}]",
            "enable_external_access = false",
            f"threads = {self._threads}",
            f"memory_limit = '{self._memory >> 20}MiB'",
            "preserve_insertion_order = false",
            "produce_arrow_string_view = true",
            "lock_configuration = true",
        ):
            connection.execute(f"SET {setting}")
        return connection


def quoted(name: str) -> str:
    """Write a name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _reader(found: Any) -> pa.RecordBatchReader:
    """Stream a result; before 2.0 the method had another name."""
    stream = found.to_arrow_reader if hasattr(found, "to_arrow_reader") else found.fetch_arrow_reader
    return stream(BATCH_ROWS)


def _is_kept(dtype: pa.DataType) -> bool:
    """Whether DuckDB has a type of the same values: timestamps of milliseconds, and times, pass through others or fail."""
    if pa.types.is_timestamp(dtype):
        return str(dtype.unit) == "us"
    plain = (pa.types.is_integer, pa.types.is_float32, pa.types.is_float64, pa.types.is_boolean, pa.types.is_date32)
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_dictionary)
    return any(is_one(dtype) for is_one in (*plain, *texts, pa.types.is_decimal128))


SCANNER = DuckDB
