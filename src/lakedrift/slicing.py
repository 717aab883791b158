"""A few bins of a column, to see a model by: fixed before anything is counted, so that counts add."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.classes import Classes
from lakedrift.columns import Column
from lakedrift.keying import column_of
from lakedrift.soundness import require
from lakedrift_kernels import bins, nulls

__all__ = ["Slices", "read_slices", "written_slices"]

BINS = bins.EDGES + 1  # of numbers, of equal weight in the sample
NAMES = 12  # categories with a bin of their own


@dataclass(frozen=True, slots=True)
class Slices:
    """The bins of a column: between edges where it is of numbers, or of names and one of all others; null is the last.

    Attributes
    ----------
    column
        Its name.
    edges
        Ascending; bin i holds numbers in [edges[i - 1], edges[i]). None where it is of categories.
    names
        The categories.
    """

    column: str
    edges: tuple[float, ...] | None = None
    names: tuple[str, ...] = ()

    @classmethod
    def of_sample(cls, column: str, sample: Sequence[pa.Array], *, numbers: bool) -> Self:
        """Return bins of about equal weight, or of the commonest categories, of a sample."""
        if not numbers:
            counted: Counter[str] = Counter()
            for array in sample:
                truths = pa.types.is_boolean(array.type)  # of which both have a bin, whatever occurs
                counted.update({name: times for name, times in Classes.of(array).times().items() if times or truths})
            ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
            return cls(column, None, tuple(sorted(name for name, _ in ranked[:NAMES])))
        values = np.concatenate([np.empty(0), *map(columns.doubles, sample)])
        values = values[~np.isnan(values)]
        if not len(values):
            return cls(column, ())
        places = np.arange(1, BINS) * len(values) // BINS
        borders = np.unique(np.partition(values, places)[places] + 0.0)
        return cls(column, tuple(borders[borders > values.min()].tolist()))

    @property
    def n_bins(self) -> int:
        """How many bins there are."""
        return len(self.names) + 2 if self.edges is None else len(self.edges) + 2

    @property
    def labels(self) -> list[str]:
        """What is in each bin, for people."""
        if self.edges is None:
            return [*self.names, "(others)", "(null)"]
        ends = [f"{edge:g}" for edge in self.edges]
        inner = [f"{low}…{high}" for low, high in itertools.pairwise(ends)]
        return [*([f"< {ends[0]}", *inner, f"≥ {ends[-1]}"] if ends else ["(all)"]), "(null)"]

    def read(self, array: pa.Array, found: NDArray[np.uint8]) -> None:
        """Write the bin of each row of a column to `found` (n,)."""
        if self.edges is None:
            classes = Classes.of(array, "codes")
            bins.bin_codes(classes.codes, self.bins_of(classes.names), found)
            return
        column = _doubles(array)
        edges = np.array([*self.edges, *[math.nan] * (bins.EDGES - len(self.edges))])
        null = np.uint8(self.n_bins - 1)
        bins.bin_numbers(column.values, edges, null, found)
        if column.nulls:
            nulls.mark_nulls(column.validity, column.offset, null, found)

    def bins_of(self, names: Sequence[str]) -> NDArray[np.uint8]:
        """Return the bins of null, and of categories, (1 + n_names,)."""
        place = {name: at for at, name in enumerate(self.names)}
        return np.array([len(self.names) + 1, *(place.get(name, len(self.names)) for name in names)], np.uint8)


def _doubles(array: pa.Array) -> Column:
    """Return a column of any type as doubles, until the next; what is none is null or NaN."""
    if columns.natural_kind(array.type) == "numeric" and not pa.types.is_dictionary(array.type):
        return column_of(array, "double")
    return Column(columns.doubles(array), columns.ALL_VALID, 0, 0)


def written_slices(slices: Sequence[Slices]) -> str:
    """Return slices as text."""
    told = [[one.column, None if one.edges is None else list(one.edges), list(one.names)] for one in slices]
    return json.dumps(told, separators=(",", ":"))


def read_slices(text: str) -> tuple[Slices, ...]:
    """Return what `written_slices` wrote; raises CorruptProfileError where it is none."""
    try:
        slices = tuple(
            Slices(column, None if edges is None else tuple(edges), tuple(names)) for column, edges, names in json.loads(text)
        )
        written = written_slices(slices)
    except (TypeError, ValueError, RecursionError):
        slices, written = (), ""
    require(written == text and all(map(_is_sound, slices)), "the bins of columns cannot be read")
    return slices


def _is_sound(one: Slices) -> bool:
    edges: Any = one.edges or ()
    numbers = all(isinstance(edge, float) and not math.isnan(edge) for edge in edges)
    texts = isinstance(one.column, str) and all(isinstance(name, str) for name in one.names)
    return (
        len(edges) <= bins.EDGES
        and len(one.names) <= NAMES
        and numbers
        and texts
        and list(edges) == sorted(set(edges))
        and list(one.names) == sorted(set(one.names))
    )
