"""Segments and windows in every report: which row is told, in which zone, against what, and what is gone."""

from __future__ import annotations

import datetime as dt
import json
import xml.etree.ElementTree as ET

import numpy as np
import polars as pl
import pytest

import lakedrift as ld
from lakedrift.comparison import Comparison
from lakedrift.digest import Digest
from lakedrift.report import Canvas, report

START = dt.datetime(2026, 2, 28, 15, tzinfo=dt.UTC)  # midnight of 1 March in Tokyo
DAY = dt.timedelta(days=1)
LEVELS = [0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.6, 0.0]  # by day: the worst on the 4th, the last spell on the 7th


def lake(zone: str = "Asia/Tokyo") -> pl.DataFrame:
    random = np.random.default_rng(1)
    frames = [
        pl.DataFrame(
            {
                "at": pl.Series([START + place * DAY] * 1_000, dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone(zone),
                "x": random.normal(level, 1.0, 1_000),
            }
        )
        for place, level in enumerate(LEVELS)
    ]
    return pl.concat(frames)


@pytest.fixture(scope="module")
def dated() -> Comparison:
    return ld.sweep(lake(), time="at", every="1d", against=["rolling:28d", "season:2d"], metrics=["ks"])


@pytest.fixture(scope="module")
def gone() -> Comparison:
    """Return a comparison of which only segments drifted: one is gone, one is new, and in one a column is another."""
    random = np.random.default_rng(2)
    x = random.normal(size=20_000)
    place = np.arange(20_000)
    before = pl.DataFrame({"s": np.where(place < 1_000, "old", np.where(place < 2_000, "odd", "kept")), "x": x})
    now = pl.DataFrame(
        {"s": np.where(place < 1_000, "fresh", np.where(place < 2_000, "odd", "kept")), "x": x + 0.5 * ((place // 1_000) == 1)}
    )
    return ld.sweep(before, now, by="s", features=["x"], metrics=["ks"])


def written(name: str, comparison: Comparison) -> str:
    return b"".join(report(name).render(comparison, Canvas(200))).decode()


def test_headline__names_the_window_and_what_it_is_against(dated):
    (line,) = Digest.of(dated).drifted
    assert line.window == START + 3 * DAY
    assert line.headline.endswith(f" on 2026-03-04 against {line.against}")
    for name in ("table", "markdown", "junit"):
        assert "on 2026-03-04" in written(name, dated)


def test_headline__is_of_the_worst_window_and_the_story_of_the_last_spell():
    (line,) = Digest.of(ld.sweep(lake(), time="at", every="1d", baseline="2026-03-01..2026-03-03", metrics=["ks"])).drifted
    assert line.headline.endswith(" on 2026-03-04")
    assert line.story.spell == "2026-03-07"


def test_drawing__is_of_what_the_line_is_against():
    comparison = ld.sweep(lake(), time="at", every="1d", against=["season:2d", "previous"], metrics=["ks"])
    (line,) = Digest.of(comparison).drifted
    of_line = comparison.histogram("x", **line.where)
    drawn = {name: comparison.histogram("x", window=line.window, against=name) for name in ("season:2d", "previous")}
    assert drawn["season:2d"].reference.tolist() != drawn["previous"].reference.tolist()
    assert of_line.reference.tolist() == drawn[line.against].reference.tolist()
    (other,) = {"season:2d", "previous"} - {line.against}
    again = ld.sweep(lake(), time="at", every="1d", against=[other, line.against], metrics=["ks"])
    assert again.histogram("x", **line.where).reference.tolist() == of_line.reference.tolist()


def test_setting__is_in_the_title_and_in_the_dict(dated):
    told = "windows of 1d, Asia/Tokyo · against rolling:28d, season:2d · gate: lake"
    assert written("table", dated).splitlines()[1] == told
    expected = {"every": "1d", "zone": "Asia/Tokyo", "against": ["rolling:28d", "season:2d"], "baseline": None, "gate": "lake"}
    for values in (dated.to_dict(), json.loads(written("json", dated))):
        assert {name: values[name] for name in expected} == expected
    baseline = "2026-03-01..2026-03-03"
    of_baseline = ld.sweep(lake(), time="at", every="1d", baseline=baseline, metrics=["ks"])
    assert f"baseline {baseline}" in written("table", of_baseline)
    assert of_baseline.to_dict()["baseline"] == baseline


@pytest.mark.parametrize("name", ["table", "markdown", "junit"])
def test_asides__are_in_every_report(gone, name):
    assert gone.verdict == "ok"
    page = written(name, gone).replace("&#61;", "=")
    for words in ("drifted in segments only: x (s=odd)", "gone segments: s=old", "new segments: s=fresh"):
        assert words in page


def test_asides__are_no_part_of_the_verdict_and_it_says_so(gone):
    assert written("markdown", gone).splitlines()[0] == "### 🟢 No drift of the lake as a whole"
    suite = ET.fromstring(written("junit", gone))[0]
    assert [child.tag for child in suite] == ["testcase", "system-out"]


def test_title__of_a_dated_lake_has_one_side(dated):
    told = "DataFrame (windows of 1d, Asia/Tokyo · against rolling:28d, season:2d · gate: lake)"
    assert ET.fromstring(written("junit", dated))[0].get("name") == told
    lines = written("markdown", dated).splitlines()
    assert lines[2].startswith("`DataFrame`: 8,000 rows")
    assert lines[4] == "windows of 1d, Asia/Tokyo · against rolling&#58;28d, season&#58;2d · gate&#58; lake"


@pytest.fixture(scope="module")
def untimed() -> Comparison:
    frame = lake().with_columns(pl.when(pl.int_range(pl.len()) >= 160).then("at"))  # 160 of 8,000
    return ld.sweep(frame, time="at", every="1d", metrics=["ks"])


@pytest.mark.parametrize("name", ["table", "markdown", "junit"])
def test_rows_without_a_time__are_counted_in_every_report(untimed, dated, name):
    assert "rows without a time: 160 (2 %)" in written(name, untimed)
    assert "without a time" not in written(name, dated)


def test_rows_without_a_time__are_counted_of_either_side(untimed):
    assert untimed.to_dict()["reference"]["untimed"] == 160
    frames = [lake().with_columns(pl.when(pl.int_range(pl.len()) >= rows).then("at")) for rows in (160, 0)]
    page = written("table", ld.sweep(*frames, time="at", every="1d", metrics=["ks"]))
    assert "rows without a time: reference 160 (2 %)\n" in page
