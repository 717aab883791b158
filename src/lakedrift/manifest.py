"""Where a profile's rows came from: one entry a fragment, which outlives the fragment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lakedrift.source import Fragment, distinct_schemas

__all__ = ["Entry"]


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
    partition
        Partition keys and their values as written in the path; a null partition is None.
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

    @classmethod
    def of(cls, fragments: Sequence[Fragment], filtered: int | None) -> tuple[Self, ...]:
        """Describe fragments that were read, of each of which a filter kept so many rows back."""
        schemas = distinct_schemas(fragments)
        described = {id(schema): tuple((field.name, str(field.type)) for field in schema) for schema in schemas}
        return tuple(
            cls(one.uri, one.rows, one.bytes, one.modified, filtered, 0, one.writer, described[id(one.schema)], one.partition)
            for one in fragments
        )

    @property
    def identity(self) -> tuple[str, int, int] | None:
        """What tells this version of this file from any other; None of a frame, which nothing tells apart."""
        return None if self.modified is None else (self.uri, self.bytes, self.modified)
