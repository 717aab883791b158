"""What changed, in words a person reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from lakedrift.measure import Measure
from lakedrift.metric import Cells
from lakedrift.pairing import Pair, quantiles
from lakedrift.performing import MODEL
from lakedrift.text import count, percent
from lakedrift.threshold import RATES

__all__ = ["headline"]

DIGITS = 3  # of a measure of performance
NOTABLE = 0.005  # with many categories, a change of share that is worth naming one
WORDS = {
    "null_rate": "null",
    "nan_rate": "NaN",
    "inf_rate": "±inf",
    "unseen_rate": "unseen categories",
    "missing_rate": "missing",
}
SAID = {
    "missing_in_current": "missing in current",
    "missing_in_reference": "new: missing in reference",
    "no_rows": "no rows in current",
    "no_past": "nothing to compare with: no rows before",
    "no_valid_values": "no valid values in current",
    "unsupported_type": "unsupported type",
    "identifier": "identifier, not judged",
    "temporal": "timestamp, not judged",
    "new_segment": "new segment",
    "gone_segment": "segment gone",
    "immature": "too few labels yet",
    "not_a_probability": "scores outside [0, 1]",
    "out_of_range": "numbers far larger than the grid was made for",
}


def headline(measure: Measure, status: str, group: int, pair: Callable[[], Pair] | None) -> str:
    """Say in a few words what the measure found, or why there is no verdict.

    `pair` gives both sides of a whole lake, for where the medians alone say nothing.
    """
    detail = measure.detail(group)
    if status == "type_changed":
        return f"type changed: {detail['reference']} → {detail['current']}"
    if status == "insufficient_data":
        sizes = f"{measure.n_reference[group]:,} and {measure.n_current[group]:,}"
        return str(detail.get("reason", f"too few rows: {sizes}"))
    if measure.metric == "segment_share":
        shares = _percent(float(measure.reference_value[group]), float(measure.current_value[group]))
        return f"{SAID.get(status, 'held')}: {shares} of rows"
    if measure.metric == "window_rows" and measure.n_reference[group]:
        return f"no rows, and usually {count(int(measure.n_reference[group]))}"
    if status in SAID:
        groups = f", groups by it {detail['groups']}" if "groups" in detail else ""
        return SAID[status] + groups + _different(detail.get("distinct", {}).get("share", {}))
    return _change(measure, detail, group, pair)


def _change(measure: Measure, detail: dict[str, Any], group: int, pair: Callable[[], Pair] | None) -> str:
    """Say what was before, and what is now."""
    before, after = float(measure.reference_value[group]), float(measure.current_value[group])
    if measure.kind == MODEL:
        return " → ".join([f"{measure.metric} {_plain(before, DIGITS)}", _plain(after, DIGITS)])
    if measure.metric in RATES:
        return _rate(measure.metric, detail, before, after)
    if measure.approximate and not abs(after - before) >= NOTABLE:
        return "otherwise spread over very many categories"
    if "n_bins" in detail and not abs(after - before) >= NOTABLE:
        sizes = detail["n_bins"]
        return f"{sizes['reference']:,} → {sizes['current']:,} categories"
    if measure.kind in ("categorical", "boolean"):
        return f"{_category(detail.get('category'))} {_percent(before, after)}"
    return _location(before, after, pair)


def _rate(metric: str, detail: Mapping[str, Any], before: float, after: float) -> str:
    """Say what share of rows is so; of categories that are gone, name the greatest, and of the whole lake how many more are."""
    if metric == "flood_rate":
        return f"{detail.get('value', 'a value')} flooding in, {_percent(before, after)}"
    if metric != "gone_rate":
        return f"{WORDS[metric]} {_percent(before, after)}"
    names, others = detail.get("gone", [detail.get("category")]), detail.get("n_gone", 1) - 1
    more = f" and {count(others)} more" if others else ""
    return f"gone: {_category(names[0])} {_percent(before, after)}{more}"


def _different(shares: dict[str, float]) -> str:
    """Say which share of an identifier's values differ from one another on either side."""
    return f": {_percent(shares['reference'], shares['current'])} different" if len(shares) == 2 else ""


def _location(before: float, after: float, pair: Callable[[], Pair] | None) -> str:
    """Give the medians, or where they are the same the middle half, or the tenths or hundredths at either end."""
    if pair is None:
        shown = _numbers(before, after, 0.0)
        return f"median {shown[0]} → {shown[1]}" if shown[0] != shown[1] else f"spread around the median {shown[0]}"
    sides = pair().cells
    if sides is None:
        return ""
    grain = _grain(sides[0])
    shown = _numbers(before, after, grain)
    if shown[0] != shown[1]:
        return f"median {shown[0]} → {shown[1]}"
    for name, shares in (("middle half", (0.25, 0.75)), ("10–90 %", (0.1, 0.9)), ("1–99 %", (0.01, 0.99))):
        (low, high), (new_low, new_high) = (quantiles(side, shares) for side in sides)
        lows, highs = _numbers(low, new_low, grain), _numbers(high, new_high, grain)
        if (lows[0], highs[0]) != (lows[1], highs[1]):
            return f"{name} {lows[0]}…{highs[0]} → {lows[1]}…{highs[1]}"
    return f"median {shown[0]}, as before"


def _grain(reference: Cells) -> float:
    """Return a hundredth of what eight tenths of the reference span: what is smaller is noise to a reader."""
    low, high = quantiles(reference, (0.1, 0.9))
    grain = float(high) / 100 - float(low) / 100  # apart, since their difference may pass the largest double
    return grain if math.isfinite(grain) else 0.0


def _numbers(before: float, after: float, grain: float) -> tuple[str, str]:
    """Write both numbers with as few digits as tell them apart, three at least and six at most, none finer than `grain`."""
    numbers = [_rounded(number, grain) for number in (before, after)]
    for digits in (3, 4, 5, 6):
        shown = [_plain(number, digits) for number in numbers]
        if shown[0] != shown[1]:
            break
    return shown[0], shown[1]


def _rounded(number: float, grain: float) -> float:
    if not grain or not math.isfinite(number):
        return number
    return round(number, max(-300, min(300, -math.floor(math.log10(grain))))) + 0.0


def _plain(number: float, digits: int) -> str:
    """Write whole numbers below a million in full: `2,140`, not `2.14e+03`."""
    shown = f"{number:,.{digits}g}"
    return f"{number:,.0f}" if "e" in shown and 1 <= abs(number) < 1e6 else shown


def _percent(before: float, after: float) -> str:
    return " → ".join(percent(value) for value in (before, after))


def _category(label: object) -> str:
    return f"{label!r}" if label not in ("null", "NaN") else str(label)
