"""Files are written whole or not at all, and refused before the work is done."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from lakedrift.cli.output import canvas, check, write
from lakedrift.errors import UsageError


def test_write__replaces_the_file_and_leaves_nothing_else(folder: Path) -> None:
    path = folder / "result.json"
    path.write_text("old")
    write([b"n", b"ew"], path)
    assert path.read_bytes() == b"new"
    assert [found.name for found in folder.iterdir()] == ["result.json"]


def test_write__has_the_usual_permissions(folder: Path) -> None:
    usual, path = folder / "usual", folder / "result"
    usual.touch()
    write([b"n", b"ew"], path)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_write__follows_a_link(folder: Path) -> None:
    target, link = folder / "target", folder / "link"
    target.write_text("old")
    link.symlink_to(target)
    write([b"n", b"ew"], link)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_write__device_stays_a_device() -> None:
    write([b"n", b"ew"], Path(os.devnull))
    assert not Path(os.devnull).is_file()


def test_write__failure_leaves_the_old_file(folder: Path) -> None:
    path = folder / ("x" * 250)  # leaves no room for the name of the file beside it
    path.write_text("old")
    with pytest.raises(UsageError, match=r"cannot write to .*: File name too long"):
        write([b"n", b"ew"], path)
    assert path.read_text() == "old"


def test_check__binary_needs_a_file_or_a_pipe(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    check(None, binary=False)
    check(folder / "x.parquet", binary=True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with pytest.raises(UsageError, match="not text"):
        check(None, binary=True)


@pytest.mark.parametrize(
    ("variables", "colour"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False), ({"NO_COLOR": "1"}, False)],
)
def test_canvas__colour_without_a_terminal(
    variables: dict[str, str], colour: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert canvas(None).colour is colour
    assert canvas(folder / "x").colour is False


def test_canvas__width(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "61")
    assert canvas(None).width == 61
    assert canvas(folder / "x").width == 100
