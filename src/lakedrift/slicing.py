"""A few bins of a column, to see a model by: fixed before anything is counted, so that counts add."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.classes import Classes
from lakedrift.soundness import require
from lakedrift_kernels import bins

__all__ = ["Binned", "Read", "Slices", "read_slices", "written_slices"]

BINS = bins.EDGES + 1  # of numbers, of equal weight in the sample
NAMES = 12  # categories with a bin of their own


@dataclass(frozen=True, slots=True)
class Binned:
    """A column of categories: codes (n,), -1 where it is null, and the bins of null and of each code."""

    codes: NDArray[np.int32]
    bins: NDArray[np.int32]


Read: TypeAlias = pa.Array | Binned  # numbers become doubles as they are counted: all columns at once would take new memory


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

    def read(self, array: pa.Array) -> Read:
        """Return the column as `count` takes it."""
        return self.of_classes(Classes.of(array)) if self.edges is None else array

    def of_classes(self, found: Classes) -> Binned:
        """Return a column of categories as `count` takes it."""
        place = {name: at for at, name in enumerate(self.names)}
        bins_found = [len(self.names) + 1, *(place.get(name, len(self.names)) for name in found.names)]
        return Binned(found.codes, np.array(bins_found, np.int32))

    def placed(self, column: Read, places: NDArray[np.int32], stride: int = 1) -> NDArray[np.int32]:
        """Return where `count` counts each row, (n,)."""
        if isinstance(column, Binned):
            return places + column.bins[column.codes + 1] * np.int32(stride)
        placed = np.empty(len(column), np.int32)
        bins.place_numbers(columns.doubles(column), *self._borders, places, np.int32(stride), placed)
        return placed

    def count(self, column: Read, places: NDArray[np.int32], stride: int, counts: NDArray[np.int64]) -> None:
        """Count rows (n,) in `counts` (n_places,), as `lakedrift_kernels.bins` says."""
        if isinstance(column, Binned):
            bins.add_bins(column.codes, column.bins, places, np.int32(stride), counts)
        else:
            source = columns.doubles(column), *self._borders, places, np.int32(stride)
            bins.add_numbers(*source, counts, np.empty(bins.BLOCK, np.int32))

    @property
    def _borders(self) -> tuple[NDArray[np.float64], int]:
        """The edges as kernels take them, and the bin of null."""
        edges = self.edges or ()
        return np.array([*edges, *[math.nan] * (bins.EDGES - len(edges))]), len(edges) + 1


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
        and numbers
        and texts
        and list(edges) == sorted(set(edges))
        and list(one.names) == sorted(set(one.names))
    )
