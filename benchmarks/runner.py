"""Runs one peer in the peer's own environment, which need not have lakedrift: nothing but the standard library is used here.

    python -I benchmarks/runner.py NAME JOB RESULT

NAME is a file of `peers/`, which has

- `PACKAGE`, the distribution whose version is reported,
- `load(files)`, which returns one side of a lake as the peer wants it, and
- `drift(reference, current)`, which returns a number a column, by the name of the statistic: `{"ks": {"price": 0.1}}`.

JOB is a JSON file: `reference` and `current`, lists of files; `runs`, at most so many; `seconds`, no further run begins after
so many; `memory`, how many bytes the process may take. Imports are not timed, loading and computing are, apart.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import math
import resource
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any


def main() -> None:
    name, job, result = sys.argv[1:]
    given = json.loads(Path(job).read_text(encoding="utf-8"))
    resource.setrlimit(resource.RLIMIT_DATA, (given["memory"], given["memory"]))
    Path(result).write_text(json.dumps(run(peer(name), given)), encoding="utf-8")


def peer(name: str) -> ModuleType:
    """Import a file of `peers/`, under a name that hides no package of the same name."""
    spec = importlib.util.spec_from_file_location(f"peer_{name}", Path(__file__).parent / "peers" / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # what a peer sends to its processes is found by it
    spec.loader.exec_module(module)
    return module


def run(module: ModuleType, job: dict[str, Any]) -> dict[str, Any]:
    loading: list[float] = []
    computing: list[float] = []
    while len(loading) < job["runs"] and (not loading or sum(loading) + sum(computing) < job["seconds"]):
        start = time.perf_counter()
        reference, current = module.load(job["reference"]), module.load(job["current"])
        middle = time.perf_counter()
        found = module.drift(reference, current)
        computing.append(time.perf_counter() - middle)
        loading.append(middle - start)
        del reference, current
    return {
        "version": importlib.metadata.version(module.PACKAGE),
        "load_seconds": loading,
        "compute_seconds": computing,
        "peak_bytes": peak_bytes(),
        "statistics": {metric: _plain(values) for metric, values in found.items()},
    }


def peak_bytes() -> int | None:
    """Return the most memory this process held, unlike `ru_maxrss` without what its parent held; None where unknown."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), None)


def _plain(values: dict[str, Any]) -> dict[str, float | None]:
    return {column: float(value) if math.isfinite(value) else None for column, value in values.items()}


if __name__ == "__main__":
    main()
