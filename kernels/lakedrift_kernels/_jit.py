"""The one place with compiler flags, and the cache that compiled kernels are kept in.

A kernel takes NumPy arrays and fills NumPy arrays. It allocates nothing (`_nrt`), holds no lock (`nogil`), starts no thread,
and never lets a value become an index unchecked. Numba's cache sees edits of a kernel's own file only, and does not see the
machine it is moved to, so the cache directory is keyed by every kernel source, the versions and the processor; it is private
to the user because a cache entry is code.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import llvmlite
import numba
import numpy as np
from numba.core.caching import FunctionCache
from numba.extending import register_jitable

CONFIG: Any = numba.config
OPTIONS: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}  # no C code calls these
P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["cache_directory", "inner", "is_complete", "is_warm", "kernel", "mark_complete"]

COMPLETE = "complete"  # an empty file beside the kernels: all that a sweep can need are there


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` at its first call, without the GIL, caching the machine code where that is safe."""
    compiled = numba.njit(nogil=True, **OPTIONS)(function)
    directory = cache_directory()
    if directory is not None and hasattr(compiled, "enable_caching"):
        kept, CONFIG.CACHE_DIR = CONFIG.CACHE_DIR, str(directory)
        try:
            compiled._cache = _Shelf(function)  # type: ignore[no-untyped-call]  # noqa: SLF001 -- as `enable_caching` does
        except (RuntimeError, OSError):
            pass  # no usable cache location: every process compiles for itself
        finally:
            CONFIG.CACHE_DIR = kept
    return cast("Callable[P, R]", compiled)


def inner(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` into the kernels that call it and nowhere else: called from Python, it runs as Python.

    It costs no wrapper and no file, and is compiled for the types of its arguments alone, not once more for a literal zero.
    Numba's `inline="always"` would copy its code into theirs, and compile them for up to forty times as long.
    """
    register_jitable(**OPTIONS)(function)
    return function


class _Shelf(FunctionCache):
    """Numba's cache, but that a kernel is loaded without what Numba needs to compile one: a third of a second of imports."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the kernel for these types, None where it was never compiled."""
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


@functools.cache
def cache_directory() -> Path | None:
    """Return the private directory of compiled kernels, made if need be, or None where none is safe to use."""
    chosen = os.environ.get("LAKEDRIFT_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    try:
        root = Path(chosen) if chosen else Path.home() / ".cache"
        directory = root / "lakedrift" / f"kernels-{_fingerprint()}"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return directory if _is_private(directory) else None
    except (OSError, RuntimeError):
        return None


def is_warm() -> bool:
    """Whether some kernels of this very version are already on disk, as after a first sweep; others may be missing."""
    directory = cache_directory()
    return directory is not None and any(directory.rglob("*.nbi"))


def is_complete() -> bool:
    """Whether all kernels of this very version are on disk, as `mark_complete` said."""
    directory = cache_directory()
    return directory is not None and (directory / COMPLETE).is_file()


def mark_complete() -> None:
    """Remember that every kernel was compiled into the cache, if there is one."""
    directory = cache_directory()
    if directory is not None:
        (directory / COMPLETE).touch()


def _is_private(directory: Path) -> bool:
    if not hasattr(os, "geteuid"):
        return os.access(directory, os.W_OK)
    found = directory.lstat()
    owned = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return owned and not found.st_mode & 0o022 and os.access(directory, os.W_OK)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    checked = str(CONFIG.BOUNDSCHECK)  # checked and unchecked code must not share a cache
    versions = (sys.version, np.__version__, numba.__version__, llvmlite.__version__, platform.machine(), _processor(), checked)
    digest.update("\0".join(versions).encode())
    return digest.hexdigest()[:16]


def _processor() -> str:
    return str(llvmlite.binding.get_host_cpu_name())
