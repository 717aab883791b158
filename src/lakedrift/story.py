"""Where and since when a feature drifts, told in one line rather than in a row for each segment and window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from rich.cells import cell_len

from lakedrift.dating import shown
from lakedrift.text import plural, sparkline, visible
from lakedrift.window import Every

__all__ = ["Story", "stories"]

TOLD = 6  # segments that are named, as far as they fit
SEPARATOR = " · "
DRAWN = 24  # windows that a history has at most; of more, the worst of some stand together
DRIFTED = ("warning", "critical")


@dataclass(frozen=True, slots=True)
class Story:
    """What is worth telling of a feature besides its worst verdict.

    Attributes
    ----------
    spell
        The window that the last spell of drift of the whole lake began in, and, if it is over, the one it ended in.
    segments
        The segments that drifted, the worst first, of which `n_segments` there are.
    history
        The whole lake by window: how near the deciding metric was to its critical limit, as one block each.
    """

    spell: str = ""
    segments: tuple[str, ...] = ()
    n_segments: int = 0
    history: str = ""

    def told(self, width: int | None = None) -> str:
        """Tell it in one line, which names as many segments as fit; empty where there is nothing to tell."""
        parts = [part for part in (self.spell, self.history) if part]
        lines = [SEPARATOR.join([*parts, f"in {self.places(shown)}"]) for shown in range(len(self.segments), 0, -1)]
        return next(
            (line for line in lines if width is None or cell_len(line) <= width), (lines or [SEPARATOR.join(parts)])[-1]
        )

    def places(self, shown: int = 1) -> str:
        """Name the worst segments."""
        names = ", ".join(map(visible, self.segments[:shown]))
        left = self.n_segments - min(shown, len(self.segments))
        return f"{names} and {plural(left, 'more segment')}" if left else names


def stories(drifted: pl.DataFrame, lake: pl.DataFrame, every: Every | None) -> Mapping[str, Story]:
    """Tell of every feature that drifted somewhere, by name.

    Parameters
    ----------
    drifted, lake
        Rows of `Comparison.verdicts()`: those that drifted, and all of the whole lake.
    every
        The length of the windows, None where there are none.
    """
    drifted = drifted.filter(pl.col("feature") != "")
    segments = drifted.filter(pl.col("segment") != "").group_by("feature", maintain_order=True)
    names = pl.col("segment").unique(maintain_order=True).head(TOLD).alias("named")
    places = {name: (tuple(named), n) for name, named, n in segments.agg(names, pl.col("segment").n_unique()).iter_rows()}
    windows = lake.filter(pl.col("window_start").is_not_null())
    told = {}
    for name in drifted["feature"].unique(maintain_order=True):
        named, n = places.get(name, ((), 0))
        spell, history = ("", "") if every is None else _history(windows.filter(pl.col("feature") == name), every)
        told[name] = Story(spell, named, n, history)
    return told


def _history(rows: pl.DataFrame, every: Every) -> tuple[str, str]:
    """Return the last spell of drift, and all windows as blocks; of several things to compare with, the worst counts."""
    if rows.is_empty():
        return "", ""
    near = (pl.col("statistic") / pl.col("critical_at")).fill_null(pl.col("verdict").is_in(DRIFTED).cast(pl.Float64))
    windows = (
        rows.group_by("window_start")
        .agg(near.max().fill_nan(0.0).clip(0.0, 1.0).alias("near"), pl.col("verdict").is_in(DRIFTED).any().alias("drifted"))
        .sort("window_start")
    )
    together = -(-len(windows) // DRAWN)
    drawn = windows.group_by(pl.int_range(pl.len()) // together, maintain_order=True).agg(pl.col("near").max())
    history = sparkline(drawn["near"].to_list()) if len(windows) > 1 else ""
    starts = shown(windows["window_start"].to_physical().to_list(), every)
    return _spell(starts, windows["drifted"].to_list()), history


def _spell(starts: list[str], drifted: list[bool]) -> str:
    if not any(drifted):
        return ""
    last = len(drifted) - 1 - drifted[::-1].index(True)
    first = next((place + 1 for place in range(last, -1, -1) if not drifted[place]), 0)
    if last == len(starts) - 1:
        return f"since {starts[first]}"
    return starts[first] if first == last else f"{starts[first]} to {starts[last]}"
