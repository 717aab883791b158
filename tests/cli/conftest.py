"""What the tests of the command line share: a lake, an empty folder and a shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from shell import Shell
from small_lake import SmallLake, write_lake


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return write_lake(tmp_path_factory.mktemp("orders"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder to work in, where nothing is known of the terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def shell(folder: Path) -> Shell:
    return Shell()
