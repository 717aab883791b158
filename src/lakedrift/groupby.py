"""What the caller wants to see a lake by: segmentations, and windows of time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Self

from lakedrift.errors import UsageError
from lakedrift.window import Every

__all__ = ["MAX_SEGMENTS", "By", "GroupBy"]

MAX_SEGMENTS = 10_000
By = str | Sequence[str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class GroupBy:
    """Segmentations and windows.

    Attributes
    ----------
    by
        The segmentations, each a tuple of columns.
    time
        The column that windows are made of, None for none.
    every
        The length of the windows.
    max_segments
        How many segments a segmentation may have.
    fold
        Whether to keep the largest of more, and join the others to one. A reference that is folded folds the current side in
        any case, and what one that is not has is kept.
    """

    by: tuple[tuple[str, ...], ...] = ()
    time: str | None = None
    every: Every | None = None
    max_segments: int = MAX_SEGMENTS
    fold: bool = False

    @classmethod
    def of(
        cls,
        by: By | None = None,
        time: str | None = None,
        every: str | None = None,
        max_segments: int = MAX_SEGMENTS,
        fold: bool = False,
    ) -> Self:
        """Return what the words of the caller mean.

        Raises
        ------
        UsageError
            If a segmentation has no column, or one twice, or `time` and `every` do not come together.
        ConfigError
            If `every` is no length of time.
        """
        crossed = _crossed(by)
        for keys in crossed:
            if not keys or len(set(keys)) < len(keys):
                msg = f"by: {keys!r} is no segmentation: it needs columns, each once"
                raise UsageError(msg)
        if (time is None) != (every is None):
            msg = "time and every come together: a column, and the length of the windows"
            raise UsageError(msg, hint="such as time='created_at', every='1d', or --time created_at --every 1d")
        if max_segments < 1:
            msg = f"max_segments must be at least 1, not {max_segments}"
            raise UsageError(msg)
        return cls(tuple(dict.fromkeys(crossed)), time, None if every is None else Every.parse(every), max_segments, fold)

    def without(self, columns: Collection[str]) -> Self:
        """Return what can be seen by without these columns."""
        by = tuple(keys for keys in self.by if not set(keys) & set(columns))
        return replace(self, by=by) if self.time not in columns else replace(self, by=by, time=None, every=None)

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.by) or self.time is not None

    @property
    def segmentations(self) -> tuple[tuple[str, ...], ...]:
        """All that are summarised: those asked for and, with a column of time, the whole lake by window."""
        return (((),) if self.time is not None else ()) + self.by

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked at."""
        keys = (key for keys in self.by for key in keys)
        return tuple(dict.fromkeys([*keys, *([] if self.time is None else [self.time])]))

    @property
    def crossings(self) -> tuple[tuple[str, ...], ...]:
        """The segmentations whose columns no other has beside more of its own: the others follow from these."""
        names = [set(keys) for keys in self.segmentations]
        finest = (keys for keys, own in zip(self.segmentations, names, strict=True) if not any(own < other for other in names))
        return tuple(finest)


def _crossed(by: By | None) -> list[tuple[str, ...]]:
    """Return the columns of each segmentation; a tuple of columns is one, a list of them several."""
    entries = [by] if isinstance(by, str) else list(by or ())
    columns = [entry for entry in entries if isinstance(entry, str)]
    if isinstance(by, tuple) and columns and len(columns) == len(entries):
        return [tuple(columns)]
    return [(entry,) if isinstance(entry, str) else tuple(entry) for entry in entries]
