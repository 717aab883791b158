"""When the rows of each fragment happened: the first and the last, and how many are in which window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.coding import Labelled
from lakedrift.instants import instants_of
from lakedrift.manifest import Span
from lakedrift.source import Fragment
from lakedrift.window import FIRST, LAST, NO_TIME

__all__ = ["Spans"]


class Spans:
    """The spans of the fragments of a scan, while it is read."""

    def __init__(self, fragments: Sequence[Fragment]) -> None:
        self._fragments = fragments
        self._first = np.full(len(fragments), LAST + 1)
        self._last = np.full(len(fragments), FIRST - 1)
        self._rows: Counter[tuple[int, int]] = Counter()

    def add(self, times: pa.Array, windows: Labelled, owners: NDArray[np.int32]) -> None:
        """Add a batch: its column of time, its windows, and the fragment of each row, (n,), ascending."""
        if not len(owners):
            return
        starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
        held, instants = owners[starts], instants_of(times)
        timed = (instants >= FIRST) & (instants <= LAST)
        first = np.minimum.reduceat(np.where(timed, instants, LAST + 1), starts)
        last = np.maximum.reduceat(np.where(timed, instants, FIRST - 1), starts)
        self._first[held] = np.minimum(self._first[held], first)
        self._last[held] = np.maximum(self._last[held], last)
        names = windows.values.to_list()
        places = np.arange(len(held), dtype=np.int64).repeat(np.diff(np.append(starts, len(owners))))
        counts = np.bincount(places * len(names) + windows.codes)
        for at in np.flatnonzero(counts).tolist():
            self._rows[int(held[at // len(names)]), names[at % len(names)]] += int(counts[at])

    def found(self) -> Mapping[str, Span]:
        """Return the span of each fragment by its path."""
        windows: dict[int, list[tuple[int | None, int]]] = {}
        for (owner, window), rows in sorted(self._rows.items()):
            windows.setdefault(owner, []).append((None if window == NO_TIME else window, rows))
        limits = zip(self._first.tolist(), self._last.tolist(), strict=True)
        return {
            fragment.uri: Span(None if last < first else (first, last), tuple(windows.get(place, ())))
            for place, (fragment, (first, last)) in enumerate(zip(self._fragments, limits, strict=True))
        }
