"""What a user points at, opened: its fragments, their schemas and rows. Nothing of the data is read yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

__all__ = ["Fragment", "Literal", "Sample", "Scan", "Source", "distinct_schemas"]

Literal = tuple[str, str | None, pa.DataType]


@dataclass(frozen=True, slots=True)
class Fragment:
    """One file, or one frame in memory.

    Attributes
    ----------
    uri
        Its path, or what the frame is called.
    rows
        The rows that it declares, None where it declares none.
    bytes
        Its size as stored.
    schema
        Its columns.
    partition
        Partition keys and their values as written in the path; a null partition is None.
    row_groups
        The rows of each row group, in order.
    group_bytes
        The bytes of each row group as encoded, before compression.
    extremes
        Columns of 64-bit integers, timestamps or durations, and the least and greatest value that the footer says they have.
    modified
        When it was last changed, in nanoseconds since 1970; None in memory.
    writer
        What wrote it, in its own words.
    changed
        When the file system last changed anything about it, in nanoseconds since 1970; nobody can set that. None in memory.
    etag
        What tells its content from other content: of a Parquet file the SHA-256 of its footer. None in memory.
    """

    uri: str
    rows: int | None
    bytes: int
    schema: pa.Schema
    partition: tuple[tuple[str, str | None], ...] = ()
    row_groups: tuple[int, ...] = ()
    group_bytes: tuple[int, ...] = ()
    extremes: tuple[tuple[str, int, int], ...] = ()
    modified: int | None = None
    writer: str | None = None
    changed: int | None = None
    etag: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns and partition keys."""
        return (*self.schema.names, *(name for name, _ in self.partition))


@dataclass(frozen=True, slots=True)
class Scan:
    """Fragments that can be read as one: they share a schema and, where asked for, the partition values.

    Attributes
    ----------
    columns
        The columns to read, all of which the fragments have.
    literals
        Columns that the path gives: partition keys, their value and type, and, as null, what a filter needs and the schema
        lacks.
    frame
        What to read in place of files, where the source is in memory.
    ordered
        Whether the rows must come in the order of the fragments.
    """

    fragments: tuple[Fragment, ...]
    columns: tuple[str, ...]
    literals: tuple[Literal, ...] = ()
    frame: Any = None
    ordered: bool = False

    @property
    def rows(self) -> int | None:
        """Rows that the fragments declare in all."""
        rows = [fragment.rows for fragment in self.fragments]
        return None if None in rows else sum(row for row in rows if row is not None)


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows spread over the beginning of a row group, or a frame.

    Attributes
    ----------
    scan
        One fragment, and what is read of it.
    group
        The row group; 0 of a frame.
    rows
        How many rows are taken, …
    among
        … of how many at its beginning: what comes later is not decoded.
    """

    scan: Scan
    group: int
    rows: int
    among: int


class Source(Protocol):
    """An opened input."""

    @property
    def name(self) -> str:
        """What the user called it."""

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """What it consists of."""

    def part(self, fragments: Sequence[Fragment]) -> Source:
        """Return some of its fragments as a source."""

    def scans(self, names: Sequence[str], needed: Sequence[str] = ()) -> list[Scan]:
        """Return the scans that read the columns `names` (and `needed`, by a filter) wherever they exist."""

    def samples(self, names: Sequence[str], rows: int, needed: Sequence[str] = ()) -> list[Sample]:
        """Return about `rows` rows spread over the source, the same ones every time."""


def distinct_schemas(fragments: Sequence[Fragment]) -> list[pa.Schema]:
    """Return the schemas of fragments in order, each once where fragments share it."""
    return list({id(fragment.schema): fragment.schema for fragment in fragments}.values())
