"""The example of a model: what it prints is what the README shows, and at small size it runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "late_flights.py"
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")


def test_late_flights__runs_at_small_size(tmp_path: Path) -> None:
    environment = {**os.environ, "COLUMNS": "100", "PYTHONWARNINGS": "error"}
    command = [sys.executable, str(EXAMPLE), str(tmp_path / "scored"), "--every", "25"]
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, encoding="utf-8").stdout
    assert printed.startswith("$ lakedrift sweep scored --time date")
    shown = re.search(r"<!-- late flights -->\n```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    for told in (printed, shown[1]):
        for words in (
            r"^model p_late → late  in the 1mo from 2013-\d\d-01",
            "roc_auc +0",
            "calibration_error +0",
            "matters most: ",
        ):
            assert re.search(words, told, re.MULTILINE), words
        assert re.search(r"error 0\.\d+ → 0\.\d+ \([+−]0\.\d+\); inputs: .*; relation: the rest$", told, re.MULTILINE)
        assert "in carrier=" in told
    lake = pl.read_parquet(tmp_path / "scored" / "*.parquet")
    assert lake["p_late"].is_between(0.0, 1.0).all()
    assert lake["late"].null_count() > 0
    assert lake["date"].dt.month().n_unique() == 12
