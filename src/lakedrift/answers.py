"""Both sides of a model in every row of a comparison, as measures of performance read them.

Counts of a sum of groups are the sums of theirs, so groups are brought on the same classes and cells first, and then added up.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakedrift import scoring
from lakedrift.classes import in_order
from lakedrift.confusion import Confusion
from lakedrift.matching import Matches
from lakedrift.observed import Scale
from lakedrift.performance import Chances, Decisions, Residuals
from lakedrift.profiles import Profile
from lakedrift.sides import Added
from lakedrift.summaries import residuals
from lakedrift.summaries.outcome import Outcome
from lakedrift.summaries.residuals import COARSE, FOURTHS
from lakedrift.summary import Counts, StateKey

__all__ = ["Answers", "answers_of", "model_of"]

KINDS = ("outcome", "residuals")
BLOCK = 1 << 20  # counts at a time
BASE = 1 << 32
Floats = NDArray[np.float64]
Arrays = dict[str, tuple[Counts, Counts]]


@dataclass(frozen=True, eq=False)
class Answers:
    """One side of a model.

    Attributes
    ----------
    rows, labelled
        (n,) all rows, and those whose label is known.
    views
        What measures of performance read, by its type.
    flawed
        Of each view, (n,), whether there are rows that it cannot hold: scores that are no probabilities, too large numbers.
    classes
        The classes of the decisions, in their order; none where there are too many, or the model tells numbers.
    """

    rows: Counts
    labelled: Counts
    views: Mapping[type, Any]
    flawed: Mapping[type, NDArray[np.bool_]]
    classes: tuple[str, ...] = ()


Read = Callable[[Mapping[str, Counts]], Answers]


def model_of(profile: Profile) -> StateKey | None:
    """Return the key of the state that says how a model did, None where there is none."""
    return next((key for key in profile.states if key[0] in KINDS), None)


def answers_of(sides: tuple[Any, Any], wholes: tuple[Any, Any], matches: Matches) -> Iterator[tuple[Answers, Answers]]:
    """Yield both sides for all rows of a comparison, some at a time.

    Parameters
    ----------
    sides
        The states of the groups that the rows add up, of the reference and of the current side.
    wholes
        Those of the whole lakes.
    """
    level = _numbers if isinstance(sides[0], residuals.Residuals) else _classes
    arrays, read = level(sides, wholes)
    added = {name: Added(matches, *pair) for name, pair in arrays.items()}
    width = max(int(np.prod(pair[0].shape[1:])) for pair in arrays.values())
    step = max(1, BLOCK // max(width, 1))
    for start in range(0, len(matches), step):
        found = {name: both[start : start + step] for name, both in added.items()}
        yield read({name: pair[0] for name, pair in found.items()}), read({name: pair[1] for name, pair in found.items()})


def _numbers(sides: tuple[Any, Any], _wholes: tuple[Any, Any]) -> tuple[Arrays, Read]:
    arrays: Arrays = {name: (getattr(sides[0], name), getattr(sides[1], name)) for name in ("rows", "null", "far", "counted")}
    known = all(side.fourths is not None for side in sides)
    for name in ("counted", "sums", "squares", *(("fourths",) if known else ())):
        arrays |= _apart(name, getattr(sides[0], name), getattr(sides[1], name))
    centre = sides[0].scale.centre

    def read(found: Mapping[str, Counts]) -> Answers:
        moments = [_moments(found, at, side.scale, centre) for at, side in enumerate(sides)]
        view = Residuals(found["counted"], *(np.add(*both) for both in zip(*moments, strict=True)))
        return Answers(found["rows"], found["rows"] - found["null"], {Residuals: view}, {Residuals: found["far"] > 0})

    return arrays, read


def _moments(found: Mapping[str, Counts], at: int, scale: Scale, centre: float) -> list[Floats]:
    """Return the sums of one side as `Residuals` has them, of labels less a centre."""
    error, label, rows = scale.error, scale.label, found[f"counted {at}"]
    e, size, y = (_total(found[f"sums {at}"][:, place], unit) for place, unit in enumerate((error, error, label)))
    e2, y2 = (_total(found[f"squares {at}"][:, place], 2 * unit) for place, unit in enumerate((error, label)))
    fourths = np.full((len(FOURTHS), len(rows)), math.nan)
    if (given := found.get(f"fourths {at}")) is not None:
        for place, (of_error, of_label) in enumerate(FOURTHS):
            unit = of_error * (error - COARSE) + of_label * (label - COARSE)
            fourths[place] = _total(given[:, place], unit)
    if apart := scale.centre - centre:
        _, e2y, e2y2, y3, y4 = fourths
        e2y2 += 2 * apart * e2y + apart**2 * e2
        e2y += apart * e2
        y4 += 4 * apart * y3 + 6 * apart**2 * y2 + 4 * apart**3 * y + apart**4 * rows
        y3 += 3 * apart * y2 + 3 * apart**2 * y + apart**3 * rows
        y2 += 2 * apart * y + rows * apart**2
        y += rows * apart
    return [e, size, e2, y, y2, fourths]


def _classes(sides: tuple[Any, Any], wholes: tuple[Any, Any]) -> tuple[Arrays, Read]:
    terms = sides[0].terms
    bits, most = (min(getattr(side.terms, name) for side in sides) for name in ("bits", "most"))
    sides = tuple(side if (side.terms.bits, side.terms.most) == (bits, most) else side.coarsened(bits, most) for side in sides)
    names = ("rows", "null", "right", "wrong", "outside", "unvalued")
    arrays: Arrays = {name: (getattr(sides[0], name), getattr(sides[1], name)) for name in names}
    tables = _same_classes(sides[0].table, sides[1].table, terms.classes)
    arrays["counts"] = tables[0].counts, tables[1].counts
    if "value" in terms.roles:
        arrays |= _apart("worth", tables[0].worth, tables[1].worth)
    some = np.logical_or(*(side.scores.any(axis=0) for side in sides))
    held = np.flatnonzero(some[:, 0] | some[:, 1])  # most cells are empty
    arrays["scores"] = sides[0].scores[:, held], sides[1].scores[:, held]
    units, (low, high) = [side.terms.unit for side in sides], _ends(wholes, bits, held)
    classes = tables[0].names
    positive = classes.index(terms.classes[1]) if terms.classes and classes is not None else None

    def read(found: Mapping[str, Counts]) -> Answers:
        worth = None
        if "value" in terms.roles and classes is not None:
            worth = np.add(*(_total(found[f"worth {at}"], unit) for at, unit in enumerate(units)))
        counts = None if classes is None else found["counts"]
        views: dict[type, Any] = {Decisions: Decisions(found["right"], found["wrong"], counts, worth, positive)}
        if "score" in terms.roles:
            views[Chances] = Chances(found["scores"], low, high)
        labelled = found["rows"] - found["null"]
        return Answers(found["rows"], labelled, views, {Chances: found["outside"] > 0}, tuple(classes or ()))

    return arrays, read


def _apart(name: str, reference: Counts, current: Counts) -> Arrays:
    """Return sums of both sides that do not add, as they are in units of their own."""
    return {f"{name} 0": (reference, np.zeros_like(current)), f"{name} 1": (np.zeros_like(reference), current)}


def _total(digits: Counts, unit: int) -> Floats:
    """Return sums as doubles, (n, …), from their digits, (n, …, n_digits), in units of 2**-unit."""
    exact = functools.reduce(lambda above, digit: above * BASE + digit, np.moveaxis(digits, -1, 0).astype(object))
    scale = Fraction(2) ** -unit
    found: Floats = np.vectorize(lambda whole: _double(whole * scale), otypes=[np.float64])(exact)
    return found


def _double(number: Fraction) -> float:
    """Return the nearest double; sums of squares may pass the largest one."""
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _same_classes(reference: Confusion, current: Confusion, two: tuple[str, ...]) -> tuple[Confusion, Confusion]:
    """Return both tables in the classes of either, and the two that there should be, in order; of too many, none."""
    if reference.names is None or current.names is None:
        return tuple(Confusion(None, side.most, len(side.counts)) for side in (reference, current))  # type: ignore[return-value]
    names = in_order({*reference.names, *current.names, *two})
    sides = []
    for side in (reference, current):
        table = Confusion(names, len(names), len(side.counts))
        table.merge(side)
        sides.append(table)
    return sides[0], sides[1]


def _ends(wholes: tuple[Outcome, Outcome], bits: int, cells: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return between what the scores of both lakes lie in some cells, (n_cells,) each."""
    ends = scoring.Ends(scoring.n_cells(bits))
    for whole in wholes:
        held = np.flatnonzero(whole.ends.highs >= 0)
        joined = scoring.joined(whole.terms.bits, bits)[held]
        np.minimum.at(ends.lows, joined, whole.ends.lows[held])
        np.maximum.at(ends.highs, joined, whole.ends.highs[held])
    return ends.values(bits, cells)
