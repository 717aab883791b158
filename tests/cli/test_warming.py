"""`lakedrift doctor --warm`, into an empty cache once for all: it leaves no kernel to be compiled later."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hard_columns import hard_columns
from shell import Shell

PROGRAM = """
import importlib, json, pkgutil
import lakedrift_kernels
from lakedrift.warming import warm

warm()
kernels, inner = {}, set()
for module in pkgutil.iter_modules(lakedrift_kernels.__path__):
    found = vars(importlib.import_module(f"lakedrift_kernels.{module.name}"))
    inner |= {name for name in found.keys() - set(found["__all__"]) if hasattr(found[name], "signatures")}
    compiled = {name: found[name] for name in found["__all__"] if hasattr(found[name], "signatures")}
    kernels |= {f"{module.name}.{name}": len(kernel.signatures) for name, kernel in compiled.items()}
kernels = {name: n for name, n in kernels.items() if name.partition(".")[2] not in inner}  # those that kernels call
print(json.dumps([kernels, lakedrift_kernels.is_complete()]))
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache that was empty before it was warmed up."""
    folder = tmp_path_factory.mktemp("cache")
    ran = Shell()("doctor", "--warm", LAKEDRIFT_CACHE_DIR=str(folder))
    told = {line[:10].strip(): line[12:] for line in ran.stdout.splitlines()}
    assert told["warmed up"].endswith(told["kernels"].removesuffix(" (compiled)"))
    assert kept(folder)
    return folder


def kept(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.nb?"))


def test_warm__compiles_every_kernel_that_python_calls(cache: Path) -> None:
    """The same once more, which loads what is there: every kernel has its machine code, none had to be compiled."""
    before = kept(cache)
    environment = Shell().environment | {"LAKEDRIFT_CACHE_DIR": str(cache)}
    ran = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    kernels, complete = json.loads(ran.stdout)
    assert {"strings.locate_short", "tallies.count_named", "tallies.move_strings"} < kernels.keys()
    assert [name for name, signatures in kernels.items() if not signatures] == []
    assert complete
    assert kept(cache) == before


def test_warm__compiles_all_that_a_sweep_needs(cache: Path, shell: Shell, folder: Path) -> None:
    before = kept(cache)
    columns = {name: sides for name, sides in hard_columns().items() if len(sides[0]) == len(sides[1]) == 2_000}
    for side in (0, 1):
        pl.DataFrame({name: sides[side] for name, sides in columns.items()}).write_parquet(folder / f"{side}.parquet")
    words = ["sweep", "0.parquet", "1.parquet", "--exact", "--where", "normal IS NOT NULL"]
    for engine in ("polars", "duckdb", "arrow"):
        ran = shell(*words, "--engine", engine, LAKEDRIFT_CACHE_DIR=str(cache))
        assert ran.returncode == 1
        assert "compiling" not in ran.stderr
    assert kept(cache) == before
