"""Where the result goes: a file, written whole or not at all, or stdout."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path

from lakedrift.errors import UsageError
from lakedrift.report import Canvas

__all__ = ["canvas", "check", "write"]

WIDTH = 100  # where there is no terminal to ask


def canvas(path: Path | None) -> Canvas:
    """Return what the result is drawn on: the terminal as it is, or a plain page."""
    if path is not None:
        return Canvas(WIDTH, colour=False)
    return Canvas(shutil.get_terminal_size((WIDTH, 24)).columns, colour=_colour())


def check(path: Path | None, *, binary: bool) -> None:
    """Refuse, before anything is read, what could not be written in the end.

    Raises
    ------
    UsageError
        If the folder of `path` is not there, `path` is a folder, or `binary` bytes would go to a terminal.
    """
    if path is None:
        if binary and sys.stdout is not None and sys.stdout.isatty():
            msg = "this format is not text"
            raise UsageError(msg, hint="name a file with -o FILE, or redirect the output")
        return
    if path.is_dir():
        raise _refused(path, "it is a folder")
    if not path.parent.is_dir():
        raise _refused(path, "its folder does not exist")


def write(pieces: Iterable[bytes], path: Path | None) -> None:
    """Write the result, piece by piece as it is made.

    Raises
    ------
    UsageError
        If it cannot be written; a file that was there before is then as it was.
    """
    try:
        if path is None:
            _write_out(pieces)
        elif path.exists() and not path.is_file():
            _pour(pieces, path)  # a pipe or a device has no whole or half
        else:
            _replace(path.resolve(), pieces)
    except BrokenPipeError:
        pass  # the reader has seen enough
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error


def _replace(path: Path, pieces: Iterable[bytes]) -> None:
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        _pour(pieces, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _pour(pieces: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as file:
        file.writelines(pieces)


def _write_out(pieces: Iterable[bytes]) -> None:
    if sys.stdout is None:
        return
    sys.stdout.flush()
    for piece in pieces:
        if sys.stdout.isatty():  # a terminal may not know all signs; a file or program gets UTF-8
            piece = piece.decode().encode(sys.stdout.encoding, "replace")
        sys.stdout.buffer.write(piece)
    sys.stdout.flush()


def _colour() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _refused(path: Path | None, why: str) -> UsageError:
    return UsageError(f"cannot write to {path or 'stdout'}: {why}")
