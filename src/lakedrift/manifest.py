"""Where a profile's rows came from: one entry a fragment, which outlives the fragment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Self

from lakedrift.source import Fragment, distinct_schemas

__all__ = ["Entry", "Span"]


class Span(NamedTuple):
    """When the rows of a fragment happened, as an entry tells it."""

    events: tuple[int, int] | None
    windows: tuple[tuple[int | None, int], ...]


NO_SPAN = Span(None, ())
NO_SPANS: Mapping[str, Span] = MappingProxyType({})


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
        How many of its rows a filter kept back.
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
    def of(
        cls, fragments: Sequence[Fragment], filtered: Mapping[str, int], spans: Mapping[str, Span] = NO_SPANS
    ) -> tuple[Self, ...]:
        """Describe fragments that were read, by their paths how many rows of each a filter kept back, and their spans."""
        schemas = distinct_schemas(fragments)
        described = {id(schema): tuple((field.name, str(field.type)) for field in schema) for schema in schemas}
        return tuple(
            cls(
                *(one.uri, one.rows, one.bytes, one.modified, filtered[one.uri], 0, one.writer),
                *(described[id(one.schema)], one.partition, one.etag, *spans.get(one.uri, NO_SPAN)),
            )
            for one in fragments
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns and partition keys."""
        return tuple(name for name, _ in (*self.schema, *self.partition))

    @property
    def identity(self) -> tuple[str, int, int] | None:
        """What tells this version of this file from any other; None of a frame, which nothing tells apart."""
        return None if self.modified is None else (os.path.abspath(self.uri), self.bytes, self.modified)  # noqa: PTH100 -- a name
