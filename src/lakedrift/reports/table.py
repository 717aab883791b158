"""The screen: one line per drifted feature, worst first, one below for where and since when, and a line for all that is well.

A line says how bad it is, which feature, what changed in words, how the distribution looked before and now (drawn on one scale
of shares), and which metric decided at which limit. The lines fit the width: first the drawing gets coarser and goes, then the
widest of feature, words and metric is shortened.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import takewhile

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from lakedrift.comparison import Comparison
from lakedrift.digest import Digest, Line
from lakedrift.report import Canvas, Report
from lakedrift.scorecard import Card, Score
from lakedrift.text import blocks, clip, count, duration, encode, join, plural, shorten, size, sparkline, visible

__all__ = ["REPORT"]

SHOWN = 30  # more drifted features than a person reads; the machine formats have them all
BINS = (12, 8, COARSEST := 4)  # of each half of a drawing
NAME = 10  # fewest cells of a feature's name
METRIC = 4  # fewest cells of a metric's name
WORDS = 24  # cells that hold most changes in words
FIELDS = ("metric", "change", "drop")  # of a line about the model
LOUD = ("critical", "warning")
WORST = "CRITICAL"
ARROW = " → "
GAP = "  "
STYLES = {"critical": "bold red", "warning": "yellow", "ok": "green", "none": "dim"}


@dataclass(frozen=True, slots=True)
class Columns:
    """How many cells each column takes, and how many bins each half of a drawing has (0: there is no drawing)."""

    feature: int
    headline: int
    decision: int
    bins: int

    @property
    def rest(self) -> int:
        """The cells that follow the feature's name."""
        return self.headline + len(GAP) + _drawn(self.bins) + self.decision


def render(comparison: Comparison, canvas: Canvas) -> list[bytes]:
    """Draw the comparison for a terminal of the canvas's width."""
    digest = Digest.of(comparison)
    blank = Text()
    lines = [
        _title(comparison, canvas.width),
        *_setting(digest, canvas.width),
        blank,
        *_drifted(comparison, digest, canvas.width),
    ]
    lines += [blank] * bool(digest.drifted)
    lines += _model(comparison, canvas.width)
    lines += [*_rest(digest, canvas.width), _foot(comparison, canvas.width)]
    console = Console(
        file=io.StringIO(),
        width=max(canvas.width, 1),
        force_terminal=canvas.colour,
        color_system="standard" if canvas.colour else None,
        no_color=not canvas.colour,
        legacy_windows=False,
    )
    with console.capture() as capture:
        for line in lines:
            line.rstrip()
            console.print(line, soft_wrap=True)
    return [encode(capture.get())]


def _title(comparison: Comparison, width: int) -> Text:
    reference, current = comparison.reference, comparison.current
    if comparison.dated:
        rows = f"{count(reference.rows)} rows"
        name = shorten(visible(reference.name), max(width - cell_len(rows) - len(GAP), 8))
        return Text.assemble((name, "bold"), GAP, (rows, "dim"))
    rows = f"{count(reference.rows)}{ARROW}{count(current.rows)} rows"
    room = max((width - cell_len(rows) - len(GAP) - len(ARROW)) // 2, 8)
    sides = [visible(side.name) for side in (reference, current)]
    if max(map(cell_len, sides)) > room:
        sides = _where_they_part(*sides)
    return Text.assemble((ARROW.join(shorten(side, room) for side in sides), "bold"), GAP, (rows, "dim"))


def _setting(digest: Digest, width: int) -> list[Text]:
    return [Text(clip(digest.setting, width), "dim")] if digest.setting else []


def _where_they_part(one: str, other: str) -> list[str]:
    """Leave out the folders that two paths share."""
    sides = [one.split("/"), other.split("/")]
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(sides[0][:-1], sides[1][:-1], strict=False)))
    return ["/".join(["…", *side[shared:]] if shared else side) for side in sides]


def _model(comparison: Comparison, width: int) -> list[Text]:
    """Say how well the model does: a line a measure, with its history where there are windows."""
    card = Card.of(comparison)
    if card is None:
        return []
    lines = [Text(clip(f"model {visible(card.title)}", width), "bold")]
    name, change, drop = (max((len(getattr(score, field)) for score in card.scores), default=0) for field in FIELDS)
    for score in card.scores:
        text = Text.assemble(
            (_pad(score.verdict.upper() if score.verdict in LOUD else "", len(WORST)), STYLES[score.verdict]), GAP
        )
        text.append(f"{score.metric:{name}}{GAP}{score.change:{change}}{GAP}{score.drop:{drop}}{GAP}")
        text.append(_history(score), "magenta")
        text.truncate(width)
        lines.append(text)
    return [*lines, *(Text(clip(visible(note), width), "dim") for note in card.notes), Text()]


def _history(score: Score) -> str:
    """Draw a measure in every window from its least to its greatest value; a window that was not judged is a gap."""
    known = [value for value in score.history if value is not None]
    span = max(known, default=0.0) - min(known, default=0.0) or 1.0
    return "".join(" " if value is None else sparkline([(value - min(known)) / span]) for value in score.history)


def _drifted(comparison: Comparison, digest: Digest, width: int) -> list[Text]:
    lines = digest.drifted[:SHOWN]
    if not lines:
        return []
    columns = _columns(lines, width)
    told = [text for line in lines for text in (_line(comparison, line, columns), *_story(line, columns, width))]
    return [*told, *_hidden(digest, width)]


def _story(line: Line, columns: Columns, width: int) -> list[Text]:
    """Say where and since when, below what changed."""
    room = width - len(WORST) - 2 * len(GAP) - columns.feature
    story = line.story.told(room)
    return [Text(" " * (width - room) + clip(story, max(room, 1)), "dim")] if story else []


def _line(comparison: Comparison, line: Line, columns: Columns) -> Text:
    text = Text.assemble((_pad(line.verdict.upper(), len(WORST)), STYLES[line.verdict]), GAP)
    text.append(_pad(shorten(visible(line.feature), columns.feature), columns.feature), "bold").append(GAP)
    words = visible(line.headline)
    if not line.figures:
        return text.append(clip(words, columns.rest))
    if cell_len(words) > columns.headline:
        wide = columns.rest - len(GAP) - columns.decision
        text.append(_pad(clip(words, wide), wide)).append(GAP)
    else:
        text.append(_pad(words, columns.headline)).append(GAP)
        text.append_text(_drawing(comparison, line, columns.bins))
    metric = clip(line.metric or "", columns.decision - len(line.figures) - 1)
    return text.append(f"{metric} {line.figures}", "dim")


def _columns(lines: list[Line], width: int) -> Columns:
    """Share out the width.

    Best is the finest drawing that leaves every word whole. Then the names of features and metrics are shortened for the sake
    of a coarse drawing, and a line of many words takes the room of its own. Where that is not enough there is no drawing.
    """
    feature = max(cell_len(visible(line.feature)) for line in lines)
    headline = max(cell_len(visible(line.headline)) for line in lines)
    decision = max(len(line.decision) for line in lines)
    figures = max(len(line.figures) for line in lines)
    least_feature, least_decision = min(feature, NAME), min(decision, METRIC + 1 + figures)

    room = width - len(WORST) - 3 * len(GAP)
    spare = room - headline - feature - decision
    words = min(headline, WORDS)
    coarse = COARSEST if _drawn(COARSEST) <= room - words - least_feature - least_decision else 0
    bins = next((bins for bins in BINS if _drawn(bins) <= spare), coarse)
    if not bins:
        words = headline
    room -= _drawn(bins)
    feature = max(least_feature, min(feature, room - words - decision))
    decision = max(least_decision, min(decision, room - words - feature))
    return Columns(feature, max(1, min(headline, room - feature - decision)), decision, bins)


def _hidden(digest: Digest, width: int) -> list[Text]:
    hidden = digest.drifted[SHOWN:]
    if not hidden:
        return []
    found = ", ".join(f"{count(number)} {verdict}" for verdict, number in digest.tally(hidden).items())
    return [Text(clip(f"and {len(hidden)} more ({found}); --format csv lists them all", width), "bold")]


def _rest(digest: Digest, width: int) -> list[Text]:
    lines = []
    if digest.drifted:
        tally = digest.tally(digest.drifted)
        found = [(f"{count(number)} {verdict}", STYLES[verdict]) for verdict, number in tally.items()]
        lines.append(Text(" · ").join(Text(words, style) for words, style in found))
        if digest.passed:
            lines[0].append(f" · {plural(len(digest.passed), 'column')} within limits")
    elif digest.passed:
        lines.append(Text(f"no drift · {plural(len(digest.passed), 'column')} within limits", STYLES["ok"]))
    else:
        lines.append(Text("nothing was judged", STYLES["warning"]))
    for what, names in digest.asides.items():
        lines.append(Text(clip(f"{what}: {join(names, max(width - len(what) - 2, 12))}", width), "dim"))
    for reason, features in digest.unjudged.items():
        ending = f" not judged: {reason}"
        listed = join([visible(feature) for feature in features], max(width - len(ending), 12))
        lines.append(Text(clip(listed + ending, width), "dim"))
    return lines


def _foot(comparison: Comparison, width: int) -> Text:
    sides = (comparison.reference, comparison.current)[: 1 if comparison.dated else 2]
    rows = sum(side.rows for side in sides)
    files = plural(sum(side.fragments for side in sides), "file")
    facts = [f"{count(rows)} rows", files, size(sum(side.bytes for side in sides))]
    if comparison.seconds is not None:
        facts.append(duration(comparison.seconds))
        if rows and comparison.seconds > 0:
            facts.append(f"{count(rows / comparison.seconds)} rows/s")
    return Text(clip(" · ".join(facts), width), "dim")


def _drawn(bins: int) -> int:
    return 2 * bins + len(ARROW) + len(GAP) if bins else 0


def _drawing(comparison: Comparison, line: Line, bins: int) -> Text:
    histogram = comparison.histogram(line.feature, bins=bins, **line.where) if bins else None
    if histogram is None:
        return Text(" " * _drawn(bins))
    reference, current = blocks(histogram.reference.tolist(), histogram.current.tolist())
    text = Text.assemble((reference.rjust(bins), "cyan"), (ARROW, "dim"), (current, "magenta"))
    text.append(" " * (_drawn(bins) - cell_len(text.plain)))
    return text


def _pad(text: str, width: int) -> str:
    return set_cell_size(text, width)


REPORT = Report(render)
