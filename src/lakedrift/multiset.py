"""A multiset of keys that grows with the distinct keys in it, not with how many are added.

It is kept in runs: distinct keys, ascending, and how often each occurs, in as few bytes as hold that. Loose keys are sorted
some at a time and make a new run; a run is merged with the one before it unless that is more than twice as long. So all runs
together are less than twice as long as the longest, and a key is moved as often as runs can double. Of many keys, those that
come again and again are counted without being sorted, in slots. What all these make up together does not depend on the order
of the keys.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from lakedrift.keying import sort
from lakedrift.scratch import apart, room
from lakedrift_kernels import multisets

__all__ = ["AT_A_TIME", "Multiset"]

AT_A_TIME = 1 << 17  # loose keys that are sorted, and keys that are merged, at a time: with the scratch for it, about a cache
Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]


class Run(NamedTuple):
    """Distinct keys, ascending, and how often each occurs, of any unsigned type, (n,) each."""

    keys: Keys
    counts: NDArray[Any]


class Multiset:
    """Keys, each of which may occur many times."""

    def __init__(self, n_slots: int) -> None:
        self._n_slots = n_slots
        self._runs: list[Run] = []
        self._slots: tuple[Keys, Counts] | None = None
        self._loose = np.empty(0, np.uint64)
        self._n_loose = 0

    @property
    def total(self) -> int:
        """How many keys there are, each as often as it occurs."""
        counted = self._n_loose + (0 if self._slots is None else int(self._slots[1].sum()))
        return counted + sum(int(run.counts.sum()) for run in self._runs)

    @property
    def sorted(self) -> tuple[Keys, NDArray[Any]]:
        """The distinct keys, ascending, and how often each occurs, of any unsigned type, (n,) each."""
        runs = self.runs()
        if len(runs) != 1:
            nothing = Run(np.empty(0, np.uint64), np.empty(0, np.uint8))
            runs[:] = [functools.reduce(_merged, reversed(runs), nothing)]
        return runs[0]

    def add(self, keys: Keys) -> None:
        """Add keys (n,), which are overwritten."""
        if self._slots is not None:
            keys = keys[: multisets.count_repeated(keys, *self._slots)]
        elif self._n_loose + len(keys) > AT_A_TIME:  # there are many: some of those to come have been here before
            self._slots = np.empty(self._n_slots, np.uint64), np.zeros(self._n_slots, np.int64)
        self._hold(keys)

    def put(self, keys: Keys, counts: NDArray[Any]) -> None:
        """Add distinct keys, ascending, that occur so often, (n,) each; nobody may write to them any more."""
        if len(keys):
            self._push(Run(keys, _narrow(counts)))

    def merge(self, other: Self) -> None:
        """Add all keys of another multiset."""
        for run in other.runs():
            self._push(run)

    def runs(self) -> list[Run]:
        """Return the runs, after all that is loose or in slots has become one."""
        if self._slots is not None:
            (held, times), self._slots = self._slots, None
            self._hold(held[times == 1])
            repeated = np.flatnonzero(times > 1)
            repeated = repeated[np.argsort(held[repeated])]
            self.put(held[repeated], times[repeated])
        self._sort_loose()
        self._loose = np.empty(0, np.uint64)
        return self._runs

    def _hold(self, keys: Keys) -> None:
        if self._n_loose + len(keys) > AT_A_TIME:
            self._sort_loose()
        if len(keys) > AT_A_TIME:
            self._push(_run_of(keys))
            return
        held = self._n_loose + len(keys)
        if held > len(self._loose):
            self._loose.resize(min(2 * held, AT_A_TIME), refcheck=False)
        self._loose[self._n_loose : held] = keys
        self._n_loose = held

    def _sort_loose(self) -> None:
        if self._n_loose:
            self._push(_run_of(self._loose[: self._n_loose]))
            self._n_loose = 0

    def _push(self, run: Run) -> None:
        while self._runs and len(self._runs[-1].keys) <= 2 * len(run.keys):
            run = _merged(self._runs.pop(), run)
        self._runs.append(run)


def _run_of(keys: Keys) -> Run:
    """Return a run of keys (n,), which are overwritten."""
    sort(keys)
    counts = room("counts", len(keys), np.int64)
    n = multisets.count_sorted(keys, counts)
    return Run(_copied(keys[:n]), _narrow(counts[:n]))


def _merged(one: Run, other: Run) -> Run:
    """Return two runs as one. It is done piece by piece, so that counts are wide for a moment only."""
    keys = apart(len(one.keys) + len(other.keys), np.uint64)
    counts = []
    n = 0
    for first, second in _pieces(one, other):
        totals = room("counts", len(first.keys) + len(second.keys), np.int64)
        wide = _widened("first", first.counts), _widened("second", second.counts)
        found = multisets.merge_multisets(first.keys, wide[0], second.keys, wide[1], keys[n:], totals)
        counts.append(_narrow(totals[:found]))
        n += found
    return Run(keys[:n] if 2 * n > len(keys) else _copied(keys[:n]), _joined(counts))


def _pieces(one: Run, other: Run) -> Iterator[tuple[Run, Run]]:
    """Yield both runs piece by piece, cut at the same keys."""
    cuts = max(one.keys, other.keys, key=len)[AT_A_TIME::AT_A_TIME]
    here = there = 0
    for to, until in zip(*(np.append(np.searchsorted(run.keys, cuts), len(run.keys)) for run in (one, other)), strict=True):
        yield Run(one.keys[here:to], one.counts[here:to]), Run(other.keys[there:until], other.counts[there:until])
        here, there = to, until


def _widened(use: str, counts: NDArray[Any]) -> Counts:
    wide = room(use, len(counts), np.int64)
    wide[:] = counts
    return wide


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    together = apart(sum(map(len, parts)), np.result_type(*parts))
    return np.concatenate(parts, out=together)


def _copied(keys: Keys) -> Keys:
    copy = apart(len(keys), np.uint64)
    copy[:] = keys
    return copy


def _narrow(counts: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of counts (n,) in the fewest bytes that hold each of them."""
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
