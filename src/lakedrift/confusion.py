"""A table of labels by predictions that grows by the classes that occur in it, up to a number of them.

Whether there are more is a property of the set of classes, which only grows: whoever finds out first, merged tables agree, as
the states of `summaries.frequencies` do. A table of too many classes is empty, and stays so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lakedrift.classes import NONE, in_order
from lakedrift.gathering import gathered
from lakedrift.observed import carry
from lakedrift.soundness import require
from lakedrift.summary import Codes, Counts, add_counts, subtract_counts
from lakedrift_kernels import outcomes, sums

__all__ = ["Confusion", "Pairs"]

MOST_PLACES = 1 << 21  # of tables that the rows of a batch are counted in


@dataclass(frozen=True, slots=True)
class Pairs:
    """How often a group, a label and a prediction come together, each of the latter two -1 where it is none; (m,) each."""

    group: NDArray[np.integer[Any]]
    label: NDArray[np.integer[Any]]
    prediction: NDArray[np.integer[Any]]
    times: Counts

    @classmethod
    def of(cls, label: NDArray[np.int32], prediction: NDArray[np.int32], n_classes: int, codes: Codes) -> Self:
        """Count the rows of a batch, (n,), or take each for itself where there are very many groups and classes."""
        shape = (2, len(codes.rows), n_classes + 1, n_classes + 1)
        if math.prod(shape) > MOST_PLACES:
            return cls(codes.of_rows, label, prediction, np.ones(len(label), np.int64))
        counts = np.zeros(shape, np.int64)
        outcomes.count_pairs(label, prediction, codes.of_rows, counts)
        total = counts.sum(axis=0)
        group, true, said = np.nonzero(total)
        return cls(group, true - 1, said - 1, total[group, true, said])

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which of them have both, (m,)."""
        return (self.label >= 0) & (self.prediction >= 0)

    @property
    def kinds(self) -> tuple[NDArray[np.bool_], ...]:
        """Which of them have no label, which have one and no prediction, which are right, and which are wrong, (m,) each."""
        right = self.label == self.prediction
        return self.label < 0, (self.label >= 0) & (self.prediction < 0), self.known & right, self.known & ~right


class Confusion:
    """Counts and sums of values of labels by predictions.

    Attributes
    ----------
    names
        The classes, in the order of rows and columns; None where there are too many.
    most
        How many there may be.
    counts
        (n_groups, n_names, n_names) rows of label by prediction.
    worth
        (n_groups, n_names, n_names, 2) digits of the sum of their values, in units; see `lakedrift_kernels.sums`.
    """

    def __init__(self, names: Sequence[str] | None, most: int, n_groups: int) -> None:
        size = len(names or ())
        self.names = None if names is None else list(names)
        self.most = most
        self.counts: Counts = np.zeros((n_groups, size, size), np.int64)
        self.worth: Counts = np.zeros((n_groups, size, size, sums.DIGITS[0]), np.int64)

    def add(
        self,
        names: Sequence[str],
        pairs: Pairs,
        label: NDArray[np.int32],
        prediction: NDArray[np.int32],
        units: NDArray[np.int64] | None,
        codes: Codes,
    ) -> None:
        """Count the rows of a batch that have both, in their groups, and what they are worth.

        Parameters
        ----------
        names, pairs
            The classes of the batch, and how often they come together.
        label, prediction
            (n,) which of them each row has, -1 where it has none.
        units
            (n,) their values, None where they have none.
        """
        held = pairs.known
        if not held.any():
            return
        group, true, said = pairs.group[held], pairs.label[held], pairs.prediction[held]
        occur = np.zeros(len(names), np.bool_)
        occur[true] = occur[said] = True
        known = self._places_of([name for name, occurs in zip(names, occur.tolist(), strict=True) if occurs])
        if known is None:
            return
        place = np.array([known.get(name, NONE) for name in names], np.int32)
        np.add.at(self.counts, (group, place[true], place[said]), pairs.times[held])
        if units is not None:
            both = (label >= 0) & (prediction >= 0)
            cells = np.where(both, place[label] * np.int32(len(known)) + place[prediction], NONE).astype(np.int32)
            sums.add_units(units, cells, codes.of_rows, self.worth.reshape(len(self.counts), -1, sums.DIGITS[0]))

    def merge(self, other: Confusion) -> None:
        """Add another table."""
        place = None if other.names is None else self._places_of(other.names)
        if place is None or other.names is None:
            self._resize(None)
            return
        at = self._at([place[name] for name in other.names])
        counts, worth = self.counts[at], self.worth[at]
        add_counts(counts, other.counts)
        self.counts[at], self.worth[at] = counts, worth + other.worth
        carry(self.worth)

    def subtract(self, other: Confusion) -> bool:
        """Take a table away that was added; of too many classes it is not known how many are left."""
        if self.names is None or other.names is None:
            return False
        at = self._at([self.names.index(name) for name in other.names])
        counts, worth = self.counts[at], self.worth[at]
        subtract_counts(counts, other.counts)
        self.counts[at], self.worth[at] = counts, worth - other.worth
        carry(self.worth)
        return True

    def gathered(self, indptr: Counts, indices: Counts) -> Confusion:
        """Return sums of groups."""
        table = Confusion(self.names, self.most, len(indptr) - 1)
        table.counts, table.worth = (gathered(counts, indptr, indices) for counts in (self.counts, self.worth))
        carry(table.worth)
        return table

    def limited(self, most: int) -> Confusion:
        """Return a table of fewer classes, or of too many."""
        table = Confusion(None, most, len(self.counts))
        if self.names is not None and len(self.ordered().names or ()) <= most:
            table.names, table.counts, table.worth = self.names, self.counts, self.worth
        return table

    def ordered(self) -> Confusion:
        """Return the table of the classes that occur, in order."""
        if self.names is None:
            return self
        held = np.flatnonzero(self.counts.any(axis=(0, 1)) | self.counts.any(axis=(0, 2)))
        names = in_order({self.names[at] for at in held.tolist()})
        at = self._at([self.names.index(name) for name in names])
        table = Confusion(names, self.most, len(self.counts))
        table.counts, table.worth = self.counts[at], self.worth[at]
        return table

    def to_json(self) -> str:
        """Return the classes as text."""
        return json.dumps(self.names, separators=(",", ":"))

    @staticmethod
    def sound_names(text: str, most: int) -> list[str] | None:
        """Return the classes that `to_json` of an ordered table wrote; raises CorruptProfileError where they are none."""
        try:
            names = json.loads(text)
        except (ValueError, RecursionError):
            names = ""
        sound = names is None or (isinstance(names, list) and all(isinstance(name, str) for name in names))
        require(sound, "the classes of a table cannot be read")
        require(names is None or names == in_order(set(names)), "the classes of a table are not in order")
        require(names is None or len(names) <= most, "there are more classes than are counted")
        return names  # type: ignore[no-any-return]

    def _places_of(self, names: Sequence[str]) -> dict[str, int] | None:
        """Return the place of each class, where there is room for those that are new; None where there are too many."""
        if self.names is None:
            return None
        known = dict.fromkeys([*self.names, *names])
        if len(known) > self.most:
            self._resize(None)
            return None
        if len(known) > len(self.names):
            self._resize(list(known))
        return {name: at for at, name in enumerate(known)}

    def _resize(self, names: list[str] | None) -> None:
        """Give the table these classes, first the ones that it has; None takes all of them."""
        table = Confusion(names, self.most, len(self.counts))
        if names is not None and self.names is not None:
            held = slice(0, len(self.names))
            table.counts[:, held, held], table.worth[:, held, held] = self.counts, self.worth
        self.names, self.counts, self.worth = table.names, table.counts, table.worth

    def _at(self, places: list[int]) -> tuple[NDArray[np.int64], ...]:
        return np.ix_(np.arange(len(self.counts)), np.array(places, np.int64), np.array(places, np.int64))
