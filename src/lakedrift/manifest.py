"""Where a profile's rows came from: one entry a fragment, which outlives the fragment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

from lakedrift.source import Fragment

__all__ = ["Entry", "Span"]


class Span(NamedTuple):
    """When the rows of a fragment happened, as an entry tells it."""

    events: tuple[int, int] | None
    windows: tuple[tuple[int | None, int], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or a frame in memory, as it was when it was read.

    Attributes
    ----------
    uri
        Its path, or what the frame is called.
    rows
        The rows that it declared, None where it declared none.
    bytes
        Its size as stored.
    modified
        When it was last changed, in nanoseconds since 1970; None of a frame.
    filtered
        How many of its rows a filter kept back; None where that is known of several fragments together only.
    deleted
        How many of its rows its table says are deleted.
    writer
        What wrote it, in its own words.
    schema
        Its columns, and the types of these as text.
    etag
        What tells its content from other content: of a Parquet file the SHA-256 of its footer. None of a frame.
    partition
        Partition keys and their values as written in the path; a null partition is None.
    events
        When the first and the last row of it happened that a filter kept, in microseconds since 1970 UTC; None where no row
        says when, or there is no column of time.
    windows
        The windows of the profile that these rows are in, by their starts, and how many rows each has; a start of None is that
        of rows that do not say when.
    """

    uri: str
    rows: int | None
    bytes: int
    modified: int | None = None
    filtered: int | None = None
    deleted: int = 0
    writer: str | None = None
    schema: tuple[tuple[str, str], ...] = ()
    partition: tuple[tuple[str, str | None], ...] = ()
    etag: str | None = None
    events: tuple[int, int] | None = None
    windows: tuple[tuple[int | None, int], ...] = ()

    @classmethod
    def of(cls, fragment: Fragment, filtered: int | None, span: Span | None = None) -> Self:
        """Describe a fragment that was read, and when its rows happened."""
        when = span or Span(None, ())
        return cls(
            fragment.uri,
            fragment.rows,
            fragment.bytes,
            fragment.modified,
            filtered=filtered,
            writer=fragment.writer,
            schema=tuple((field.name, str(field.type)) for field in fragment.schema),
            partition=fragment.partition,
            etag=fragment.etag,
            events=when.events,
            windows=when.windows,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns and partition keys."""
        return tuple(name for name, _ in (*self.schema, *self.partition))

    @property
    def identity(self) -> tuple[str, int, int] | None:
        """What tells this version of this file from any other; None of a frame, which nothing tells apart."""
        return None if self.modified is None else (self.uri, self.bytes, self.modified)
