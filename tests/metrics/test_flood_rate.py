"""Flood rate, against its definition over the cells one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from oracles import distances, pvalues, views
from strategies import counted_twice

from lakedrift.metrics import flood_rate


def oracle(reference: list[int], current: list[int]) -> tuple[float, int]:
    """Return the greatest increase of a share that stands alone, and its cell."""
    before, after = distances.shares(reference), distances.shares(current)
    best, where = 0, -1
    for cell, share in enumerate(after):
        around = max([after[near] for near in (cell - 1, cell + 1) if 0 <= near < len(after)], default=0)
        if share >= 10 * before[cell] and share >= 10 * around and share - before[cell] > best:
            best, where = share - before[cell], cell
    return float(best), where


def cells_of(counts: tuple[list[int], list[int]]):
    width = len(counts[0])
    sides = views.cells([], [], range(width + 1), [True] * width)
    return tuple(type(side)(np.array([row]), side.edges, side.single) for side, row in zip(sides, counts, strict=True))


@given(counts=counted_twice())
def test_statistic__equals_the_oracle(counts):
    expected, _ = oracle(*counts)
    assert flood_rate.statistic(*cells_of(counts)) == pytest.approx([expected], rel=1e-12, abs=1e-15)


def test_statistic__a_value_out_of_nowhere_is_a_flood_and_a_shift_is_none():
    spread = [10] * 100
    flooded = [*spread[:40], 500, *spread[41:]]
    assert flood_rate.statistic(*cells_of((spread, flooded))) == pytest.approx([500 / 1_490 - 0.01])
    assert flood_rate.statistic(*cells_of((spread + [0] * 100, [0] * 100 + spread))) == [0.0]
    assert flood_rate.statistic(*cells_of((flooded, flooded))) == [0.0]
    assert flood_rate.statistic(*cells_of((flooded, spread))) == [0.0]


def test_pvalue__is_that_of_the_flooded_cell_against_the_rest():
    counts = ([30, 1, 0, 40], [30, 0, 13, 0])
    assert oracle(*counts)[1] == 2
    sides = cells_of(counts)
    expected = pvalues.chi_square_tail(distances.two_shares(0, 71, 13, 43), 1)
    assert flood_rate.pvalue(*sides, flood_rate.statistic(*sides)) == pytest.approx([expected], rel=1e-9)
