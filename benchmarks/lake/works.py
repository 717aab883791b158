"""What is done to a lake. The yardstick is the bare scan: Polars reads every column of both sides and throws it away."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

import lakedrift as ld
from benchmarks.lakes import LakeOnDisk

__all__ = ["BARE_SCAN", "EXACT", "SWEEP", "WORKS"]

BARE_SCAN, SWEEP, EXACT = "bare scan", "sweep", "exact sweep"


def bare_scan(lake: LakeOnDisk) -> int:
    """Read everything, one side after the other; return how many rows there were."""
    rows = 0
    for side in (lake.reference, lake.current):
        for batch in pl.scan_parquet(side, glob=False, hive_partitioning=False).collect_batches(maintain_order=False):
            rows += batch.height
    return rows


def sweep(lake: LakeOnDisk) -> int:
    """Sweep with the defaults: every column, every metric."""
    return _rows(ld.sweep(lake.reference, lake.current))


def exact_sweep(lake: LakeOnDisk) -> int:
    """Sweep with `exact=True`."""
    return _rows(ld.sweep(lake.reference, lake.current, exact=True))


def _rows(comparison: ld.Comparison) -> int:
    comparison.verdicts()  # what a caller looks at is made when asked for
    return comparison.reference.rows + comparison.current.rows


WORKS: dict[str, Callable[[LakeOnDisk], int]] = {BARE_SCAN: bare_scan, SWEEP: sweep, EXACT: exact_sweep}
