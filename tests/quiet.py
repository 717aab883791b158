"""Profiles of many small segments in which nothing drifts, drawn as counts: no row is ever made."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl

import lakedrift as ld
from lakedrift.grouping import Grouping
from lakedrift.profiles import Profile
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.window import ALL_TIME

__all__ = ["lakes"]


def lakes(seed: int, segments: int, rows: tuple[int, int], rare: float = 0.01) -> tuple[Profile, Profile]:
    """Return both sides, of so many rows a segment: numbers with some nulls and NaN, `rare` of them, and words, some rare."""
    random = np.random.default_rng(seed)
    ranks = np.arange(1, 201)
    weights = (1 / ranks) / (1 / ranks).sum()
    frame = pl.DataFrame({"x": random.normal(size=1_000), "word": [f"w{rank}" for rank in ranks] * 5})
    whole = ld.profile(frame)
    one, other = (_drawn(random, whole, weights, segments, size, rare) for size in rows)
    return one, other


def _drawn(random, whole: Profile, weights, segments: int, rows: int, rare: float) -> Profile:
    numbers = _numbers(random, whole.state("x").binning, segments, rows, rare)
    counts = random.multinomial(rows, weights, size=segments)
    words = [f"w{rank}" for rank in range(1, len(weights) + 1)]
    tallies = [Counter(dict(zip(words, row, strict=True))) for row in counts.tolist()]
    sizes = np.full(segments, rows)
    of_words = Frequencies((), sizes, np.zeros(segments, np.int64), [+tally for tally in tallies])
    states = {("numeric", ("x",)): numbers, ("frequencies", ("word",)): of_words}
    labels = pl.Series([f"{number:06}" for number in range(segments)])
    grouping = Grouping(("s",), (labels,), np.full(segments, ALL_TIME), sizes, states)
    lake = {("numeric", ("x",)): _summed(numbers), ("frequencies", ("word",)): _total(words, counts)}
    return replace(whole, rows=segments * rows, fragments=(), states=lake, groupings=(grouping,))


def _numbers(random, binning, segments: int, rows: int, rare: float) -> Numeric:
    binning = binning.joined(np.arange(128) * (binning.n_cells // 128))
    state = Numeric.of_groups(binning, segments)
    shares = np.array([rare, rare / 2, *[(1 - 1.5 * rare) / 40] * 40])
    drawn = random.multinomial(rows, shares, size=segments)
    state.rows[:], state.null[:], state.nan[:] = rows, drawn[:, 0], drawn[:, 1]
    state.cells[:, 40:80] = drawn[:, 2:]
    return state


def _summed(state: Numeric) -> Numeric:
    whole = Numeric.new(state.binning)
    for name in ("rows", "null", "nan", "cells"):
        getattr(whole, name)[0] = getattr(state, name).sum(axis=0)
    whole.extremes[0] = [0, 2**64 - 1]
    return whole


def _total(words, counts) -> Frequencies:
    total = Counter(dict(zip(words, counts.sum(axis=0).tolist(), strict=True)))
    return Frequencies((), np.array([counts.sum()]), np.zeros(1, np.int64), [+total])
