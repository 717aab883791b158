"""Where benchmarks keep what takes long to make: lakes, environments of peers, results."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["folder"]


def folder(name: str) -> Path:
    """Return the folder of that name in the user's cache, made if need be."""
    chosen = os.environ.get("LAKEDRIFT_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    root = Path(chosen) if chosen else Path.home() / ".cache"
    found = root / "lakedrift" / "benchmarks" / name
    found.mkdir(parents=True, exist_ok=True)
    return found
