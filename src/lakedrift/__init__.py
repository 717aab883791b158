"""Measure data drift over whole data lakes: every feature, one scan, guaranteed bounds.

A lake is scanned once into mergeable summaries; everything else is a pure function of summaries.

>>> import lakedrift as ld
>>> ld.sweep("lake/2026-08", "lake/2026-09").drifted  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakedrift.api import compare, load, merge, profile, sweep
    from lakedrift.comparison import Comparison
    from lakedrift.errors import LakedriftError
    from lakedrift.profiles import Profile

    __version__: str

__all__ = ["Comparison", "LakedriftError", "Profile", "__version__", "compare", "load", "merge", "profile", "sweep"]

HOMES = {
    **dict.fromkeys(("compare", "load", "merge", "profile", "sweep"), "lakedrift.api"),
    "Comparison": "lakedrift.comparison",
    "LakedriftError": "lakedrift.errors",
    "Profile": "lakedrift.profiles",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the command line must answer `--help` without loading an engine."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("lakedrift")
    if name not in HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(HOMES[name]), name)
