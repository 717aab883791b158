"""What a model said and what came true: counts of label by prediction, of outcome by score, and what the rows were worth.

Rows whose label is not known are `null`, those with a label and no prediction are `nan`, all others are right or wrong. Of two
classes one is positive, the score is its probability, and where there is no column of predictions, the more likely class is
what was predicted. Of more, the score is the probability that the prediction is right. So `scores` counts by cell how often
the event did not come, and came.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import scoring
from lakedrift.confusion import Confusion, Pairs
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.gathering import gathered
from lakedrift.longform import LongRows, LongTable
from lakedrift.observed import Observed, Terms
from lakedrift.soundness import require
from lakedrift.summary import Codes, Counts, add_counts, subtract_counts
from lakedrift.trace import Traces
from lakedrift_kernels import outcomes

__all__ = ["SUMMARY", "Outcome"]

SLOTS = ("rows", "null", "nan", "right", "wrong", "unscored", "outside", "unvalued")
CELLS_OF_ALL, PAIRS_OF_ALL = 1 << 22, 1 << 20  # of scores, and of pairs of classes, over all groups
NOTHING = -2  # a class that no row has
BITS, FEWEST_CLASSES = (1, 9), 8


class Outcome:
    """Counts of labels, predictions and scores.

    Attributes
    ----------
    terms
        How rows are read and counted.
    rows, null, nan, right, wrong
        (n_groups,) all rows, those without a label, those with one and no prediction, and the others.
    unscored, outside
        (n_groups,) rows that `scores` would count, had they a score, or one in [0, 1].
    unvalued
        (n_groups,) rows of the table whose value is null, or too large.
    table
        Counts and values of label by prediction.
    scores
        (n_groups, n_cells, 2) counts of labelled rows by score: where the event did not come, and where it came.
    ends
        The least and the greatest score in each cell, of all rows of the whole lake; of groups there are none.
    """

    KIND: ClassVar[str] = "outcome"

    def __init__(self, terms: Terms, slots: Counts, table: Confusion, scores: Counts, ends: scoring.Ends) -> None:
        self.terms = terms
        self.rows, self.null, self.nan, self.right, self.wrong, self.unscored, self.outside, self.unvalued = slots
        self.table = table
        self.scores = scores
        self.ends = ends

    @classmethod
    def new(cls, terms: Terms, n_groups: int = 1, *, whole: bool = True) -> Self:
        """Return the state of no rows, of the whole lake or of groups."""
        cells = scoring.n_cells(terms.bits) if "score" in terms.roles else 0
        slots, scores = np.zeros((len(SLOTS), n_groups), np.int64), np.zeros((n_groups, cells, 2), np.int64)
        return cls(terms, slots, Confusion([], terms.most, n_groups), scores, scoring.Ends(cells if whole else 0))

    @property
    def valid(self) -> Counts:
        """How many rows have both a label and a prediction."""
        held: Counts = self.right + self.wrong
        return held

    @property
    def joined(self) -> NDArray[np.int32]:
        """Which cell each of the finest ones is part of."""
        return scoring.joined(scoring.FINEST, self.terms.bits)

    def by_group(self, n_groups: int) -> Self:
        """Return the state of no groups, of as many cells and classes as so many have."""
        cells, pairs = (most // max(n_groups, 1) for most in (CELLS_OF_ALL, PAIRS_OF_ALL))
        bits = max(cells // (2 * scoring.n_cells(0)), 1).bit_length() - 1
        bits = min(max(bits, BITS[0]), BITS[1], self.terms.bits)
        most = min(max(math.isqrt(pairs), FEWEST_CLASSES), self.terms.most)
        return self.new(replace(self.terms, bits=bits, most=most), 0, whole=False)

    def update(self, array: Sequence[pa.Array]) -> None:
        """Add a batch of the columns."""
        self.located(array, self)

    def located(self, array: Sequence[pa.Array], whole: Self) -> Observed:
        """Add a batch to the state of the whole lake; return it as classes, cells and units."""
        rows = Observed.of(array, whole.terms)
        whole.update_groups(rows, Codes.whole(len(rows.cells)))
        if len(whole.ends):
            whole.ends.add(rows.scores, rows.cells, whole.terms.bits)
        return rows

    def update_groups(self, located: Observed, codes: Codes) -> None:
        """Add a batch whose rows are in groups."""
        label, prediction, names = located.label.codes, located.prediction.codes, located.label.names
        pairs = Pairs.of(label, prediction, len(names), codes)
        self.rows += codes.rows
        for name, these in zip(SLOTS[1:5], pairs.kinds, strict=True):
            np.add.at(vars(self)[name], pairs.group[these], pairs.times[these])
        self.table.add(names, pairs, label, prediction, located.units if "value" in self.terms.roles else None, codes)
        if "value" in self.terms.roles:
            missing = located.far & (label >= 0) & (prediction >= 0)
            self.unvalued += np.bincount(codes.of_rows[missing], minlength=len(self.rows))
        if "score" in self.terms.roles:
            event = prediction
            if self.terms.classes:
                positive = self.terms.classes[1]
                event = np.array([names.index(positive) if positive in names else NOTHING], np.int32)
            without = np.zeros((2, len(self.rows)), np.int64)
            decided = not self.terms.classes
            outcomes.add_scores(located.cells, label, event, decided, self.joined, codes.of_rows, self.scores, without)
            self.unscored += without[0]
            self.outside += without[1]

    def merge(self, other: Self) -> None:
        """Add another state of the same terms."""
        self._check_alike(other)
        for name in (*SLOTS, "scores"):
            add_counts(getattr(self, name), getattr(other, name))
        self.table.merge(other.table)
        self.ends.merge(other.ends)

    def traces(self) -> Traces:
        """Return nothing: what counts do not tell is told anew by the parts."""
        return {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away; of too many classes, and of the ends of cells that it shares, nothing is known any more."""
        del left
        self._check_alike(other)
        for name in (*SLOTS, "scores"):
            subtract_counts(getattr(self, name), getattr(other, name))
        known = self.table.subtract(other.table)
        return (known and self.ends.outlast(other.ends)) or not other.rows.any()

    def _check_alike(self, other: Self) -> None:
        if self.terms != other.terms or len(self.ends) != len(other.ends):
            msg = "outcomes that are read or counted differently do not add"
            raise IncompatibleProfilesError(msg, hint="profile one side with like= the other")

    def empty(self) -> Self:
        """Return the state of no rows on the same terms."""
        return self.new(self.terms, len(self.rows), whole=bool(len(self.ends)))

    def coarsened(self, bits: int, most: int) -> Self:
        """Return the counts in no more cells, of no more classes, than there are, without the ends of cells."""
        scores = np.zeros((len(self.rows), scoring.n_cells(bits) if self.scores.size else 0, 2), np.int64)
        if self.scores.shape[1]:
            np.add.at(scores.swapaxes(0, 1), scoring.joined(self.terms.bits, bits), self.scores.swapaxes(0, 1))
        terms = replace(self.terms, bits=bits, most=most)
        return type(self)(terms, self._slots, self.table.limited(most), scores, scoring.Ends(0))

    def gathered(self, indptr: Counts, indices: Counts) -> Self:
        """Return sums of groups."""
        slots, scores = (gathered(counts, indptr, indices) for counts in (self._slots.T, self.scores))
        return type(self)(self.terms, slots.T, self.table.gathered(indptr, indices), scores, scoring.Ends(0))

    def sums_to(self, whole: Self) -> bool:
        """Whether the groups add up to the state of the whole lake, which may be in finer cells."""
        total = self.gathered(np.array([0, len(self.rows)]), np.arange(len(self.rows)))
        coarse = whole.coarsened(self.terms.bits, self.terms.most)
        return self.terms.roles == whole.terms.roles and total.to_arrow().equals(coarse.to_arrow(), check_metadata=True)

    @property
    def _slots(self) -> Counts:
        return np.stack([getattr(self, name) for name in SLOTS])

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: pairs of classes and cells by number, classes in the metadata."""
        classes, n = self.table.ordered(), len(self.rows)
        table = LongTable(terms=self.terms.to_json(), classes=classes.to_json(), whole=str(bool(len(self.ends))))
        for name in SLOTS:
            table.flat(name, getattr(self, name))
        table.sparse("confusion", classes.counts.reshape(n, classes.counts[0:1].size if n else 0))
        table.sparse("worth", classes.worth.reshape(n, classes.worth[0:1].size if n else 0))
        lows = scoring.edges_of(self.terms.bits)[0].repeat(2)
        table.sparse("scores", self.scores.reshape(n, 2 * self.scores.shape[1]), lows)
        held = np.flatnonzero(self.ends.highs >= 0)
        for name in ("lows", "highs"):
            ends = getattr(self.ends, name)[held]
            table.entries(name, np.zeros_like(held), held, ends, ends.view(np.float64))
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        terms, whole = Terms.from_json(read.grid.get("terms", "")), read.grid.get("whole")
        require(whole == "False" or (whole == "True" and read.n_groups == 1), "an outcome is neither of a lake nor of groups")
        state = cls.new(terms, read.n_groups, whole=whole == "True")
        for name in SLOTS:
            setattr(state, name, read.flat(name))
        state.table = Confusion(Confusion.sound_names(read.grid.get("classes", ""), terms.most), terms.most, read.n_groups)
        for owner, name in ((state.table, "counts"), (state.table, "worth"), (state, "scores")):
            shape, field = getattr(owner, name).shape, "confusion" if name == "counts" else name
            found = read.sparse(field, math.prod(shape[1:]), signed=name == "worth")
            setattr(owner, name, found.reshape(shape))
        _read_ends(state.ends, read)
        read.finish()
        _check(state)
        return state


def _read_ends(ends: scoring.Ends, read: LongRows) -> None:
    for name in ("lows", "highs"):
        _, places, bits = read.entries(name)
        require(((places >= 0) & (places < len(ends))).all() and (np.diff(places) > 0).all(), "ends are of no cells")
        getattr(ends, name)[places] = bits
    require((ends.lows >= 0).all() and ((ends.lows <= ends.highs) | (ends.highs < 0)).all(), "ends of cells are not in order")


def _check(state: Outcome) -> None:
    """Refuse counts that do not belong together."""
    counts, terms = state.table.counts, state.terms
    require(
        (state.rows == state.null + state.nan + state.right + state.wrong).all(), "rows are not those judged and the others"
    )
    if state.table.names is not None:
        require((counts.sum(axis=(1, 2)) == state.valid).all(), "pairs of classes do not sum to the rows judged")
        require((np.trace(counts, axis1=1, axis2=2) == state.right).all(), "pairs of a class are not the rows judged right")
    if "score" in terms.roles:
        known = state.rows - state.null if terms.classes else state.valid
        held = state.scores.sum(axis=(1, 2)) + state.unscored + state.outside
        require((held == known).all(), "scores do not sum to the labelled rows")


SUMMARY = Outcome
