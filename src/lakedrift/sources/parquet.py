"""Parquet files, hive-partitioned or not. Every footer is read first: what the files declare is what must arrive."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lakedrift.discovery import find_files, partition_of
from lakedrift.errors import UnreadableFileError
from lakedrift.source import Fragment, Scan

__all__ = ["ParquetFiles", "open_files"]

FOOTER_THREADS = 8
SAMPLE_SLICES = 10  # places in the lake that a sample is read from


@dataclass(frozen=True)
class ParquetFiles:
    """Parquet files on disk, opened."""

    name: str
    fragments: tuple[Fragment, ...]

    def scans(self, names: Sequence[str], needed: Sequence[str] = ()) -> list[Scan]:
        """Return one scan for each schema, and for each value of the partition keys among the columns asked for."""
        together: dict[tuple[object, ...], list[Fragment]] = {}
        wanted = list(dict.fromkeys([*names, *needed]))
        for fragment in self.fragments:
            fields = tuple(sorted((field.name, str(field.type)) for field in fragment.schema))
            together.setdefault((fields, _literals(fragment, wanted, needed)), []).append(fragment)
        return [_scan(tuple(fragments), wanted, needed) for fragments in together.values()]

    def samples(self, names: Sequence[str], rows: int, needed: Sequence[str] = ()) -> list[tuple[Scan, int, int]]:
        """Return slices that begin at row groups spread evenly over the files, as (scan, row offset, length)."""
        wanted = list(dict.fromkeys([*names, *needed]))
        starts = [
            (fragment, sum(fragment.row_groups[:group]), size)
            for fragment in self.fragments
            for group, size in enumerate(fragment.row_groups)
            if size
        ]
        slices = min(SAMPLE_SLICES, len(starts))
        chosen = [starts[(2 * place + 1) * len(starts) // (2 * slices)] for place in range(slices)]
        length = -(-rows // max(1, slices))
        return [(_scan((fragment,), wanted, needed), start, min(length, size)) for fragment, start, size in chosen]


def open_files(where: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> ParquetFiles:
    """List the files and read their footers.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    UnreadableFileError
        If a file is not Parquet, or damaged.
    """
    files = find_files(where)
    name = os.fspath(where) if isinstance(where, str | os.PathLike) else f"{os.fspath(where[0])} …"
    with ThreadPoolExecutor(FOOTER_THREADS) as pool:
        return ParquetFiles(name, tuple(pool.map(_fragment, files)))


def _fragment(file: Path) -> Fragment:
    try:
        size = file.stat().st_size
        footer = pq.read_metadata(file)
        schema = footer.schema.to_arrow_schema()
    except (pa.ArrowException, OSError) as error:
        hint = "the file is empty: did its writer crash?" if file.exists() and not file.stat().st_size else None
        msg = f"cannot read {str(file)!r} as Parquet: {str(error).splitlines()[0]}"
        raise UnreadableFileError(msg, hint=hint) from error
    repeated = [name for name, count in Counter(schema.names).items() if count > 1]
    if repeated:
        msg = f"{str(file)!r} has more than one column {repeated[0]!r}"
        raise UnreadableFileError(msg)
    groups = tuple(footer.row_group(group).num_rows for group in range(footer.num_row_groups))
    return Fragment(str(file), footer.num_rows, size, schema, partition_of(file), groups)


def _scan(fragments: tuple[Fragment, ...], wanted: Sequence[str], needed: Sequence[str]) -> Scan:
    names = fragments[0].schema.names
    present = tuple(name for name in wanted if name in names) or tuple(names[:1])  # rows are counted by reading something
    return Scan(fragments, present, _literals(fragments[0], wanted, needed))


def _literals(fragment: Fragment, wanted: Sequence[str], needed: Sequence[str]) -> tuple[tuple[str, str | None], ...]:
    keys = dict(fragment.partition)
    absent = [name for name in wanted if name not in fragment.schema.names]
    return tuple((name, keys.get(name)) for name in absent if name in keys or name in needed)
