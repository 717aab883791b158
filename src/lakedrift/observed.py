"""Rows of a model: what it said and what came true, read by the roles of columns."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns, scoring
from lakedrift.classes import Classes
from lakedrift.soundness import require

__all__ = ["DIGIT", "MOST_CLASSES", "MOST_SHIFT", "Observed", "Scale", "Terms", "carry", "in_units"]

DIGIT = 32  # bits of a digit of a sum of units
MOST_CLASSES = 1 << 10
LARGEST_UNITS = float(1 << 52)
MOST_SHIFT = 1_000
NO_VALUES = np.empty(0, np.int64), np.empty(0, np.bool_)
ROLES = "prediction", "score", "value"  # beside the label, in the order of a key


@dataclass(frozen=True, slots=True)
class Terms:
    """How rows are read, and how finely they are counted.

    Attributes
    ----------
    roles
        Of each column of the key: `label`, then those of `prediction`, `score` and `value` that there are.
    classes
        The negative and the positive one of two; none where there are more.
    unit
        A value is counted in units of 2**-unit.
    bits
        Of the cells of scores, as in `lakedrift.scoring`.
    most
        Classes that are counted one by one.
    """

    roles: tuple[str, ...]
    classes: tuple[str, ...] = ()
    unit: int = 0
    bits: int = scoring.FINEST
    most: int = MOST_CLASSES

    def to_json(self) -> str:
        """Return the terms as text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the terms that `to_json` wrote; raises CorruptProfileError where they are none."""
        try:
            given = json.loads(text)
            terms = cls(tuple(given["roles"]), tuple(given["classes"]), given["unit"], given["bits"], given["most"])
            written = terms.to_json()
        except (KeyError, TypeError, ValueError, RecursionError):
            terms, written = cls(()), ""
        require(written == text, "the terms of an outcome cannot be read")
        require(terms.roles == ("label", *(role for role in ROLES if role in terms.roles)), "the roles of an outcome are none")
        require(
            len(terms.classes) in (0, 2) and all(isinstance(name, str) for name in terms.classes), "two classes are not two"
        )
        numbers = (terms.unit, terms.bits, terms.most)
        require(all(isinstance(number, int) for number in numbers), "the terms of an outcome cannot be read")
        limits = (MOST_SHIFT, scoring.FINEST, MOST_CLASSES)
        require(all(abs(number) <= most for number, most in zip(numbers, limits, strict=True)), "an outcome is too fine")
        require(terms.bits > 0 and terms.most > 0, "an outcome is counted in no cells")
        return terms


@dataclass(frozen=True, slots=True)
class Scale:
    """How numbers are counted: errors in units of 2**-error, labels less the centre in units of 2**-label."""

    error: int = 0
    label: int = 0
    centre: float = 0.0

    def to_json(self) -> str:
        """Return the scale as text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the scale that `to_json` wrote; raises CorruptProfileError where it is none."""
        try:
            scale = cls(**json.loads(text))
            written = scale.to_json()
        except (TypeError, ValueError, RecursionError):
            scale, written = cls(), ""
        require(written == text and isinstance(scale.centre, float) and math.isfinite(scale.centre), "a scale cannot be read")
        sound = all(isinstance(unit, int) and abs(unit) <= MOST_SHIFT for unit in (scale.error, scale.label))
        require(sound, "a scale has units that no double can be counted in")
        return scale


@dataclass(frozen=True, slots=True)
class Observed:
    """Rows of a batch.

    Attributes
    ----------
    label, prediction
        The classes of (n,) rows, by the same names.
    scores, cells
        (n,) doubles, NaN where null, and their cells.
    units, far
        (n,) values in units, and where there is none, or one beyond 2**52 units; empty where there is no such column.
    """

    label: Classes
    prediction: Classes
    scores: NDArray[np.float64]
    cells: NDArray[np.int32]
    units: NDArray[np.int64]
    far: NDArray[np.bool_]

    @classmethod
    def of(cls, arrays: Sequence[pa.Array], terms: Terms) -> Self:
        """Read the columns of a key, (n,) each, in the order of `terms.roles`; the rows last until this thread reads others.

        Without a prediction it is the more likely of two classes, and in doubt the negative one, as scikit-learn decides.
        """
        given = dict(zip(terms.roles, arrays, strict=True))
        nothing = pa.nulls(len(arrays[0]))
        scores = columns.doubles(given.get("score", nothing))
        cells = scoring.cells_of(scores)
        label = Classes.of(given["label"], "label")
        said = given.get("prediction")
        prediction = Classes(scoring.decided(cells), list(terms.classes)) if said is None else Classes.of(said, "prediction")
        values = in_units(columns.doubles(given["value"]), terms.unit) if "value" in given else NO_VALUES
        return cls(*label.beside(prediction), scores, cells, *values)


def in_units(values: NDArray[np.float64], unit: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return values in units of 2**-unit, rounded, (n,), and which are none or too large for 52 bits, and so 0, (n,)."""
    with np.errstate(over="ignore", invalid="ignore"):
        units = np.rint(np.ldexp(values, unit))
    far = ~(np.abs(units) < LARGEST_UNITS)
    return np.where(far, 0.0, units).astype(np.int64), far


def carry(digits: NDArray[np.int64]) -> None:
    """Bring all digits but the first of each sum of units, (…, n_digits), back into [0, 2**32)."""
    for at in range(digits.shape[-1] - 1, 0, -1):
        digits[..., at - 1] += digits[..., at] >> DIGIT
        digits[..., at] &= (1 << DIGIT) - 1
