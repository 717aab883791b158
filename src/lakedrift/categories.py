"""A bin for each category, the same on both sides: values, integers that are judged by category, or names and buckets."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lakedrift.alignment import Alignment
from lakedrift.metric import Bins, Cells, Counts
from lakedrift.summaries.crosstab import Crosstab
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.text import legible

__all__ = ["category_bins", "crosstab_bins", "integer_bins"]


def integer_bins(aligned: Alignment, cells: tuple[Cells, Cells]) -> tuple[Bins, Bins]:
    """Make a bin for each integer that occurs; where a cell holds several, they are one."""
    reference, current = cells
    held = np.flatnonzero(reference.counts.any(axis=0) | current.counts.any(axis=0))
    ranges = [(_whole(low, math.ceil), _whole(high, math.floor)) for low, high in aligned.limits(held)]
    labels = tuple(low if low == high else f"{low}…{high}" for low, high in ranges)
    return Bins(reference.counts[:, held], labels), Bins(current.counts[:, held], labels)


def _whole(value: float, rounded: Callable[[float], int]) -> str:
    return str(rounded(value)) if math.isfinite(value) else str(value)


def category_bins(reference: Frequencies, current: Frequencies) -> tuple[Bins, Bins]:
    """Make a bin for each value; of very many, for each that both sides know by name, and for each bucket of the others."""
    bounded = [set(side.names) for side in (reference, current) if side.buckets is not None]
    if bounded:
        names = sorted(set.intersection(*bounded))
        return _bucket_bins(reference.spilled(names), current.spilled(names))
    return _value_bins(reference, current)


def _bucket_bins(reference: Frequencies, current: Frequencies) -> tuple[Bins, Bins]:
    named = _value_bins(reference, current)
    none = np.zeros((1, 0), np.int64)
    buckets = [none if side.buckets is None else side.buckets for side in (reference, current)]
    held = np.flatnonzero(buckets[0].any(axis=0) | buckets[1].any(axis=0))
    labels = (*named[0].labels, *(f"(other values, bucket {number:04x})" for number in held.tolist()))
    shared = np.arange(len(labels)) >= len(named[0].labels)
    first, second = (
        Bins(np.hstack([side.counts, others[:, held]]), labels, None, shared)
        for side, others in zip(named, buckets, strict=True)
    )
    return first, second


def _value_bins(reference: Frequencies, current: Frequencies) -> tuple[Bins, Bins]:
    values = sorted({*reference.values, *current.values})
    labels = tuple(map(legible, values))
    return Bins(reference.counts_of(values), labels), Bins(current.counts_of(values), labels)


def crosstab_bins(reference: Crosstab, current: Crosstab) -> tuple[Bins, Bins]:
    """Make a bin for each value that both sides know by name, and for each bucket of the others that either side has."""
    names, bits = sorted(set(reference.names).intersection(current.names)), min(reference.bits, current.bits)
    sides = [_by_names(side, names, bits) for side in (reference, current)]
    held = np.flatnonzero(sides[0].any(axis=0) | sides[1].any(axis=0))
    digits = (bits + 3) // 4
    buckets = [f"(other values, bucket {number:0{digits}x})" for number in range(1 << bits)]
    labels = [*map(legible, names), *buckets]
    told, shared = tuple(labels[place] for place in held.tolist()), held >= len(names)
    first, second = (Bins(counts[:, held], told, None, shared if shared.any() else None) for counts in sides)
    return first, second


def _by_names(side: Crosstab, names: list[str], bits: int) -> Counts:
    """Return counts by name, then by the top bits of the hash, (n_groups, n_names + 2**bits)."""
    narrowed = side if list(side.names) == names else side.narrowed(names)
    buckets = narrowed.buckets.reshape(len(side.rows), 1 << bits, -1).sum(axis=2)
    return np.hstack([narrowed.counts, buckets])
