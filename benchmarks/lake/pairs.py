"""Works on one lake, run in turn in one process, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from benchmarks.lake.memory import peak_of
from benchmarks.lake.works import BARE_SCAN, WORKS
from benchmarks.lakes import Lake, build

__all__ = ["Cost", "measure"]

TERABYTE, HOUR = 1e12, 3600.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a work costs on a lake.

    Attributes
    ----------
    seconds
        Median of the runs.
    ratio
        To the bare scan: the median over the turns of the ratio within a turn.
    core_hours
        Processor time of all threads for a terabyte as stored; the median of the runs.
    peak_bytes
        Resident memory above the imports, None where unknown.
    turns
        How many runs these are the medians of.
    """

    seconds: float
    ratio: float
    core_hours: float
    peak_bytes: int | None
    turns: int


def measure(lake: Lake, runs: int, seconds: float) -> tuple[int, dict[str, Cost]]:
    """Return the bytes of a lake on disk, and by work what it costs.

    Each is done once to warm up; then come up to `runs` turns of all, of which none but the first begins after `seconds`.
    """
    built = build(lake)
    for work in WORKS.values():
        work(built)
    wall: dict[str, list[float]] = {name: [] for name in WORKS}
    processor: dict[str, list[float]] = {name: [] for name in WORKS}
    began = time.perf_counter()
    for turn in range(runs):
        if turn and time.perf_counter() - began > seconds:
            break
        for name, work in WORKS.items():
            start, busy = time.perf_counter(), time.process_time()
            rows = work(built)
            wall[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - busy)
            if rows != 2 * lake.rows:
                msg = f"{name}: {rows} rows of {2 * lake.rows}"
                raise RuntimeError(msg)
    return built.bytes, {
        name: Cost(
            seconds=median(wall[name]),
            ratio=median(mine / bare for mine, bare in zip(wall[name], wall[BARE_SCAN], strict=True)),
            core_hours=median(processor[name]) / HOUR / (built.bytes / TERABYTE),
            peak_bytes=peak_of(name, built),
            turns=len(wall[name]),
        )
        for name in WORKS
    }
