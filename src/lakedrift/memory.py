"""The memory budget: how much a run may take above what the process holds when it begins, and who gets which part of it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lakedrift.errors import ConfigError, ResourceError
from lakedrift.text import plural, size

__all__ = ["LIBRARIES", "Shares", "budget", "default_budget", "share_out"]

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}
SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", re.IGNORECASE)
LIBRARIES = 160 << 20  # what they take when they begin to work: code, pools of threads, compiled kernels
READING = 64 << 20  # less is too little for any reader
LEAST = LIBRARIES + READING
TABLE_BYTES = 40  # a cell of a grid, in all of its tables
CATEGORIES = 2 << 20  # a state of categories, as a rule: one at its limit of 65,536 values and 4 MiB holds 24 MB
CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
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


def budget(given: int | str | None) -> int:
    """Return a budget in bytes, as given (`2_000_000_000`, `"2GB"`, `"512MiB"`), or that of this machine.

    Raises
    ------
    ConfigError
        If it is no size, or none that anything can be done with.
    """
    if given is None:
        return default_budget()
    found = given if isinstance(given, int) else _parsed(given)
    if found < LEAST:
        msg = f"memory: {given!r} is less than the {size(LEAST)} that reading takes at least"
        raise ConfigError(msg)
    return found


def default_budget() -> int:
    """Return half of what this machine, or the container that it is, has."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else []
    for file in CGROUP_LIMITS:
        try:
            limits.append(int(Path(file).read_text(encoding="ascii")))
        except (OSError, ValueError):  # there is none, or it is "max"
            continue
    return max(LEAST, min(limits, default=UNKNOWN_MACHINE) // 2)


def share_out(memory: int, states: Iterable[Any], threads: int) -> Shares:
    """Divide a budget between counting, which takes what it takes, and reading, which takes what there is.

    Parameters
    ----------
    memory
        The budget, in bytes.
    states
        The summaries of one side, empty.
    threads
        How many of them count side by side.

    Raises
    ------
    ResourceError
        If there is too little left to read with.
    """
    counted = list(states)
    held = sum(map(_state_bytes, counted)) * (threads + 2) + sum(map(_shared_bytes, counted))
    left = memory - LIBRARIES - held
    if left < READING:
        msg = (
            f"{plural(len(counted), 'column')} counted by {plural(threads, 'thread')} take {size(held)}, "
            f"beside {size(LIBRARIES + READING)} for reading, and the budget is {size(memory)}"
        )
        raise ResourceError(msg, hint="give more --memory, use fewer --threads, or choose columns with --feature or --exclude")
    return Shares(held, min(left // 2, memory // 4), left)


def _state_bytes(state: Any) -> int:
    arrays = sum(part.nbytes for part in vars(state).values() if isinstance(part, np.ndarray))
    return arrays + (CATEGORIES if state.KIND == "frequencies" else 0)


def _shared_bytes(state: Any) -> int:
    """Return what the tables of its grid take, which all states on it share."""
    grid = getattr(state, "binning", None)
    return 0 if grid is None else TABLE_BYTES * grid.n_cells


def _parsed(text: str) -> int:
    match = SIZE.fullmatch(text)
    if match is None:
        msg = f"memory: {text!r} is no size"
        raise ConfigError(msg, hint="write 2GB or 512MiB")
    return math.floor(float(match[1]) * UNITS[(match[2] or "").lower()])
