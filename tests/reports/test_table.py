"""The screen: it fits, it is safe, and it says all there is to say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from small_lake import HOSTILE, SmallLake

from lakedrift import api
from lakedrift.comparison import Comparison
from lakedrift.report import Canvas, report
from lakedrift.text import visible

WIDTHS = (40, 60, 80, 120, 200)


def drawn(comparison: Comparison, width: int = 100, *, colour: bool = False) -> str:
    return b"".join(report("table").render(comparison, Canvas(width, colour))).decode()


def plain(page: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", page)


@pytest.mark.parametrize("width", WIDTHS)
def test_table__fits_and_is_plain(comparison: Comparison, width: int) -> None:
    page = drawn(comparison, width)
    assert page.endswith("\n")
    for line in page.splitlines():
        assert cell_len(line) <= width
        assert line.isprintable()
        assert line == line.rstrip()


@pytest.mark.parametrize("width", WIDTHS)
def test_table__colour_changes_no_word(comparison: Comparison, width: int) -> None:
    coloured = drawn(comparison, width, colour=True)
    assert "\x1b[" in coloured
    assert plain(coloured) == drawn(comparison, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_table__one_line_for_each_drifted_feature_worst_first(drifted: Comparison, width: int) -> None:
    words = re.findall(r"^(CRITICAL|WARNING) ", drawn(drifted, width), flags=re.MULTILINE)
    assert len(words) == drifted.drifted.height
    assert words == sorted(words)


def test_table__every_feature_is_told_in_full_where_there_is_room(drifted: Comparison) -> None:
    page = drawn(drifted, 200)
    for row in drifted.drifted.iter_rows(named=True):
        line = next(line for line in page.splitlines() if f"  {visible(row['feature'])}  " in line)
        assert line.startswith(row["verdict"].upper())
        assert row["headline"] in line
        if row["statistic"] is not None:
            assert f"{row['decided_by']} {row['statistic']:.2g} ≥ " in line


def test_table__drawing_of_a_shift(drifted: Comparison) -> None:
    line = next(line for line in drawn(drifted, 120).splitlines() if "@team  " in line)
    found = re.search(r"([▁-█]+) → ([▁-█]+)", line)
    assert found is not None
    assert len(found[1]) == len(found[2]) >= 5
    assert found[1].index(max(found[1])) < found[2].index(max(found[2]))


def test_table__hostile_name(drifted: Comparison) -> None:
    assert visible(HOSTILE) in drawn(drifted, 200)


def test_table__what_is_well_is_one_line(alike: Comparison) -> None:
    lines = drawn(alike).splitlines()
    assert sum("within limits" in line for line in lines) == 1
    assert any(re.match(r"no drift · \d+ columns within limits$", line) for line in lines)
    assert len(lines) <= 6


def test_table__not_judged_by_reason(alike: Comparison) -> None:
    lines = drawn(alike).splitlines()
    assert "order_id not judged: identifier" in lines
    assert "created_at not judged: timestamp" in lines


def test_table__nothing_judged(unjudged: Comparison) -> None:
    assert "nothing was judged" in drawn(unjudged).splitlines()


@pytest.mark.parametrize("width", [60, 120])
def test_table__many_are_cut_and_counted(many: Comparison, width: int) -> None:
    lines = drawn(many, width).splitlines()
    assert sum(line.startswith("CRITICAL") for line in lines) == 30
    assert any(line.startswith("and 75 more (75 critical); --format csv") for line in lines)
    assert any(line.endswith("5 columns within limits") for line in lines)


def test_table__foot(drifted: Comparison) -> None:
    foot = drawn(drifted).splitlines()[-1]
    assert re.fullmatch(r"8,000 rows · 2 files · [\d.]+ kB · (under )?[\d.]+ s · [\d,.]+( M)? rows/s", foot)


def test_table__long_paths_are_told_apart(many: Comparison) -> None:
    assert drawn(many, 60).startswith("…/old.parquet → …/new.parquet")
    assert drawn(many, 200).startswith(f"{many.reference.name} → {many.current.name}")


def test_table__golden(lake: SmallLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(lake.old).parent)
    page = drawn(api.sweep("old", "new", features=["price", "flooded", "country", "gone", "steady_0", "created_at"]), 80)
    assert page.splitlines()[:-1] == [
        "old → new  4,000 → 4,000 rows",
        "",
        "CRITICAL  gone     missing in current",
        "CRITICAL  flooded  null 0 % → 60 %           ▃██▃ → ▃██▃  null_rate 0.6 ≥ 0.1",
        "CRITICAL  country  unseen categories 0 % → 33.3 %         unseen_rate 0.33 ≥ 0.1",
        "CRITICAL  price    median 20.1 → 40.2        █▂▂▂ → ▇▂▂▂  psi 0.61 ≥ 0.2",
        "",
        "4 critical · 1 column within limits",
        "created_at not judged: timestamp",
    ]
