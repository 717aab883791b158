"""Reading with DuckDB, locked down: it opens the files of the scan and nothing else, and loads no extension.

DuckDB takes `A` and `a` for one name, ends names at a NUL, sees patterns in the names of files, has fewer units of time, and
lays out a long string as often as it occurs. Scans with any of these are left to another scanner.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lakedrift.columns import natural_kind
from lakedrift.errors import ResourceError
from lakedrift.pages import longest_values
from lakedrift.scanner import check_types
from lakedrift.source import Scan
from lakedrift.text import size

__all__ = ["SCANNER", "DuckDB"]

BATCH_ROWS, VECTOR = 1 << 17, 1 << 11  # the most and the fewest rows that come at a time
BATCHES_AT_A_TIME = 8  # that are laid out, or wait to be counted
VALUE_BYTES = 16  # of the widest type but strings, and of a string beside its text
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
        self._measured: tuple[Scan | None, int] = (None, 0)

    def reads(self, scan: Scan) -> bool:
        """Whether every column arrives as it stands in the files, and fits."""
        schema = scan.fragments[0].schema
        names = [name.casefold() for name in schema.names]
        plain = len(set(names)) == len(names) and all(name and "\0" not in name for name in names)
        ordered = scan.ordered and len(scan.fragments) > 1
        files = not ordered and not any(set("*?[") & set(fragment.uri) for fragment in scan.fragments)
        types = all(_is_kept(schema.field(name).type) for name in scan.columns)
        return scan.frame is None and bool(scan.columns) and plain and files and types and self._batch_rows(scan) >= VECTOR

    def batches(self, scan: Scan) -> Iterator[pa.RecordBatch]:
        """Yield the rows in no order."""
        for fragment in scan.fragments:  # DuckDB would cast the columns of all files to the types of the first
            check_types(scan, pq.read_schema(fragment.uri))
        rows = max(VECTOR, self._batch_rows(scan))
        try:
            with self._selected(scan, list(map(quoted, scan.columns))) as found:
                for batch in _reader(found, rows):
                    yield batch.rename_columns(list(scan.columns))
        except duckdb.OutOfMemoryException as error:
            msg = f"DuckDB needs more than {size(self._memory // 2)} to read {len(scan.fragments)} files"
            raise ResourceError(msg, hint="give more --memory, use fewer --threads, or another --engine") from error

    def _batch_rows(self, scan: Scan) -> int:
        """Return how many rows may be laid out at a time; the last scan asked for is remembered."""
        if self._measured[0] is not scan:
            self._measured = scan, self._measure(scan)
        return self._measured[1]

    def _measure(self, scan: Scan) -> int:
        """Look how long the longest strings are, and return how many rows of these may be laid out at a time."""
        types = {name: scan.fragments[0].schema.field(name).type for name in scan.columns}
        texts = [name for name, dtype in types.items() if natural_kind(dtype) == "categorical"]
        longest = dict.fromkeys(texts, 0)
        with contextlib.suppress(OSError, ValueError):  # reading it will say what is wrong
            for fragment in scan.fragments if texts else ():
                longest = {name: max(longest[name], size) for name, size in longest_values(fragment.uri, texts).items()}
        width = VALUE_BYTES * len(types) + sum(longest.values())
        return min(BATCH_ROWS, self._memory // 2 // BATCHES_AT_A_TIME // width)

    @contextlib.contextmanager
    def _selected(self, scan: Scan, columns: list[str]) -> Iterator[Any]:
        """Run a query over the files of a scan; it is streamed."""
        files = [str(Path(fragment.uri).absolute()) for fragment in scan.fragments]
        query = f"SELECT {', '.join(columns)} FROM read_parquet(?, hive_partitioning=false)"  # noqa: S608 -- quoted by the caller
        with contextlib.closing(self._connected(files)) as connection:
            try:
                yield connection.sql(query, params=[files])
            except (RuntimeError, duckdb.InterruptException) as error:  # an interrupt is no error of DuckDB 2
                if "interrupted" in str(error).lower():
                    raise KeyboardInterrupt from error
                raise

    def _connected(self, files: list[str]) -> Any:
        connection = duckdb.connect(config=NO_EXTENSIONS)
        allowed = ", ".join(map(literal, files))
        for setting in (
            "temp_directory = ''",
            f"allowed_paths = [{allowed}]",
            "enable_external_access = false",
            f"threads = {self._threads}",
            f"memory_limit = '{self._memory >> 21}MiB'",
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


def _reader(found: Any, rows: int) -> pa.RecordBatchReader:
    """Stream a result; before 2.0 the method had another name."""
    stream = found.to_arrow_reader if hasattr(found, "to_arrow_reader") else found.fetch_arrow_reader
    return stream(rows)


def _is_kept(dtype: pa.DataType) -> bool:
    """Whether DuckDB has a type of the same values: timestamps of milliseconds, and times, pass through others or fail."""
    if pa.types.is_timestamp(dtype):
        return str(dtype.unit) == "us"
    plain = (pa.types.is_integer, pa.types.is_float32, pa.types.is_float64, pa.types.is_boolean, pa.types.is_date32)
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_dictionary)
    return any(is_one(dtype) for is_one in (*plain, *texts, pa.types.is_decimal128))


SCANNER = DuckDB
