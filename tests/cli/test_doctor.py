"""`lakedrift doctor`: all that a report of a bug needs, and 3 where something is missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from shell import Shell

from lakedrift.cli import main


def facts(page: str) -> dict[str, str]:
    return {line[:10].strip(): line[12:] for line in page.splitlines()}


def test_doctor__healthy(folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["doctor"]) == 0
    told = facts(capfd.readouterr().out)
    assert list(told) == [
        "python",
        "lakedrift",
        "numpy",
        "polars",
        "pyarrow",
        "numba",
        "scipy",
        "machine",
        "kernels",
        "duckdb",
        "demo data",
    ]
    assert all(told[name][0].isdigit() for name in ("python", "numpy", "polars", "pyarrow", "numba", "scipy"))
    assert " cores · " in told["machine"]


def test_doctor__broken_package_exits_3(shell: Shell, folder: Path) -> None:
    (folder / "scipy.py").write_text("raise ImportError('broken for the test')\n")
    ran = shell("doctor", PYTHONPATH=str(folder) + os.pathsep + shell.environment["PYTHONPATH"])
    assert ran.returncode == 3
    assert facts(ran.stdout)["scipy"] == "cannot be imported: ImportError: broken for the test"
    assert facts(ran.stdout)["kernels"] == "unknown"


def test_doctor__says_where_kernels_are_kept(shell: Shell, folder: Path) -> None:
    told = facts(shell("doctor", LAKEDRIFT_CACHE_DIR=str(folder)).stdout)
    assert told["kernels"].startswith(str(folder))
    assert "not compiled yet" in told["kernels"]
    (folder / "file").touch()
    told = facts(shell("doctor", LAKEDRIFT_CACHE_DIR=str(folder / "file")).stdout)
    assert told["kernels"].startswith("there is no safe folder for a cache")
