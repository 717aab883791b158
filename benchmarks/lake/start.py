"""What a process costs before it does anything: help, the first sweep ever, and every later one.

All are commands as a shell runs them, of an installed package: its modules are compiled to bytecode beforehand, as pip does.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import lakedrift
import lakedrift_kernels
from benchmarks.lakes import Lake, build

__all__ = ["measure"]

POLARS = "import sys, polars; [polars.scan_parquet(side, hive_partitioning=False).collect() for side in sys.argv[1:]]"
COMMAND = "import sys; from lakedrift.cli import main; sys.exit(main())"


def measure(lake: Lake, runs: int) -> dict[str, float]:
    """Return the seconds of whole processes: medians, but of the first sweep ever, of which there is one."""
    built = build(lake)
    sides = [str(built.root / side) for side in ("reference", "current")]
    for package in (lakedrift, lakedrift_kernels):
        compileall.compile_dir(Path(str(package.__file__)).parent, quiet=1)
    sweep = ("sweep", *sides, "--fail-on", "never")
    with tempfile.TemporaryDirectory() as cache:
        first = _seconds(COMMAND, *sweep, cache=cache)
        later = median(_seconds(COMMAND, *sweep, cache=cache) for _ in range(runs))
    return {
        "`lakedrift --help`": median(_seconds(COMMAND, "--help") for _ in range(runs)),
        "Polars reads a small lake": median(_seconds(POLARS, *sides) for _ in range(runs)),
        "the first `lakedrift sweep` ever of that lake, which compiles kernels": first,
        "a later `lakedrift sweep` of it, with kernels from the cache": later,
    }


def _seconds(program: str, *words: str, cache: str | None = None) -> float:
    variables = {} if cache is None else {"LAKEDRIFT_CACHE_DIR": cache}
    start = time.perf_counter()
    command = [sys.executable, "-c", program, *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | variables)
    return time.perf_counter() - start
