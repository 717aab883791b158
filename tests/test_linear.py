"""Linear cells: fine where the mass is, edges that are dyadic, and cells that ascend with the values."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.binning import keys_of
from lakedrift.linear import Linear, fit_linear

N = 20_000
CELLS = 1 << 14


@st.composite
def linears(draw) -> Linear:
    block_shift = draw(st.integers(0, 12))
    shifts = np.array(draw(st.lists(st.integers(0, block_shift), min_size=1, max_size=40)), np.int64)
    first = draw(st.integers(-(1 << 40), 1 << 40)) << block_shift
    both_sides = first < 0 < first + (len(shifts) << block_shift)
    return Linear(draw(st.integers(-600, 0 if both_sides else 600)), first, block_shift, shifts)


@given(linear=linears())
def test_edges__are_the_multiples_that_blocks_are_divided_at(linear):
    unit = Fraction(2) ** linear.exponent
    expected = [
        (linear.first + (block << linear.block_shift) + (step << int(shift))) * unit
        for block, shift in enumerate(linear.shifts)
        for step in range(1 << (linear.block_shift - int(shift)))
    ]
    assert [Fraction(edge) for edge in linear.edges.tolist()] == expected
    assert linear.n_cells == len(expected)
    assert Fraction(linear.low) == expected[0]
    assert Fraction(linear.high) == (linear.first + (len(linear.shifts) << linear.block_shift)) * unit


@given(linear=linears(), data=st.data())
def test_cell_of__is_the_interval_that_the_value_lies_in(linear, data):
    near = st.sampled_from(linear.edges.tolist()).flatmap(
        lambda edge: st.sampled_from([edge, *np.nextafter(edge, [-np.inf, np.inf])])
    )
    values = np.array(
        data.draw(
            st.lists(st.one_of(st.sampled_from(linear.edges.tolist()), near, st.floats(linear.low, linear.high)), min_size=1)
        )
    )
    values = values[(values >= linear.low) & (values < linear.high)]
    expected = np.searchsorted(keys_of(linear.edges, "double"), keys_of(values, "double"), side="right") - 1
    assert linear.cell_of(values).tolist() == expected.tolist()


def shapes() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "normal": rng.normal(size=2 * N),
        "exponential": rng.exponential(size=2 * N),
        "two hills": np.where(rng.random(2 * N) < 0.5, rng.normal(size=2 * N), rng.normal(1000, 1, 2 * N)),
        "1e9 plus or minus 1": 1e9 + rng.random(2 * N),
        "far below zero": -1e15 + 1e9 * rng.random(2 * N),
        "microseconds": (1_700_000_000_000_000 + rng.integers(0, 3_000_000_000_000, 2 * N)).astype(np.float64),
    }


@pytest.mark.parametrize("name", shapes())
def test_fit_linear__hardly_any_mass_lies_in_one_cell_even_of_values_not_in_the_sample(name):
    values = shapes()[name]
    linear = fit_linear(np.sort(values[:N]), CELLS, whole=name == "microseconds")
    assert linear is not None
    inside = values[(values >= linear.low) & (values < linear.high)]
    assert len(inside) >= 0.999 * len(values)
    assert np.bincount(linear.cell_of(inside)).max() < 0.001 * len(values)
    assert linear.n_cells < 3 * CELLS


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1.0] * N,
        np.exp(3 * np.random.default_rng(1).normal(size=N)),  # heavy tails
        np.append(np.random.default_rng(1).normal(size=N), np.full(N // 50, 0.5)),  # an atom
        np.random.default_rng(1).normal(size=100),  # too few to tell
        np.random.default_rng(1).normal(size=N) * 1e300,
        np.random.default_rng(1).normal(size=N) * 1e-300,
    ],
)
def test_fit_linear__leaves_other_shapes_to_windows(values):
    assert fit_linear(np.sort(np.array(values, np.float64)), CELLS, whole=False) is None


@given(data=st.data(), cells=st.sampled_from([1 << 12, 1 << 14]), scale=st.integers(-307, 290))
def test_fit_linear__whatever_the_scale_what_it_finds_is_sound(data, cells, scale):
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    offset = data.draw(st.sampled_from([0.0, 1.0, 1e3, -1e12]))
    values = np.sort((rng.normal(size=2000) + offset) * float(f"1e{scale}"))
    linear = fit_linear(values[np.isfinite(values)], cells, whole=False)
    if linear is None:
        return
    edges = linear.edges
    assert np.isfinite(edges).all()
    assert (np.diff(edges) > 0).all()
    assert abs(linear.first) <= 1 << 53
    assert abs(linear.first + (len(linear.shifts) << linear.block_shift)) <= 1 << 53
    inside = values[(values >= linear.low) & (values < linear.high)]
    assert linear.cell_of(inside).tolist() == (np.searchsorted(edges, inside, side="right") - 1).tolist()


@given(values=strategies.samples("int32"))
def test_fit_linear__integers_of_small_range_have_cells_of_width_one(values):
    whole = np.sort(values.astype(np.float64))
    if len(whole) and whole[-1] - whole[0] <= 1 << 14:
        linear = fit_linear(whole, CELLS, whole=True)
        assert linear is not None
        assert (np.diff(linear.edges) == 1).all()
        assert linear.low <= whole[0] <= whole[-1] < linear.high
