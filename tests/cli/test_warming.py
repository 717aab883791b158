"""`lakedrift doctor --warm`, into an empty cache once for all: it leaves no kernel to be compiled later.

A second process does all that one could: sweeps first, as it comes, and then everything again, and compiles nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from hard_columns import hard_columns
from shell import Shell

PROGRAM = """
import importlib, json, pathlib, pkgutil, sys
import lakedrift_kernels
from lakedrift.cli import main
from lakedrift.warming import warm

words = ["sweep", "0.parquet", "1.parquet", "--exact", "--where", "normal IS NOT NULL"]
codes = [main([*words, "--engine", engine]) for engine in ("polars", "duckdb", "arrow")]
swept = sorted(map(str, pathlib.Path(sys.argv[1]).rglob("*.nb?")))
warm()
kernels, inner = {}, set()
for module in pkgutil.iter_modules(lakedrift_kernels.__path__):
    found = vars(importlib.import_module(f"lakedrift_kernels.{module.name}"))
    inner |= {name for name in found.keys() - set(found["__all__"]) if hasattr(found[name], "signatures")}
    compiled = {name: found[name] for name in found["__all__"] if hasattr(found[name], "signatures")}
    kernels |= {f"{module.name}.{name}": len(kernel.signatures) for name, kernel in compiled.items()}
kernels = {name: n for name, n in kernels.items() if name.partition(".")[2] not in inner}  # those that kernels call
compiler = sorted({"numba.np.arraymath", "numba.np.linalg", "numba.typed.typeddict"} & sys.modules.keys())
complete = lakedrift_kernels.is_complete()
print(json.dumps({"codes": codes, "swept": swept, "kernels": kernels, "complete": complete, "compiler": compiler}))
"""


@dataclass(frozen=True)
class Later:
    """What a process with the cache did: exit codes, the cache after its sweeps, and how many signatures kernels have.

    `compiler` are modules that Numba imported and that only compiling needs.
    """

    codes: list[int]
    swept: list[str]
    kernels: dict[str, int]
    complete: bool
    compiler: list[str]
    said: str


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache that was empty before it was warmed up."""
    folder = tmp_path_factory.mktemp("cache")
    ran = Shell()("doctor", "--warm", LAKEDRIFT_CACHE_DIR=str(folder))
    told = {line[:10].strip(): line[12:] for line in ran.stdout.splitlines()}
    assert told["warmed up"].endswith(told["kernels"].removesuffix(" (compiled)"))
    assert kept(folder)
    return folder


@pytest.fixture(scope="module")
def before(cache: Path) -> list[str]:
    return kept(cache)


@pytest.fixture(scope="module")
def later(cache: Path, before: list[str], tmp_path_factory: pytest.TempPathFactory) -> Later:
    folder = tmp_path_factory.mktemp("sides")
    columns = {name: sides for name, sides in hard_columns().items() if len(sides[0]) == len(sides[1]) == 2_000}
    for side in (0, 1):
        pl.DataFrame({name: sides[side] for name, sides in columns.items()}).write_parquet(folder / f"{side}.parquet")
    environment = Shell().environment | {"LAKEDRIFT_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", PROGRAM, str(cache)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=folder)
    return Later(**json.loads(ran.stdout.splitlines()[-1]), said=ran.stderr)


def kept(cache: Path) -> list[str]:
    return sorted(map(str, cache.rglob("*.nb?")))


def test_warm__compiles_every_kernel_that_python_calls(cache: Path, before: list[str], later: Later) -> None:
    """The same once more, which loads what is there: every kernel has its machine code, none had to be compiled."""
    assert {"strings.locate_short", "tallies.count_named", "tallies.move_strings"} < later.kernels.keys()
    assert [name for name, signatures in later.kernels.items() if not signatures] == []
    assert later.complete
    assert kept(cache) == before


def test_warm__compiles_all_that_a_sweep_needs(before: list[str], later: Later) -> None:
    assert later.codes == [1, 1, 1]
    assert "compiling" not in later.said
    assert later.swept == before


def test_kernels__from_the_cache_are_loaded_without_the_compiler(later: Later) -> None:
    """Numba imports all that it can compile, for a third of a second, before it loads a kernel, unless it is kept from it."""
    assert later.compiler == []
