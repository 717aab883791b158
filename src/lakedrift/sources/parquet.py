"""Parquet files, hive-partitioned or not. Every footer is read first: what the files declare is what must arrive."""

from __future__ import annotations

import functools
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from lakedrift.columns import is_read
from lakedrift.discovery import find_files, partition_of
from lakedrift.errors import UnreadableFileError, reason
from lakedrift.pages import head
from lakedrift.source import Fragment, Literal, Sample, Scan, distinct_schemas
from lakedrift.threads import each

__all__ = ["ParquetFiles", "open_files"]

FOOTER_THREADS = 8
TRIED, PROMPT = 8, 1e-3  # files that are opened one by one, to see whether one takes longer than this, in seconds
TAIL = 1 << 14  # bytes that hold most footers
FEW_GROUPS = 4  # row groups: a lake of so many is sampled in all of them
FEWEST_GROUPS, MOST_GROUPS = 3, 12  # that a larger one is sampled in …
ROWS_A_GROUP = 5 << 19  # … one for so many of its rows, which take as much longer to read, if these are enough
SAMPLE_COLUMN_BYTES = 8 << 20  # that a sample may take, on average
DEEP_ROWS = 10 << 20  # decoded for a sample of a few row groups: ten of the size that writers choose by default
DEEP_COLUMN_BYTES = 8 * DEEP_ROWS  # on average
SHALLOW_ROWS = 1 << 14  # decoded of a row group at least, as a page has about as many
WIDE_TYPES = {dtype.id for dtype in (pa.int64(), pa.uint64(), pa.timestamp("s"), pa.duration("s"))}
DEEP_EVERY = 5  # of a sample of many row groups, one in so many is decoded to its end


@dataclass(frozen=True)
class ParquetFiles:
    """Parquet files on disk, opened."""

    name: str
    fragments: tuple[Fragment, ...]

    def part(self, fragments: Sequence[Fragment]) -> ParquetFiles:
        """Return some of the files."""
        return replace(self, fragments=tuple(fragments))

    def scans(self, names: Sequence[str], needed: Sequence[str] = ()) -> list[Scan]:
        """Return one scan for each schema, and for each value of the partition keys among the columns asked for."""
        together: dict[tuple[object, ...], list[Fragment]] = {}
        schemas = distinct_schemas(self.fragments)
        fields = {id(schema): tuple(sorted((field.name, str(field.type)) for field in schema)) for schema in schemas}
        types = {id(schema): _types(schema) for schema in schemas}
        for fragment in self.fragments:
            key = fields[id(fragment.schema)], self._literals(fragment, types[id(fragment.schema)], names, needed)
            together.setdefault(key, []).append(fragment)
        return [self._scan(tuple(fragments), names, needed) for fragments in together.values()]

    def samples(self, names: Sequence[str], rows: int, needed: Sequence[str] = ()) -> list[Sample]:
        """Return rows spread over row groups, which are spread over the files: each may be sorted."""
        starts = [(fragment, group) for fragment in self.fragments for group, size in enumerate(fragment.row_groups) if size]
        total = sum(size for fragment in self.fragments for size in fragment.row_groups)
        enough = -(-rows * len(starts) // max(total, 1))  # row groups to have so many rows
        fewest = FEW_GROUPS if len(starts) <= FEW_GROUPS else FEWEST_GROUPS
        groups = min(len(starts), MOST_GROUPS, max(fewest, total // ROWS_A_GROUP, enough))
        chosen = [starts[(2 * place + 1) * len(starts) // (2 * groups)] for place in range(groups)]
        samples = []
        for place, (fragment, group) in enumerate(chosen):
            deep = groups == len(starts) or place % DEEP_EVERY == DEEP_EVERY // 2
            taken = min(-(-rows // groups), _rows_within(SAMPLE_COLUMN_BYTES // groups, fragment, group))
            affordable = _rows_within(DEEP_COLUMN_BYTES // groups, fragment, group)
            among = max(taken, min(affordable, DEEP_ROWS // groups if deep else SHALLOW_ROWS))
            samples.append(Sample(self._scan((fragment,), names, needed), group, taken, among))
        return samples

    def _scan(self, fragments: tuple[Fragment, ...], names: Sequence[str], needed: Sequence[str]) -> Scan:
        types = _types(fragments[0].schema)
        wanted = (name for name in dict.fromkeys([*names, *needed]) if name in types)
        read = tuple(name for name in wanted if name in needed or is_read(types[name]))
        return Scan(fragments, read, self._literals(fragments[0], types, names, needed))

    def _literals(
        self, fragment: Fragment, types: Mapping[str, pa.DataType], names: Sequence[str], needed: Sequence[str]
    ) -> tuple[Literal, ...]:
        """Return what is not read: partition keys, columns of nothing but null, and what a filter needs and the file lacks."""
        keys, inside = dict(fragment.partition), fragment.schema.names
        literals: list[Literal] = []
        for name in dict.fromkeys([*names, *needed]):
            if name in keys and name not in inside:
                literals.append((name, keys[name], pa.string()))
            elif name not in types and (name in inside or name in needed):
                literals.append((name, None, self._type_elsewhere(name)))
        return tuple(literals)

    def _type_elsewhere(self, name: str) -> pa.DataType:
        """Return the type that a column has in the first file where it has one, or else as a partition key."""
        everywhere = map(_types, distinct_schemas(self.fragments))
        types = (found[name] for found in everywhere if name in found and is_read(found[name]))
        is_key = any(name == key for fragment in self.fragments for key, _ in fragment.partition)
        return next(types, pa.string() if is_key else pa.null())


def open_files(
    where: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], known: Mapping[str, Fragment] | None = None
) -> ParquetFiles:
    """List the files and read their footers, but for those that are known, by path, and that nobody touched since.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    UnreadableFileError
        If a file is not Parquet, or damaged.
    """
    files = find_files(where)
    places = [where] if isinstance(where, str | os.PathLike) else where
    name = os.fspath(places[0]) + (" …" if len(places) > 1 else "")
    fragments = {file: fragment for file in files if (fragment := _untouched(file, known or {})) is not None}
    touched = [file for file in files if file not in fragments]
    fragments |= zip(touched, _fragments(touched), strict=True)
    return ParquetFiles(name, tuple(_with_shared_schemas(fragments[file] for file in files)))


def _fragments(files: Sequence[Path]) -> Iterator[Fragment]:
    """Yield the opened files: by several threads where each has to be waited for, which where none has only cost time."""
    layouts: list[_Layout] = []
    started = perf_counter()
    for file in files[:TRIED]:
        yield _fragment(file, layouts)
    threads = 1 if perf_counter() - started < TRIED * PROMPT else FOOTER_THREADS
    yield from each(functools.partial(_fragment, layouts=layouts), files[TRIED:], threads)


def _with_shared_schemas(fragments: Iterable[Fragment]) -> Iterator[Fragment]:
    """Let fragments of equal schemas share one, also those that were known with those that were opened."""
    schemas: list[pa.Schema] = []
    for fragment in fragments:
        same = next((schema for schema in schemas if schema.equals(fragment.schema)), fragment.schema)
        if not any(schema is same for schema in schemas):
            schemas.append(same)
        yield fragment if same is fragment.schema else replace(fragment, schema=same)


def _untouched(file: Path, known: Mapping[str, Fragment]) -> Fragment | None:
    """Return what is known of a file, None where it is not what it was then."""
    fragment = known.get(str(file))
    try:
        status = file.stat() if fragment is not None else None
    except OSError:  # reading it will say what is wrong with it
        return None
    if fragment is None or status is None:
        return None
    now = status.st_size, status.st_mtime_ns, status.st_ctime_ns
    return fragment if now == (fragment.bytes, fragment.modified, fragment.changed) else None


class _Layout(NamedTuple):
    """What files with equal schemas share, and whoever looks at all of them then looks at once.

    `head` and `metadata` are what one of their footers says, of which the schema is made; `repeated` is a name that more than
    one column has; `wide` are the columns of 64-bit integers: the place of each in a row group, its name, and whether it has no
    sign.
    """

    head: bytes
    metadata: dict[bytes, bytes] | None
    schema: pa.Schema
    repeated: str | None
    wide: tuple[tuple[int, str, bool], ...]


def _layout(raw: bytes, footer: pq.FileMetaData, layouts: list[_Layout]) -> _Layout:
    metadata = footer.metadata
    for known in layouts:  # one of them nearly always is: `footer.schema` refers to the footer that refers to it
        if known.head and raw.startswith(known.head) and known.metadata == metadata:
            return known
    schema: pa.Schema = footer.schema.to_arrow_schema()
    same = [known for known in layouts if known.schema.equals(schema)]
    if same:
        return same[0]
    repeated = next((name for name, count in Counter(schema.names).items() if count > 1), None)
    unsigned = {field.name: pa.types.is_uint64(field.type) for field in schema if field.type.id in WIDE_TYPES}
    paths = [footer.schema.column(place).path for place in range(footer.num_columns)] if unsigned else []
    wide = tuple((place, name, unsigned[name]) for place, name in enumerate(paths) if name in unsigned)
    layouts.append(_Layout(head(raw), metadata, schema, repeated, wide))
    return layouts[-1]


def _rows_within(column_bytes: int, fragment: Fragment, group: int) -> int:
    """Return how many rows of a row group take so much a column on average: fewer than it has where values are long."""
    rows, size = fragment.row_groups[group], fragment.group_bytes[group]
    return min(rows, max(1, column_bytes * len(fragment.schema) * rows // max(1, size)))


def _types(schema: pa.Schema) -> dict[str, pa.DataType]:
    """Return the types of the columns that have one: what is null throughout is of any type."""
    return {field.name: field.type for field in schema if not pa.types.is_null(field.type)}


def _fragment(file: Path, layouts: list[_Layout]) -> Fragment:
    try:
        status, tail, raw = _end_of(file)
        reader = pq.ParquetReader()  # `read_metadata` also names the columns by path
        reader.open(pa.BufferReader(tail))
        footer = reader.metadata
        layout = _layout(raw, footer, layouts)
        described = [footer.row_group(group) for group in range(footer.num_row_groups)]
        groups = tuple([group.num_rows for group in described])
        encoded = tuple([group.total_byte_size for group in described])
    except Exception as error:  # a damaged footer, or a name that is no UTF-8, can fail in any way
        msg = f"cannot read {str(file)!r} as Parquet: {reason(error)}"
        raise UnreadableFileError(msg, hint=_likely_cause(file)) from error
    if layout.repeated is not None:
        msg = f"{str(file)!r} has more than one column {layout.repeated!r}"
        raise UnreadableFileError(msg)
    if sum(groups) != footer.num_rows or min(groups, default=0) < 0:
        msg = (
            f"cannot read {str(file)!r} as Parquet: its footer declares {footer.num_rows} rows, and {sum(groups)} in row groups"
        )
        raise UnreadableFileError(msg)
    found = str(file), footer.num_rows, status.st_size, layout.schema, partition_of(file), groups, encoded
    about = status.st_mtime_ns, footer.created_by, status.st_ctime_ns, hashlib.sha256(raw).hexdigest()
    return Fragment(*found, _extremes(described, layout), *about)


def _end_of(file: Path) -> tuple[os.stat_result, bytes, bytes]:
    """Return what the file system says of a file, its last bytes, and those of them that are the footer and its length."""
    with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 -- half the time of `Path.open`
        status = os.fstat(opened.fileno())
        tail = _tail(opened, status.st_size, TAIL)
        length = int.from_bytes(tail[-8:-4], "little") + 8
        if length > len(tail):
            tail = _tail(opened, status.st_size, length)
    return status, tail, tail[-length:]


def _tail(opened: BinaryIO, size: int, length: int) -> bytes:
    opened.seek(max(0, size - length))
    return opened.read(length)


def _extremes(groups: Sequence[pq.RowGroupMetaData], layout: _Layout) -> tuple[tuple[str, int, int], ...]:
    """Return the least and greatest value of each column of 64-bit integers, where the footer has them."""
    found: dict[str, list[int]] = {}
    for group in groups:
        for place, name, unsigned in layout.wide:
            found.setdefault(name, []).extend(_limits(group.column(place), unsigned=unsigned))
    return tuple((name, min(limits), max(limits)) for name, limits in found.items() if limits)


def _limits(chunk: pq.ColumnChunkMetaData, *, unsigned: bool) -> list[int]:
    """Return the least and greatest value of a column chunk, or nothing; what is stored is signed."""
    try:
        known = chunk.statistics
        limits = [known.min_raw, known.max_raw] if known is not None and known.has_min_max else []
    except (OSError, ValueError):  # as is anything in a footer, they may be damaged
        return []
    return [limit % (1 << 64) if unsigned else limit for limit in limits if isinstance(limit, int)]


def _likely_cause(file: Path) -> str | None:
    return "the file is empty: did its writer crash?" if file.exists() and not file.stat().st_size else None
