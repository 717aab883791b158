"""Exact sums of fixed-point numbers, against Python's integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import sums

LIMIT = (1 << 52) - 1
UNITS = st.one_of(st.sampled_from([0, 1, -1, LIMIT, -LIMIT, 1 << 32, -(1 << 32), (1 << 26) - 1]), st.integers(-LIMIT, LIMIT))
ROWS = st.lists(st.tuples(UNITS, UNITS, st.integers(-1, 2), st.integers(0, 1)), max_size=30)


def number(digits: np.ndarray) -> int:
    total = 0
    for digit in digits.tolist():
        total = (total << 32) + digit
    return total


@given(rows=ROWS)
def test_add__is_exact_and_its_digits_are_canonical(rows):
    units, others, cells, codes = (
        np.array([row[at] for row in rows], dtype) for at, dtype in enumerate(("i8", "i8", "i4", "i4"))
    )
    added, multiplied = (np.zeros((2, 3, width), np.int64) for width in sums.DIGITS)
    sums.add_units(units, cells, codes, added)
    sums.add_products(units, others, cells, codes, multiplied)
    for group in range(2):
        for cell in range(3):
            held = [(unit, other) for unit, other, at, of in rows if (at, of) == (cell, group)]
            assert number(added[group, cell]) == sum(unit for unit, _ in held)
            assert number(multiplied[group, cell]) == sum(unit * other for unit, other in held)
    for digits in (added, multiplied):
        assert ((digits[..., 1:] >= 0) & (digits[..., 1:] < 1 << 32)).all()
