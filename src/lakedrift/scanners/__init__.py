"""The scanners, one a file, each with its class in the constant `SCANNER`. `open_scanner` is the way in."""

from __future__ import annotations

from importlib import import_module

from lakedrift.errors import UnknownNameError, UsageError
from lakedrift.scanner import Scanner

__all__ = ["ENGINES", "open_scanner"]

ENGINES = ("polars", "duckdb", "arrow")


def open_scanner(engine: str, threads: int, memory: int) -> Scanner:
    """Return the scanner of that name.

    Parameters
    ----------
    engine
        One of `ENGINES`.
    threads
        How many threads it may have, where it can be told.
    memory
        Bytes that it may take, where it can be told.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    UsageError
        If it is not installed.
    """
    if engine not in ENGINES:
        raise UnknownNameError.among(what="engine", name=engine, known=ENGINES)
    try:
        scanner: Scanner = import_module(f"lakedrift.scanners.{engine}").SCANNER(threads, memory)
    except ImportError as error:
        msg = f"the engine {engine!r} cannot be used: {error}"
        raise UsageError(msg, hint=f"pip install 'lakedrift[{engine}]'") from error
    return scanner
