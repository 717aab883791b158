"""The memory budget: how much a run may take above what the process holds when it begins, and who gets which part of it."""

from __future__ import annotations

import math
import operator
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lakedrift.errors import ConfigError, ResourceError
from lakedrift.summary import TwoDigits
from lakedrift.text import plural, size

__all__ = [
    "LIBRARIES",
    "NO_GROUPS",
    "GroupedCounts",
    "Shares",
    "budget",
    "check_comparison",
    "check_table",
    "default_budget",
    "share_out",
]

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}
SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", re.IGNORECASE)
LIBRARIES = 160 << 20  # what they take when they begin to work: code, pools of threads, compiled kernels
READING = 64 << 20  # less is too little for any reader
ENOUGH = LIBRARIES + READING + (32 << 20)  # with the counts of a few columns
LOW_BYTES = 2  # of a count by group
TABLE_BYTES = 40  # a cell of a grid, in all of its tables
CATEGORIES = 2 << 20  # a state of categories, as a rule: one at its limit of 65,536 values and 4 MiB holds 24 MB
OWN_CGROUP = Path("/proc/self/cgroup")
CGROUP_LIMITS = {  # by the controllers that the lines of version 2 and 1 name
    "": (Path("/sys/fs/cgroup"), "memory.max"),
    "memory": (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
}
MEASURE_BYTES = 24  # a metric of a row: 16 to 23.5 by kind of column, as metrics share what they have in common
VERDICT_BYTES = 80  # a feature of a row, while verdicts are ranked
UNKNOWN_MACHINE = 4 << 30


@dataclass(frozen=True, slots=True)
class Shares:
    """What a budget is for, in bytes.

    Attributes
    ----------
    states
        Counts: those of every thread, and those of the side that is finished.
    values
        What a second scan may keep.
    reading
        All that a reader holds: pages, batches, and columns that wait to be counted.
    """

    states: int
    values: int
    reading: int


@dataclass(frozen=True, slots=True)
class GroupedCounts:
    """How many groups there are, and the bytes of their counts."""

    groups: int = 0
    bytes: int = 0

    @classmethod
    def of(cls, tables: Iterable[tuple[int, Iterable[Any]]]) -> Self:
        """Return the sum over tables: the number of groups of each, and its states, of any number of groups."""
        sizes = [(n, n * sum(map(_group_bytes, states))) for n, states in tables]
        return cls(sum(n for n, _ in sizes), sum(held for _, held in sizes))


NO_GROUPS = GroupedCounts()


def budget(given: int | str | None) -> int:
    """Return a budget in bytes, as given (`2_000_000_000`, `"2GB"`, `"512MiB"`), or that of this machine.

    Raises
    ------
    ConfigError
        If it is no size, or none that anything can be done with.
    """
    if given is None:
        return default_budget()
    found = _parsed(given) if isinstance(given, str) else _whole(given)
    if found < ENOUGH:
        msg = f"memory: {given!r} is less than {size(ENOUGH)}, the least that any run takes"
        raise ConfigError(msg, hint=f"give at least --memory {ENOUGH >> 20}MiB; wide tables take more")
    return found


def default_budget() -> int:
    """Return half of what this machine, or the container that it is, has."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else []
    for file in _cgroup_files():
        try:
            limits.append(int(file.read_text(encoding="ascii")))
        except (OSError, ValueError):  # there is none, or it is "max"
            continue
    return min(limits, default=UNKNOWN_MACHINE) // 2


def share_out(memory: int, states: Iterable[Any], threads: int, grouped: GroupedCounts = NO_GROUPS) -> Shares:
    """Divide a budget between counting, which takes what it takes, and reading, which takes what there is.

    Parameters
    ----------
    memory
        The budget, in bytes.
    states
        The summaries of one side, empty.
    threads
        How many of them count side by side.
    grouped
        The counts by group of one side, which all threads share.

    Raises
    ------
    ResourceError
        If there is too little left to read with.
    """
    counted = list(states)
    held = sum(map(_state_bytes, counted)) * (threads + 2) + sum(map(_shared_bytes, counted))
    left = memory - LIBRARIES - held - 2 * grouped.bytes
    if left < READING and left + 2 * grouped.bytes >= READING:
        msg = (
            f"{grouped.groups:,} groups take {size(2 * grouped.bytes)} for both sides, "
            f"beside {size(LIBRARIES + READING + held)} for all else, and the budget is {size(memory)}"
        )
        raise ResourceError(msg, hint="give more --memory, or make fewer groups: --max-segments N --fold, or longer windows")
    if left < READING:
        msg = (
            f"{plural(len(counted), 'column')} counted by {plural(threads, 'thread')} take {size(held)}, "
            f"beside {size(LIBRARIES + READING)} for reading, and the budget is {size(memory)}"
        )
        raise ResourceError(msg, hint="give more --memory, use fewer --threads, or choose columns with --feature or --exclude")
    return Shares(held + 2 * grouped.bytes, left // 2, left)


def check_comparison(rows: int, measures: int, features: int, memory: int) -> None:
    """Refuse to hold so many measures of so many rows, of so many features, and to rank their verdicts, before any is made.

    Raises
    ------
    ResourceError
        Saying how many there are.
    """
    held = rows * (measures * MEASURE_BYTES + features * VERDICT_BYTES)
    if held > memory:
        msg = (
            f"{rows:,} segments and windows, each compared by {plural(measures, 'metric')} of all features together, "
            f"take {size(held)}, and the budget is {size(memory)}"
        )
        hint = "give more --memory, choose columns with --feature or --exclude, fewer metrics with --metric, or longer windows"
        raise ResourceError(msg, hint=hint)


def check_table(rows: int, each: int, memory: int | None) -> None:
    """Refuse to make a table of so many rows, of so many bytes each, that memory should not hold; None is half of this machine.

    Raises
    ------
    ResourceError
        Saying how many there are.
    """
    limit = default_budget() if memory is None else memory
    if rows * each > limit:
        msg = f"a table of {rows:,} rows may take {size(rows * each)}, and the budget is {size(limit)}"
        hint = "take it in pieces, tables() or verdict_tables(), write a report, as --format parquet does, or give more memory="
        raise ResourceError(msg, hint=hint)


def _state_bytes(state: Any) -> int:
    return sum(part.nbytes for part in _arrays(state)) + (CATEGORIES if state.KIND == "frequencies" else 0)


def _group_bytes(state: Any) -> int:
    """Return what one group takes: for each count its low digit too, while rows are counted."""
    counts = (part for part in _arrays(state) if part.dtype == np.int64)
    return sum(math.prod(part.shape[1:]) * (part.itemsize + LOW_BYTES) for part in counts)


def _arrays(state: Any) -> Iterator[NDArray[Any]]:
    for part in vars(state).values():
        held = part.counts if isinstance(part, TwoDigits) else part
        if isinstance(held, np.ndarray):
            yield held


def _shared_bytes(state: Any) -> int:
    """Return what the tables of its grid take, which all states on it share."""
    grid = getattr(state, "binning", None)
    return 0 if grid is None else TABLE_BYTES * grid.n_cells


def _whole(given: Any) -> int:
    try:
        return operator.index(given)
    except TypeError:
        msg = f"memory: {given!r} is no size"
        raise ConfigError(msg, hint="give whole bytes, or write 2GB or 512MiB") from None


def _cgroup_files() -> list[Path]:
    """Return where the limits of this process's group, and of those that it is in, would be."""
    files = []
    try:
        lines = OWN_CGROUP.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    own = {kinds: path for _, kinds, path in (line.split(":", 2) for line in lines if line.count(":") >= 2)}
    for kinds, (folder, name) in CGROUP_LIMITS.items():
        inside = Path(own.get(kinds, "/").lstrip("/"))
        files += [folder / part / name for part in (inside, *inside.parents)]
    return files


def _parsed(text: str) -> int:
    match = SIZE.fullmatch(text)
    if match is None:
        msg = f"memory: {text!r} is no size"
        raise ConfigError(msg, hint="write 2GB or 512MiB")
    return math.floor(float(match[1]) * UNITS[(match[2] or "").lower()])
