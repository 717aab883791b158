"""The worked example of CONTRIBUTING.md does what the page says."""

import importlib
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import lakedrift as ld
from lakedrift import metric, metrics

PAGE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
METRIC, TEST = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
RUN = "import sys, pytest, lakedrift.metrics as found; found.__path__.append(sys.argv[1]); sys.exit(pytest.main(sys.argv[2:]))"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the new metric in it, which `lakedrift.metrics` also looks in for a while."""
    (tmp_path / "hellinger.py").write_text(METRIC, encoding="utf-8")
    metrics.__path__.append(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    metrics.__path__.remove(str(tmp_path))
    sys.modules.pop("lakedrift.metrics.hellinger", None)
    vars(metrics).pop("hellinger", None)
    metric._load.cache_clear()


def test_example__is_found_by_its_file_name_and_computed(folder: Path) -> None:
    reference = pl.DataFrame({"fruit": ["apple"] * 600 + ["pear"] * 400})
    current = pl.DataFrame({"fruit": ["apple"] * 500 + ["pear"] * 300 + ["plum"] * 200})
    table = ld.sweep(reference, current, metrics=["hellinger"]).to_polars()
    (row,) = table.filter(pl.col("metric") == "hellinger").iter_rows(named=True)
    coefficient = math.sqrt(0.6 * 0.5) + math.sqrt(0.4 * 0.3)
    assert row["statistic"] == pytest.approx(math.sqrt(1.0 - coefficient), abs=1e-12)
    assert row["lower"] == row["statistic"] == row["upper"]
    assert row["verdict"] == "none"


def test_example__judges_once_it_has_a_limit(folder: Path) -> None:
    sides = (pl.DataFrame({"fruit": ["apple"] * n + ["pear"] * (1000 - n)}) for n in (600, 300))
    comparison = ld.sweep(*sides, metrics=["hellinger"], thresholds={"hellinger": (0.1, 0.2)})
    (row,) = comparison.verdicts().iter_rows(named=True)
    assert (row["verdict"], row["decided_by"]) == ("critical", "hellinger")


def test_example__its_own_test_passes(folder: Path) -> None:
    (folder / "test_hellinger.py").write_text(TEST, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-c", RUN, str(folder), "-q", "-p", "no:cacheprovider", str(folder)]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "4 passed" in ran.stdout


def test_example__is_gone_afterwards() -> None:
    assert "hellinger" not in metric.discover()
