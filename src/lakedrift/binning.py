"""Where numeric values fall: a grid of ordered cells on one universal axis of unsigned 64-bit keys.

Axes
----
Floats, and integers within ±2**53, share the *double* axis: the bits of the IEEE 754 double, ordered. Wider integers have an
exact axis of their own (*int64*, *uint64*), so that 2**53 and 2**53 + 1 stay apart.

Grid
----
The 65,536 values of a key's top 16 bits are the roots: on the double axis, sixteen an octave. Octaves far from all mass of the
fit sample are one leaf each, the others are divided into their roots. Where the sample has mass, a root holds a window:
2**shift-wide leaves over the central part of that mass, the outer leaves reaching to the root's borders.
A leaf that is still heavy, because it holds an atom or a second scale, is divided once more by a window of its own.
A single value gets the window {below, value, above}, so an atom is a cell by itself.
Where the mass of a column has no such structure, one range of linear cells takes the place of all windows (`linear`): they are
found with less than half the work. The roots and octaves that it covers are left out, the two that it ends in are cut.

Monotone, hence sound: with t = index[key >> 48], the root or the undivided octave that the key lies in, leaf(key) = first[t] +
min((max(key, low[t]) - low[t]) >> shift[t], last[t]). `index` never decreases. Within one t max, minus a constant, >> and min
never decrease, and the result stays within first[t] … first[t] + last[t]; these are numbered in order, so first[t] + last[t] <
first[t + 1], and the same holds inside a divided leaf. So a greater key never has a smaller cell: every cell is an interval of
keys, whatever the sample was.

Dyadic, hence comparable: every edge is a multiple of a power of two on the axis. Two grids, however fitted, share the edges
present in both (their common coarsening), on which the counts of both are exact. Taking common edges is intersection of sets:
associative, commutative, idempotent.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from lakedrift.linear import Linear, Scale

__all__ = ["MINUS_INFINITY", "PLUS_INFINITY", "Axis", "Binning", "ascending_values", "common_edges", "key_values", "keys_of"]

Axis = Literal["double", "int64", "uint64"]
Keys = NDArray[np.uint64]

ROOTS = 1 << 16
ROOT_SHIFT = np.uint64(48)
OCTAVES = 1 << 12
OCTAVE_SHIFT = np.uint64(52)
ROOTS_AN_OCTAVE = ROOTS // OCTAVES
SIGN = np.uint64(1 << 63)
ONE = np.uint64(1)
NESTED = np.uint64(1 << 63)
EXACT_INTEGERS = 1 << 53
MINUS_INFINITY, PLUS_INFINITY = np.uint64(0x000FFFFFFFFFFFFF), np.uint64(0xFFF0000000000000)  # keys on the double axis
NO_KEYS: Keys = np.empty(0, np.uint64)
ALL_KEPT: NDArray[np.int64] = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Binning:
    """A grid of cells, and the centre and scale by which moments are summed.

    Attributes
    ----------
    axis
        Which keys the grid divides.
    octaves
        (k,) uint64, ascending: those divided into roots, though no root of theirs need have a window; on the integer axes an
        octave is a range of 2**52.
    windows
        (w, 4) uint64, ascending: root, low, shift and last (the number of leaves less one) of each root that has a window. Its
        octave is divided.
    nested
        (m, 4) uint64, ascending: leaf, low, shift and last of each leaf that is divided once more.
    centre, scale
        Moments sum round((x - centre) * scale); scale is a power of two. On the integer axes `centre` is exact as `origin`.
    origin
        The key that values are measured from on the integer axes.
    linear
        On the double axis, linear cells in place of windows.
    kept
        (n_cells,) int64, ascending and beginning with 0: of a coarse grid, the cells of the fine one that its own begin with;
        empty where none are joined. Every edge is one of the fine grid, so what holds of those holds of these.
    listed
        (n_cells,) uint64, ascending and beginning with 0: the first key of each cell of a grid that says nothing else, and that
        values cannot be counted on.
    """

    axis: Axis
    octaves: Keys
    windows: Keys
    nested: Keys
    centre: float
    scale: float
    origin: int = 0
    linear: Linear | None = None
    kept: NDArray[np.int64] = field(default_factory=lambda: ALL_KEPT)
    listed: Keys = field(default_factory=lambda: NO_KEYS)

    @classmethod
    def of_edges(cls, axis: Axis, edges: Keys) -> Self:
        """Return the grid that has these edges, (n_cells,) as `listed`, and tells nothing of how they were found."""
        nothing = NO_KEYS.reshape(0, 4)
        return cls(axis, NO_KEYS, nothing, nothing, 0.0, 1.0, listed=edges)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Binning) and self._identity() == other._identity())

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[object, ...]:
        parts = self.octaves, self.windows, self.nested, self.kept, self.listed
        tables = tuple(part.tobytes() for part in parts)
        linear = None if self.linear is None else tuple(self.linear.to_numbers())
        return (self.axis, *tables, self.centre, self.scale, self.origin, linear)

    def to_json(self) -> str:
        """Return the grid as text, the same for equal grids."""
        return self._text

    @functools.cached_property
    def _text(self) -> str:
        numbers = {"centre": self.centre.hex(), "scale": self.scale.hex(), "origin": self.origin}
        tables = {name: getattr(self, name).tolist() for name in ("octaves", "windows", "nested")}
        linear = None if self.linear is None else self.linear.to_numbers()
        chosen = {name: cells.tolist() for name in ("kept", "listed") if len(cells := getattr(self, name))}
        return json.dumps({"axis": self.axis, **numbers, **tables, "linear": linear, **chosen}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the grid that `to_json` wrote."""
        read = json.loads(text)
        windows, nested = (np.array(read[name], np.uint64).reshape(-1, 4) for name in ("windows", "nested"))
        octaves = np.array(read["octaves"], np.uint64)
        centre, scale = float.fromhex(read["centre"]), float.fromhex(read["scale"])
        linear = None if read["linear"] is None else Linear.from_numbers(*read["linear"])
        kept, listed = np.array(read.get("kept", []), np.int64), np.array(read.get("listed", []), np.uint64)
        return cls(read["axis"], octaves, windows, nested, centre, scale, read["origin"], linear, kept, listed)

    def joined(self, kept: NDArray[np.int64]) -> Binning:
        """Return the grid whose cells begin with these of the fine one's, (n_cells,), ascending, the first of them 0."""
        if len(self.listed):
            return replace(self, listed=self.listed[kept])
        return replace(self, kept=kept if len(kept) < self.fine.n_cells else ALL_KEPT)

    @functools.cached_property
    def fine(self) -> Binning:
        """The grid with no cells joined."""
        return replace(self, kept=ALL_KEPT) if len(self.kept) else self

    @functools.cached_property
    def cell_of_fine(self) -> NDArray[np.int32]:
        """The cell that each of the fine grid is part of, (n_fine_cells,)."""
        begins = np.ones(self.fine.n_cells, np.int32)
        if len(self.kept):
            begins[:] = 0
            begins[self.kept] = 1
        return np.cumsum(begins, dtype=np.int32) - np.int32(1)

    @property
    def tables(self) -> tuple[NDArray[np.uint16], Keys, Keys, Keys]:
        """What kernels need to find the cell of a key: `index`, `outer`, and, where a leaf is divided, `leaves` and `inner`."""
        inside = (self.leaves, self.inner) if len(self.nested) else (NO_KEYS, self.nested)
        return self.index, self.outer, *inside

    @functools.cached_property
    def index(self) -> NDArray[np.uint16]:
        """The row of `outer` that serves each root, (65536,)."""
        starts = self._territories[0] >> ROOT_SHIFT
        return np.repeat(np.arange(len(starts), dtype=np.uint16), np.diff(np.append(starts, np.uint64(ROOTS))).astype(np.int64))

    @functools.cached_property
    def outer(self) -> Keys:
        """The kernel's table of windows, one a root or undivided octave, (t, 2)."""
        _, low, shift, last = self._territories
        first = np.cumsum(last + ONE, dtype=np.uint64) - (last + ONE)
        return _packed(low, first, last, shift)

    @functools.cached_property
    def lines(self) -> tuple[Scale, NDArray[np.int64], tuple[NDArray[np.uint16], np.uint64, np.int64]]:
        """What kernels need to find linear cells, and the cells outside them; only where there are any."""
        assert self.linear is not None  # noqa: S101 -- whoever asks has looked
        _, end = self._span
        skip = self.before_linear + self.linear.n_cells - int(self.index[end >> ROOT_SHIFT])
        return *self.linear.table(self.before_linear), (self.index, end, np.int64(skip))

    @functools.cached_property
    def before_linear(self) -> int:
        """How many cells come before the linear ones."""
        return int(np.searchsorted(self._territories[0], self._span[0]))

    @property
    def _beyond_linear(self) -> Keys:
        """The first keys of the cells behind the linear ones."""
        starts, beyond = self._territories[0], self._span[1]
        return np.append(beyond, starts[np.searchsorted(starts, beyond, side="right") :])

    @functools.cached_property
    def leaves(self) -> Keys:
        """For each leaf, the cell that it is or, with the top bit set, the row of `inner` that divides it, (n_leaves,)."""
        cells = self._leaf_cells
        first = np.cumsum(cells, dtype=np.uint64) - cells
        first[self.nested[:, 0]] = NESTED | np.arange(len(self.nested), dtype=np.uint64)
        return first

    @functools.cached_property
    def inner(self) -> Keys:
        """The kernel's table of windows inside leaves, (m, 2)."""
        leaf, low, shift, last = self.nested.T
        before = np.cumsum(last, dtype=np.uint64) - last  # a divided leaf is one cell already counted by its number
        return _packed(low, leaf + before, last, shift)

    @functools.cached_property
    def edges(self) -> Keys:
        """The first key of every cell, ascending, the first one 0, (n_cells,)."""
        if len(self.listed):
            return self.listed
        if len(self.kept):
            return self.fine.edges[self.kept]
        starts = self.leaf_edges
        if not len(self.nested):
            return starts
        low, shift = starts.copy(), np.zeros(len(starts), np.uint64)
        divided = self.nested[:, 0]
        low[divided], shift[divided] = self.nested[:, 1], self.nested[:, 2]
        return _divided(starts, low, shift, self._leaf_cells)

    @functools.cached_property
    def leaf_edges(self) -> Keys:
        """The first key of every leaf, before any is divided once more, (n_leaves,)."""
        starts, low, shift, last = self._territories
        if self.linear is None:
            return _divided(starts, low, shift, last + ONE)
        return np.concatenate([starts[: self.before_linear], keys_of(self.linear.edges, "double"), self._beyond_linear])

    def cell_of(self, keys: Keys) -> NDArray[np.int64]:
        """Return the cell that each key falls into, (n,)."""
        return np.searchsorted(self.edges, keys, side="right").astype(np.int64) - 1

    def leaf_of(self, keys: Keys) -> Keys:
        """Return the leaf that each key falls into, (n,)."""
        return np.searchsorted(self.leaf_edges, keys, side="right").astype(np.uint64) - ONE

    def leaf_range(self, leaf: int) -> tuple[int, int]:
        """Return the first key of a leaf, and the key after its last."""
        edges = self.leaf_edges
        return int(edges[leaf]), int(edges[leaf + 1]) if leaf + 1 < len(edges) else 1 << 64

    @property
    def n_cells(self) -> int:
        """How many cells the grid has."""
        if len(self.kept) or len(self.listed):
            return len(self.kept) or len(self.listed)
        return self._n_leaves + int(self.nested[:, 3].sum())

    @functools.cached_property
    def _span(self) -> Keys:
        """The first key of the linear cells and the first beyond them, (2,); nothing where there are none."""
        ends = [] if self.linear is None else [self.linear.low, self.linear.high]
        return keys_of(np.array(ends, np.float64), "double")

    @property
    def _n_leaves(self) -> int:
        if self.linear is not None:
            return self.before_linear + self.linear.n_cells + len(self._beyond_linear)
        undivided = OCTAVES - len(self.octaves)
        return undivided + ROOTS_AN_OCTAVE * len(self.octaves) + int(self.windows[:, 3].sum())

    @functools.cached_property
    def _territories(self) -> tuple[Keys, Keys, Keys, Keys]:
        """First key, low, shift and last of every root of a divided octave and of every other octave, ascending, (t,) each."""
        pieces = np.ones(OCTAVES, np.int64)
        pieces[self.octaves] = ROOTS_AN_OCTAVE
        octave = np.repeat(np.arange(OCTAVES, dtype=np.uint64), pieces)
        piece = np.arange(len(octave), dtype=np.uint64) - (np.cumsum(pieces) - pieces).astype(np.uint64)[octave]
        starts = (octave << OCTAVE_SHIFT) + (piece << ROOT_SHIFT)
        low = starts.copy()
        shift = np.where(pieces[octave] > 1, ROOT_SHIFT, OCTAVE_SHIFT)
        last = np.zeros(len(starts), np.uint64)
        at = np.searchsorted(starts, self.windows[:, 0] << ROOT_SHIFT)
        low[at], shift[at], last[at] = self.windows[:, 1:].T
        return starts, low, shift, last

    @property
    def _leaf_cells(self) -> Keys:
        """How many cells each leaf is, (n_leaves,)."""
        cells = np.ones(self._n_leaves, np.uint64)
        cells[self.nested[:, 0]] = self.nested[:, 3] + ONE
        return cells


def _packed(low: Keys, first: Keys, last: Keys, shift: Keys) -> Keys:
    meta = (first << np.uint64(32)) | (last << np.uint64(8)) | shift
    return np.ascontiguousarray(np.stack([low, meta], axis=1))


def _divided(starts: Keys, low: Keys, shift: Keys, cells: Keys) -> Keys:
    """First keys of the cells of each territory: its start, then low + k << shift for k = 1, 2, …, cells - 1."""
    first = np.cumsum(cells, dtype=np.uint64) - cells
    owner = np.repeat(np.arange(len(cells)), cells.astype(np.int64))
    step = np.arange(len(owner), dtype=np.uint64) - first[owner]
    return np.where(step == 0, starts[owner], low[owner] + (step << (shift[owner] & np.uint64(63))))


def common_edges(one: Binning, other: Binning) -> tuple[Keys, Keys]:
    """Return the edges present in both grids, each as the keys of its own axis, both (n,) and beginning with key 0."""
    if one.axis == other.axis:
        shared = np.intersect1d(one.edges, other.edges, assume_unique=True)
        return shared, shared
    ours, others = _integer_edges(one), _integer_edges(other)
    _, at_one, at_other = np.intersect1d(ours[0], others[0], assume_unique=True, return_indices=True)
    zero = np.zeros(1, np.uint64)
    return np.append(zero, ours[1][at_one]), np.append(zero, others[1][at_other])


def _integer_edges(binning: Binning) -> tuple[NDArray[np.int64], Keys]:
    """Edges that are integers above -2**53 and up to 2**53, and so divide every axis alike: (values, keys), ascending.

    Rounded to a double no integer passes such an edge; -2**53 - 1 would pass -2**53. The edges at -0.0 and 0.0 are the same.
    """
    least = 0 if binning.axis == "uint64" else 1 - EXACT_INTEGERS
    low, high = keys_of(np.array([least, EXACT_INTEGERS]), binning.axis)
    edges = binning.edges[1:]
    near = edges[(low <= edges) & (edges <= high)]
    values = key_values(near, binning.axis)
    whole = values == np.floor(values)
    integers, at = np.unique(values[whole].astype(np.int64), return_index=True)
    return integers, near[whole][at]


def key_values(keys: Keys, axis: Axis) -> NDArray[np.float64]:
    """Return the values that keys stand for, as doubles (rounded on the integer axes), any shape."""
    if axis == "uint64":
        return keys.astype(np.float64)
    if axis == "int64":
        return (keys ^ SIGN).view(np.int64).astype(np.float64)
    return _flipped(keys, ~keys).view(np.float64)


def ascending_values(keys: Keys, axis: Axis) -> NDArray[np.float64]:
    """Return the values of ascending keys, (n,), as `key_values` does; of those beyond the infinities, which none has, these.

    On the double axis the negative ones come first: so bits are turned where they are, as there may be many.
    """
    if axis != "double":
        return key_values(keys, axis)
    bits = np.clip(keys, MINUS_INFINITY, PLUS_INFINITY)
    negative, positive = np.split(bits, [np.searchsorted(bits, SIGN)])
    np.invert(negative, out=negative)
    np.bitwise_xor(positive, SIGN, out=positive)
    return bits.view(np.float64)


def keys_of(values: NDArray[np.generic], axis: Axis) -> Keys:
    """Return the keys of values (no NaN), any shape; the inverse of `key_values` on the double axis."""
    if axis == "uint64":
        return values.astype(np.uint64)
    if axis == "int64":
        return values.astype(np.int64).view(np.uint64) ^ SIGN
    bits = (values.astype(np.float64, copy=False) + 0.0).view(np.uint64)
    return _flipped(bits, bits)


def _flipped(bits: Keys, signs: Keys) -> Keys:
    """Return `bits` with the first one flipped, and where `signs` has its first bit set all of them."""
    spread = signs.view(np.int64) >> 63
    flips: Keys = spread.view(np.uint64) | SIGN
    return np.bitwise_xor(bits, flips, out=flips)
