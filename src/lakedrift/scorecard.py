"""What a reader wants to know of a model: a line a measure, of the whole lake or of its last window that could be judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from lakedrift.comparison import Comparison
from lakedrift.dating import named
from lakedrift.text import count, percent

__all__ = ["Card", "Score"]

TOLD = (
    *("roc_auc", "accuracy", "balanced_accuracy", "f1", "precision", "recall", "log_loss", "calibration_error"),
    *("overconfidence", "value_right", "mae", "rmse", "bias", "r2"),
)
DIGITS = 3
FEW = 3  # inputs that a note names
JUDGED = ("ok", "undecided")


@dataclass(frozen=True, slots=True)
class Score:
    """A measure of performance before and now.

    Attributes
    ----------
    metric, verdict
        Its name, and what was made of its drop.
    change
        Both values.
    drop
        The difference, and between what it lies with 95 % confidence; empty where that is not known.
    history
        Its value in every window, oldest first, None where it was not judged; empty where there are none.
    """

    metric: str
    verdict: str
    change: str
    drop: str
    history: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """The measures of a model.

    Attributes
    ----------
    title
        What it is called, and how many rows have labels.
    scores
        A line for each measure that a reader looks at first.
    notes
        What else there is to say.
    """

    title: str
    scores: list[Score]
    notes: list[str]

    @classmethod
    def of(cls, comparison: Comparison) -> Card | None:
        """Sort out what a comparison says of its model; None where there is none."""
        rows = comparison.performance().filter(segment="")
        if rows.is_empty():
            return None
        windows = rows.filter(pl.col("window_start").is_not_null(), against=rows["against"][-1])
        whole = rows.filter(pl.col("window_start").is_null())
        shown = windows.filter(pl.col("status").is_in(JUDGED)) if whole.is_empty() else whole
        shown = shown if len(shown) else rows
        shown = shown.filter(pl.col("window_start").eq_missing(shown["window_start"].max()))
        row = {"window": shown["window_start"][0], "against": shown["against"][0]}
        notes = [*_causes(comparison, row), *_importances(comparison, row), *_waiting(windows)]
        return cls(_title(shown, comparison), _scores(shown, windows), notes)


def _title(rows: pl.DataFrame, comparison: Comparison) -> str:
    first = rows.row(0, named=True)
    sizes = f"{count(first['n_reference'])} → {count(first['n_current'])} labelled rows"
    shares = json.loads(first["detail"]).get("labelled")
    known = f" ({' → '.join(percent(share or 0.0) for share in shares)})" if shares and shares != [1.0, 1.0] else ""
    every = comparison.every
    when = f"  {named(first['window_start'], every)}" if every is not None and first["window_start"] is not None else ""
    return f"{first['feature']}{when}  {sizes}{known}"


def _scores(rows: pl.DataFrame, windows: pl.DataFrame) -> list[Score]:
    found = {row["metric"]: row for row in rows.iter_rows(named=True)}
    return [_score(found[metric], windows.filter(metric=metric)) for metric in TOLD if metric in found]


def _score(row: dict[str, Any], windows: pl.DataFrame) -> Score:
    change = (
        f"{row['reference_value']:.{DIGITS}g} → {row['current_value']:.{DIGITS}g}" if row["current_value"] is not None else ""
    )
    ends = json.loads(row["detail"]).get("drop_95")
    drop = ""
    if ends and row["current_value"] is not None:
        drop = f"{_signed(row['current_value'] - row['reference_value'])} ({_signed(-ends[1])}…{_signed(-ends[0])})"
    ordered = windows.sort("window_start").select("status", "current_value").iter_rows()
    history = tuple(value if status in JUDGED else None for status, value in ordered)
    return Score(row["metric"], row["verdict"], change, drop, history)


def _causes(comparison: Comparison, row: dict[str, Any]) -> Iterator[str]:
    """Say what each of a few inputs did to the error by moving; of each, its relation to the label did the rest."""
    table = comparison.split_error(**row).filter(pl.col("change").is_finite())
    if table.is_empty():
        return
    first = table.row(0, named=True)
    moved = table.sort(pl.col("covariate").abs(), descending=True)[:FEW].select("feature", "covariate").iter_rows()
    told = ", ".join(f"{name} {_signed(part)}" for name, part in moved)
    sizes = f"error {first['reference_error']:.{DIGITS}g} → {first['current_error']:.{DIGITS}g} ({_signed(first['change'])})"
    yield f"{sizes}; inputs: {told}; relation: the rest"


def _importances(comparison: Comparison, row: dict[str, Any]) -> Iterator[str]:
    table = comparison.importances(**row)
    total = table["current_importance"].sum()
    if not total:
        return
    ranked = table.sort("current_importance", descending=True)[:FEW].iter_rows(named=True)
    told = (
        f"{one['feature'] or one['attribution']} {percent(one['current_importance'] / total)}"
        + (f" (rank {one['reference_rank']} before)" if one["rank_change"] else "")
        for one in ranked
    )
    yield f"matters most: {', '.join(told)}"


def _signed(number: float) -> str:
    return f"{number:+.{DIGITS}f}".replace("-", "−")


def _waiting(windows: pl.DataFrame) -> list[str]:
    waiting = windows.filter(status="immature")["window_start"].n_unique()
    return [f"{count(waiting)} {'window' if waiting == 1 else 'windows'} not judged: too few labels yet"] if waiting else []
