"""Markdown: a reader of Markdown sees the table, and nothing that a name smuggled in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from small_lake import HOSTILE

from lakedrift.comparison import Comparison
from lakedrift.report import Canvas, report
from lakedrift.reports.markdown import code, prose
from lakedrift.text import visible

HEADS = {"drifted": "🔴 Drift: critical", "alike": "🟢 No drift", "unjudged": "⚪ Nothing was judged"}


def written(comparison: Comparison) -> str:
    return b"".join(report("markdown").render(comparison, Canvas())).decode()


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def cells(text: str) -> list[list[str]]:
    """Return the cells of the table in `text` as a reader would see them."""
    rows: list[list[str]] = []
    for token in parsed(text):
        if token.type == "table_close":
            return rows
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append("".join(child.content for child in token.children or () if child.type != "html_inline"))
    return rows


@pytest.mark.parametrize("name", HEADS)
def test_markdown__verdict_is_the_headline(name: str, request: pytest.FixtureRequest) -> None:
    first, inline, *_ = parsed(written(request.getfixturevalue(name)))
    assert (first.tag, inline.content) == ("h3", HEADS[name])


def test_markdown__table_has_every_drifted_feature(drifted: Comparison) -> None:
    _, *rows = cells(written(drifted))
    expected = drifted.drifted
    assert [row[1] for row in rows] == [visible(name) for name in expected["feature"]]
    assert [row[2] for row in rows] == expected["headline"].to_list()
    assert [row[0] for row in rows] == expected["verdict"].to_list()
    assert all(len(row) == 5 for row in rows)


def test_markdown__many_fit_a_comment(many: Comparison) -> None:
    text = written(many)
    assert len(text) < 65_536
    assert "And 5 more" in text


def test_markdown__rest_is_folded_away(alike: Comparison) -> None:
    text = written(alike)
    before, _, details = text.partition("<details>")
    assert "`steady_0`" not in before
    assert "`steady_0`" in details
    assert "1 column not judged: identifier" in details


def test_markdown__no_html_but_ours(drifted: Comparison) -> None:
    text = written(drifted)
    assert "<b>" in HOSTILE
    assert "<b>" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), st.sampled_from([code, prose]))
def test_escapes__a_reader_sees_the_name_and_no_markup(name: str, escape: object) -> None:
    assert callable(escape)
    rows = cells(f"| {escape(name)} | x |\n|---|---|\n| {escape(name)} | y |\n")
    assert [row[-1] for row in rows] == ["x", "y"]
    assert [row[0].strip() for row in rows] == [visible(name).strip()] * 2
