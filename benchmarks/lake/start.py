"""What a process costs before it does anything: help, the first sweep ever, and every later one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from benchmarks.lakes import Lake, build

__all__ = ["measure"]

POLARS = "import sys, polars; [polars.scan_parquet(side, hive_partitioning=False).collect() for side in sys.argv[1:]]"
SWEEP = "import sys, lakedrift; lakedrift.sweep(*sys.argv[1:], exact=True).verdicts()"
HELP = "from lakedrift.cli import main; main()"


def measure(lake: Lake, runs: int) -> dict[str, float]:
    """Return the seconds of whole processes: medians, but of the first sweep ever, of which there is one."""
    built = build(lake)
    sides = [str(built.root / side) for side in ("reference", "current")]
    with tempfile.TemporaryDirectory() as cache:
        first = _seconds(SWEEP, *sides, cache=cache)
        later = median(_seconds(SWEEP, *sides, cache=cache) for _ in range(runs))
    return {
        "`lakedrift --help`": median(_seconds(HELP, "--help") for _ in range(runs)),
        "Polars reads a small lake": median(_seconds(POLARS, *sides) for _ in range(runs)),
        "the first sweep ever of that lake, which compiles kernels": first,
        "a later sweep of it, with kernels from the cache": later,
    }


def _seconds(program: str, *words: str, cache: str | None = None) -> float:
    variables = {} if cache is None else {"LAKEDRIFT_CACHE_DIR": cache}
    start = time.perf_counter()
    command = [sys.executable, "-c", program, *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | variables)
    return time.perf_counter() - start
