"""A query in a file is a side like any other: predictions joined with labels that came later."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

import lakedrift as ld
from lakedrift.cli import main

RANDOM = np.random.default_rng(4)
ROWS = 3_000
JOINED = "SELECT p.*, l.y FROM 'predictions.parquet' p LEFT JOIN 'labels.parquet' l USING (id)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Predictions, and labels of the first two months, in files of their own."""
    monkeypatch.chdir(tmp_path)
    p = RANDOM.random(ROWS)
    months = np.arange(ROWS) * 3 // ROWS
    at = np.array(["2026-01-05", "2026-02-05", "2026-03-05"], "datetime64[us]")[months]
    predictions = pl.DataFrame({"id": np.arange(ROWS), "p": p, "at": at})
    predictions.write_parquet("predictions.parquet")
    known = predictions.filter(pl.Series(months < 2) | (pl.Series(RANDOM.random(ROWS)) < 0.1))
    known.select(
        "id", y=pl.col("p").map_batches(lambda score: pl.Series(RANDOM.random(len(score)) < score.to_numpy()))
    ).write_parquet("labels.parquet")
    (tmp_path / "joined.sql").write_text(JOINED, encoding="utf-8")
    return tmp_path


OPTIONS = {"time": "at", "every": "1mo", "against": "previous", "roles": {"label": "y", "score": "p", "id": "id"}}


def test_query__is_what_it_selects(folder):
    frame = pl.DataFrame(duckdb.sql(JOINED).to_arrow_table())
    lazy = pl.scan_parquet("predictions.parquet").join(pl.scan_parquet("labels.parquet"), on="id", how="left")
    told = [
        ld.sweep(side, **OPTIONS).performance().drop("detail")
        for side in ("joined.sql", Path("joined.sql"), frame, lazy, duckdb.sql(JOINED))
    ]
    assert not told[0].is_empty()
    for other in told[1:]:
        assert other.equals(told[0])


def test_labels__that_are_late_leave_a_window_unjudged(folder):
    rows = ld.sweep("joined.sql", **OPTIONS).performance().filter(metric="roc_auc").sort("window_start")
    assert rows["status"].to_list() == ["ok", "immature"]
    assert rows["verdict"].to_list() == ["ok", "none"]
    shares = [json.loads(detail)["labelled"] for detail in rows["detail"]]
    assert shares[0] == [1.0, 1.0]
    assert shares[1][0] == 1.0
    assert shares[1][1] == pytest.approx(rows["n_current"][1] / (ROWS / 3))


def test_sweep__takes_a_query_for_a_side(folder, capfd):
    words = [
        "--time",
        "at",
        "--every",
        "1mo",
        "--against",
        "previous",
        "--role",
        "label=y",
        "--role",
        "score=p",
        "--min-rows",
        "50",
    ]
    assert main(["sweep", "--query", "joined.sql", *words, "--fail-on", "never"]) == 0
    printed = capfd.readouterr().out
    assert "model p → y" in printed
    assert "1 window not judged: too few labels yet" in printed
    assert main(["sweep", "predictions.parquet", "--query", "joined.sql", "--fail-on", "never"]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [("SELECT * FROM 'nothing.parquet'", "cannot run"), ("CREATE TABLE t (x INT)", "SELECT"), ("SELEC 1", "cannot run")],
)
def test_query__that_cannot_be_run_names_the_file(folder, text, message):
    Path("bad.sql").write_text(text, encoding="utf-8")
    with pytest.raises(ld.LakedriftError, match=rf"(?s){message}.*") as caught:
        ld.profile("bad.sql")
    assert "bad.sql" in str(caught.value)
    assert caught.value.exit_code == 3


def test_query__that_is_not_there(folder):
    with pytest.raises(ld.LakedriftError, match=r"no such query: 'gone\.sql'"):
        ld.profile("gone.sql")
    assert main(["sweep", "--query", "predictions.parquet", "joined.sql"]) == 2
    assert main(["sweep", "joined.sql", "joined.sql", "--query", "joined.sql"]) == 2
