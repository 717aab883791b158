"""Exact sums of fixed-point numbers, against Python's integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import sums

LIMIT = (1 << 52) - 1
UNITS = st.one_of(st.sampled_from([0, 1, -1, LIMIT, -LIMIT, 1 << 32, -(1 << 32), (1 << 26) - 1]), st.integers(-LIMIT, LIMIT))
ROWS = st.lists(st.tuples(UNITS, st.integers(-1, 2), st.integers(0, 1)), max_size=30)


def number(digits: np.ndarray) -> int:
    total = 0
    for digit in digits.tolist():
        total = (total << 32) + digit
    return total


@given(rows=ROWS)
def test_add__is_exact_and_its_digits_are_canonical(rows):
    units, cells, codes = (np.array([row[at] for row in rows], dtype) for at, dtype in enumerate(("i8", "i4", "i4")))
    for kernel, power, width in ((sums.add_units, 1, sums.DIGITS[0]), (sums.add_squares, 2, sums.DIGITS[1])):
        held = np.zeros((2, 3, width), np.int64)
        kernel(units, cells, codes, held)
        for group in range(2):
            for cell in range(3):
                expected = sum(unit**power for unit, at, of in rows if (at, of) == (cell, group))
                assert number(held[group, cell]) == expected
        assert ((held[..., 1:] >= 0) & (held[..., 1:] < 1 << 32)).all()
