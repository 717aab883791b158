"""The README tells the truth: its examples are run, and what they print is what it shows."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lakedrift as ld
import lakedrift.cli
from lakedrift import config, metric, threshold
from lakedrift.demo import build_lake
from lakedrift.performance import performances
from lakedrift.performing import RANKING

PAGE = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
MEASURED = re.compile(r"[\d.]+ [kM]B · (\d+ min )?[\d.]+ s · [\d.,]+( M)? rows/s")
FRAME = re.compile(r"[\s│╭╮╰╯─]+")


def block(label: str) -> str:
    """Return the fenced block that follows a comment."""
    found = re.search(rf"<!-- {re.escape(label)} -->\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, label
    return found[1]


def table(header: str) -> list[list[str]]:
    """Return the rows of the table that begins with `header`, as cells."""
    lines = PAGE.partition(f"| {header} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(scope="module")
def cache() -> Path:
    """Return the cache that everything uses, with the flights in it: in another one, kernels would be compiled anew."""
    return build_lake().root.parents[3]


def run(cache: Path, *words: str, columns: int, cwd: Path | None = None) -> str:
    environment = {**os.environ, "LAKEDRIFT_CACHE_DIR": str(cache), "COLUMNS": str(columns)}
    command = [sys.executable, "-m", "lakedrift", *words]
    return subprocess.run(command, env=environment, check=True, capture_output=True, encoding="utf-8", cwd=cwd).stdout


def test_demo__prints_what_the_page_shows(cache: Path) -> None:
    printed = run(cache, "demo", columns=100).replace(str(cache), "~/.cache")
    assert MEASURED.sub("…", "$ lakedrift demo\n" + printed) == MEASURED.sub("…", block("demo"))


def test_groups__are_told_as_the_page_shows(cache: Path) -> None:
    shown = block("groups")
    words = shlex.split(shown.splitlines()[0])[2:]
    printed = run(cache, *words, columns=100, cwd=build_lake(cache).root)
    assert MEASURED.sub("…", printed) == MEASURED.sub("…", shown.partition("\n")[2])


def test_groups__of_a_session_split_the_drift(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(build_lake(cache).root.parent)
    names: dict[str, Any] = {"ld": ld}
    exec(block("groups session").replace("```python", ""), names)
    found = names["comparison"].split("arr_delay", "carrier")
    assert found.mix + found.within == pytest.approx(found.size, abs=1e-12)


def test_segments__are_told_as_the_page_shows(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(build_lake(cache).root.parent)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(block("segments session"), {"ld": ld})
    assert printed.getvalue() == block("segments session output")
    assert len(printed.getvalue().splitlines()) < 10


def test_correlations__of_a_session_are_listed_by_pair(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(build_lake(cache).root)
    names: dict[str, Any] = {"ld": ld}
    exec(block("correlations session").replace("```python", ""), names)
    assert len(names["comparison"].correlations()) == 6


def test_session__prints_what_the_page_shows(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEDRIFT_CACHE_DIR", str(cache))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(block("session"), {})
    assert printed.getvalue() == block("session output")


def test_help__is_what_the_page_shows(cache: Path) -> None:
    assert FRAME.sub(" ", run(cache, "sweep", "--help", columns=100)) == FRAME.sub(" ", block("lakedrift sweep --help"))


def test_speed__is_what_was_measured() -> None:
    told = PAGE.split("<!-- speed -->\n")[1].split("\n\n")[0]
    measured = (Path(__file__).parents[1] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    headline = next(line for line in measured.splitlines() if line.startswith("- "))
    assert [number for number in re.findall(r"\d[\d,.]*\d", told) if number not in headline] == []


def test_exit_codes__are_those_of_the_program() -> None:
    assert lakedrift.cli.__doc__ is not None
    known = dict(re.findall(r"^ +(\d+)  (\S.*)$", lakedrift.cli.__doc__, re.MULTILINE))
    assert {code for code, _ in table("exit code")} == set(known)


def test_limits__are_the_defaults() -> None:
    limits = threshold.Thresholds.of(None, [])
    told = {}
    for kinds, names, warning, critical in table("columns"):
        for kind in ["numeric", "categorical", "boolean"] if kinds == "all" else kinds.split(", "):
            told |= {(kind, name): (float(warning), float(critical)) for name in re.findall(r"`(\w+)`", names)}
    pairs = ((kind, name) for kind in ("numeric", "categorical", "boolean") for name in metric.discover())
    found = ((pair, limits.limit("any", *pair)) for pair in pairs)
    assert told == {pair: (limit.warning, limit.critical) for pair, limit in found if limit is not None}


def test_metrics__are_all_named() -> None:
    assert [name for name in [*metric.discover(), *performances(), RANKING] if f"`{name}`" not in PAGE] == []


def test_limits__of_a_model_are_the_defaults() -> None:
    limits = threshold.Thresholds.of(None, [])
    told = {
        name: (float(warning), float(critical))
        for _, names, warning, critical in table("model of")
        for name in re.findall(r"`(\w+)`", names)
    }
    found = {name: limits.limit("any", "model", name) for name in [*performances(), RANKING]}
    assert told == {name: (limit.warning, limit.critical) for name, limit in found.items() if limit is not None}


def test_configuration__is_read_as_the_page_says(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "lakedrift.toml"
    file.write_text(example, encoding="utf-8")
    orders = config.load(file, table="orders")
    assert orders.reference == str(tmp_path / "lake/orders/2026-08")
    assert orders.grouping == {
        "by": ["country", ["country", "device"]],
        "max_segments": 1000,
        "fold": True,
        "time": "created_at",
        "every": "1d",
        "against": ["reference", "season:1w"],
        "gate": "segments",
    }
    assert orders.kinds == {"zip": "categorical"}
    assert orders.roles == {"score": "p_returned", "label": "returned"}
    assert orders.thresholds == {
        "psi": {"warning": 0.1, "critical": 0.25},
        "null_rate": {"warning": 0.01, "critical": 0.05},
        "features": {"*_delay": {"ks": {"warning": 0.05, "critical": 0.15}}},
    }


def test_links__lead_somewhere() -> None:
    root = Path(__file__).parents[1]
    targets = re.findall(r"\]\(((?!http)[^)]+)\)", PAGE)
    assert targets
    assert [target for target in targets if not (root / target).exists()] == []
