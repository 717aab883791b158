"""A comment for a pull request, in GitHub's Markdown: the verdict, the drifted features, the rest folded away.

Names of columns and files are data of strangers, so they are shown as code, where nothing is markup, and words that may hold
categories are escaped as character references, which are never markup either (CommonMark, section 2.5).
"""

from __future__ import annotations

import re

from lakedrift.comparison import Comparison
from lakedrift.digest import Digest, Line
from lakedrift.report import Canvas, Report
from lakedrift.scorecard import Card
from lakedrift.text import blocks, count, duration, encode, join, plural, visible

__all__ = ["REPORT"]

SHOWN = 100  # GitHub takes comments of at most 65,536 characters
BINS = 8
ASIDE = 1_000  # signs of a line of names; without it ten thousand segments would not fit
HEADS = {"critical": "🔴 Drift: critical", "warning": "🟡 Drift: warning", "ok": "🟢 No drift", "none": "⚪ Nothing was judged"}


def render(comparison: Comparison, _canvas: Canvas) -> list[bytes]:
    """Write the comparison as a Markdown comment."""
    digest = Digest.of(comparison)
    asides = digest.asides
    whole = " of the lake as a whole" if comparison.verdict == "ok" and (digest.elsewhere or digest.segments["gone"]) else ""
    parts = [f"### {HEADS[comparison.verdict]}{whole}", _sides(comparison)]
    if digest.setting:
        parts.append(prose(digest.setting))
    if digest.drifted:
        parts.append("\n".join(_drifted(comparison, digest.drifted)))
    parts += _model(comparison)
    if asides:
        parts.append("\n".join(f"- {what}: {prose(join(names, ASIDE))}" for what, names in asides.items()))
    if digest.passed or digest.unjudged:
        parts.append("\n".join(_rest(digest)))
    return [encode("\n\n".join(parts) + "\n")]


def _sides(comparison: Comparison) -> str:
    reference, current = comparison.reference, comparison.current
    if comparison.dated:
        told = f"{code(reference.name)}: {count(reference.rows)} rows"
    else:
        told = f"{code(reference.name)} → {code(current.name)}: {count(reference.rows)} → {count(current.rows)} rows"
    return told if comparison.seconds is None else f"{told}, {duration(comparison.seconds)}"


def _drifted(comparison: Comparison, lines: list[Line]) -> list[str]:
    table = ["| | feature | change | reference → current | decided by |", "|---|---|---|---|---|"]
    for line in lines[:SHOWN]:
        cells = (
            line.verdict,
            code(line.feature),
            prose(" · ".join(part for part in (line.headline, line.story.told()) if part)),
            _drawing(comparison, line),
            prose(line.decision),
        )
        table.append(f"| {' | '.join(cells)} |")
    hidden = len(lines) - SHOWN
    return table if hidden <= 0 else [*table, "", f"And {hidden} more, in the `csv` and `json` formats."]


def _model(comparison: Comparison) -> list[str]:
    card = Card.of(comparison)
    if card is None:
        return []
    table = [f"Model {prose(card.title)}", "", "| | measure | reference → current | change (95 %) |", "|---|---|---|---|"]
    table += [f"| {score.verdict} | {code(score.metric)} | {score.change} | {score.drop} |" for score in card.scores]
    return ["\n".join(table), *map(prose, card.notes)]


def _rest(digest: Digest) -> list[str]:
    groups = [("within limits", [line.feature for line in digest.passed])] if digest.passed else []
    groups += [(f"not judged: {reason}", features) for reason, features in digest.unjudged.items()]
    summary = " · ".join(f"{plural(len(features), 'column')} {words}" for words, features in groups)
    lists = [f"- {words}: {_names(features)}" for words, features in groups]
    return ["<details>", f"<summary>{summary}</summary>", "", *lists, "", "</details>"]


def _names(features: list[str]) -> str:
    hidden = len(features) - SHOWN
    shown = ", ".join(code(feature) for feature in features[:SHOWN])
    return shown if hidden <= 0 else f"{shown} and {hidden} more"


def _drawing(comparison: Comparison, line: Line) -> str:
    histogram = comparison.histogram(line.feature, bins=BINS, **line.where)
    if histogram is None:
        return ""
    reference, current = blocks(histogram.reference.tolist(), histogram.current.tolist())
    return f"`{reference}` → `{current}`"


def code(text: str) -> str:
    """Show `text` as code: a code span, or where that cannot hold it in a table cell, an element of references."""
    text = visible(text)
    if text.strip() == text and not re.search(r"[`|\\]", text) and text:
        return f"`{text}`"
    return f"<code>{re.sub(r'[^0-9A-Za-z]', _reference, text)}</code>"


def prose(text: str) -> str:
    """Show `text` as plain words, whatever it holds."""
    return re.sub(r"[\\`*_~\[\]<>&|@#!:]", _reference, visible(text))


def _reference(sign: re.Match[str]) -> str:
    return f"&#{ord(sign.group())};"


REPORT = Report(render)
