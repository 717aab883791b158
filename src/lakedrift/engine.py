"""Running a plan: batches go to threads with private states, which are added up at the end."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from lakedrift.columns import whole
from lakedrift.filtering import Filter
from lakedrift.groupby import GroupBy
from lakedrift.manifest import Entry
from lakedrift.observer import Observer
from lakedrift.plan import Plan
from lakedrift.profiles import VALUES, Profile, StateKey
from lakedrift.reading import Reader
from lakedrift.scanner import WAITING
from lakedrift.source import Scan
from lakedrift.summary import Codes, Summary
from lakedrift.tabulation import Tables
from lakedrift.threads import each
from lakedrift_kernels import is_warm

__all__ = ["default_threads", "run"]

_Task = tuple[Sequence[StateKey], pa.Table, frozenset[str], Sequence[Codes]]  # states, a batch, its columns, groups of its rows
AT_A_TIME = 1 << 19  # values that a worker is handed at least, unless a batch has fewer


def default_threads() -> int:
    """Return the number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    plan: Plan,
    threads: int,
    observer: Observer,
    reader: Reader | None = None,
    tables: Tables | None = None,
) -> Profile:
    """Read everything the plan asks for and return the profile; no reader is Polars, and no tables are no groups.

    Raises
    ------
    UnreadableFileError
        Naming the file that cannot be read.
    ResourceError
        If the reader has too little memory for a file.
    InvariantError
        If rows were lost or counted twice.
    """
    if not is_warm():
        observer.note("compiling kernels, once on this machine: a few seconds")
    needed = dict.fromkeys(name for _, names in plan.states for name in names)
    reader, keep = reader or Reader(), None if plan.where is None else Filter(plan.where)
    tables = tables or Tables(GroupBy(), ())
    scans = plan.source.scans(list(needed), [*tables.groupby.columns, *(() if keep is None else keep.needed)])
    reader.check(scans)
    filtered = {fragment.uri: 0 for fragment in plan.source.fragments}
    rows = 0
    pa.default_memory_pool().release_unused()  # the pages that a fit sample was decoded from
    with _Crew(plan.states, threads, tables) as crew:
        for scan in scans:
            names = frozenset(needed.keys() & _columns_of(scan))
            for batch, kept_back in _batches(reader, scan, keep, filtered):
                crew.put(batch, names, tables.codes(batch))
                rows += batch.num_rows
                observer.advance(batch.num_rows + kept_back)
    entries = Entry.of(plan.source.fragments, filtered, tables.spans)
    states, groupings = MappingProxyType(crew.merged()), tables.groupings()
    kept_back = sum(filtered.values())
    profile = Profile(plan.source.name, entries, rows, kept_back, plan.features, states, groupings=groupings)
    profile = replace(profile, time=tables.groupby.time, every=tables.groupby.every)
    profile.check()
    return profile


def _batches(reader: Reader, scan: Scan, keep: Filter | None, filtered: dict[str, int]) -> Iterator[tuple[pa.Table, int]]:
    """Yield batches, and how many rows a filter kept back of each, which are noted by fragment."""
    names = [fragment.uri for fragment in scan.fragments]
    if keep is None or len(names) == 1:
        for batch, kept_back in reader.batches(scan, keep):
            filtered[names[0]] += kept_back
            yield batch, kept_back
        return
    kept = np.zeros(len(names), np.int64)
    for batch, kept_back, owners in reader.owned(scan, keep):
        kept += np.bincount(owners, minlength=len(names))
        yield batch, kept_back
    for fragment, rows in zip(scan.fragments, kept.tolist(), strict=True):
        filtered[fragment.uri] += (fragment.rows or 0) - rows


def _columns_of(scan: Scan) -> set[str]:
    """Return the columns that the fragments of a scan have, and not only those who filter or group rows ask for."""
    first = scan.fragments[0]
    return {*first.schema.names, *(key for key, _ in first.partition)}


def _counted(key: StateKey, batch: pa.Table, present: frozenset[str]) -> Any:
    """Return the column of a state, or its columns, of which those that are not there are null."""
    arrays = [whole(batch.column(name)) if name in present else pa.nulls(batch.num_rows) for name in key[1]]
    return arrays[0] if len(arrays) == 1 else arrays


class _Crew:
    """Threads that count columns, each into states of its own, and into tables by group that they share.

    The inbox is bounded, so reading waits for counting; a column, or a few of a small batch, are small enough a unit that one
    large file keeps every thread busy. The first failure of a worker is raised where the next batch is put in, or at the end.

    Both queues are of the kind that is written in C. An interrupt may come in the middle of one that is Python, such as
    `queue.Queue`, whose lock then stays locked for ever, and the end of the run would wait for it.
    """

    def __init__(self, states: Mapping[StateKey, Summary], threads: int, tables: Tables) -> None:
        self._inbox: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._places: queue.SimpleQueue[None] = queue.SimpleQueue()  # an entry for each free place in the inbox
        self._tables = tables
        self._failures: list[BaseException] = []
        self._blank = states
        self._states: list[dict[StateKey, Summary]] = [{} for _ in range(threads)]
        self._threads = [threading.Thread(target=self._work, args=(mine,), daemon=True) for mine in self._states]

    def __enter__(self) -> Self:
        for _ in range(WAITING * len(self._threads)):
            self._places.put(None)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            self._failures.append(error)  # the workers let the rest go by
        for _ in self._threads:
            self._inbox.put(None)
        for thread in self._threads:
            thread.join()
        if error is None and self._failures:
            raise self._failures[0]

    def put(self, batch: pa.Table, names: frozenset[str], codes: Sequence[Codes]) -> None:
        """Have those columns of a batch counted, whose rows are in the groups of these codes."""
        if self._failures:
            raise self._failures[0]
        present = names.intersection(batch.column_names)
        keys = [key for key in self._blank if not present.isdisjoint(key[1])]
        at_a_time = max(1, AT_A_TIME // max(1, batch.num_rows))
        for start in range(0, len(keys), at_a_time):
            self._places.get()
            self._inbox.put((keys[start : start + at_a_time], batch, present, codes))

    def merged(self) -> dict[StateKey, Summary]:
        """Return the sum of all states; several are added up at a time where they keep values, which they sort for it."""

        def added(key: StateKey) -> Summary:
            found = [states.pop(key) for states in self._states if key in states] or [self._blank[key].empty()]
            for other in found[1:]:
                found[0].merge(other)
            return found[0]

        keep_values = any(kind == VALUES for kind, _ in self._blank)
        return dict(zip(self._blank, each(added, self._blank, len(self._states) if keep_values else 1), strict=True))

    def _work(self, states: dict[StateKey, Summary]) -> None:
        while (item := self._inbox.get()) is not None:
            self._places.put(None)
            if not self._failures:
                keys, batch, present, codes = item
                try:
                    for key in keys:
                        if key not in states:
                            states[key] = self._blank[key].empty()
                        self._tables.add(key, _counted(key, batch, present), states[key], codes)
                except BaseException as error:
                    self._failures.append(error)
