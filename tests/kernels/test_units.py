"""Numbers as units from a centre, against exact fractions; hashes of rows against their definition."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import units

VALUES = st.lists(st.one_of(st.none(), strategies.numbers("float64")), max_size=20)
CENTRES = strategies.numbers("float64").filter(math.isfinite)
SCALES = st.integers(-1000, 1000).map(lambda exponent: math.ldexp(1.0, exponent))
ALL = np.empty(0, np.uint8)

# As plain Python, NumPy warns where a double overflows, infinities meet, or a hash wraps around: all are meant.
pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered in scalar:RuntimeWarning")


def spoiled(values) -> tuple[np.ndarray, np.ndarray]:
    """Return values with poison under their nulls, and which are valid."""
    valid = np.array([value is not None for value in values], np.uint8)
    return np.array([math.inf if value is None else value for value in values], np.float64), ALL if valid.all() else valid


@given(values=VALUES, centre=CENTRES, scale=SCALES)
def test_to_units__is_the_nearest_whole_number_in_two_digits(values, centre, scale):
    low, high, absent = np.full((3, len(values)), np.nan)
    missing, beyond, far, _ = units.to_units(*spoiled(values), centre, scale, low, high, absent)
    assert (missing, far) == (absent.sum(), np.count_nonzero(high))
    assert beyond == sum(gone and value is not None and value == value for gone, value in zip(absent, values, strict=True))
    assert (np.abs([low, high]) <= units.DIGIT).all()
    for value, one, other, gone in zip(values, low, high, absent, strict=True):
        z = int(one) + int(other) * 2**20
        if value is None or not math.isfinite(value):
            assert (gone, z) == (1, 0)
            continue
        exact = (Fraction(value) - Fraction(centre)) * Fraction(scale)
        if gone:
            assert z == 0
            assert abs(exact) > units.FARTHEST - 1
        else:
            assert abs(z - exact) <= Fraction(1, 2) + Fraction(1, 2**12)
            assert other == 0 or abs(z) > units.DIGIT


@given(st.lists(strategies.numbers("int64"), max_size=20), strategies.numbers("int64"))
def test_distances__are_the_nearest_doubles(values, origin):
    found = np.empty(len(values))
    sign = np.uint64(1 << 63)
    units.distances(np.array(values, np.int64).view(np.uint64), sign, np.uint64(origin % 2**64) ^ sign, found)
    assert found.tolist() == [float(value - origin) for value in values]


@given(st.lists(strategies.numbers("uint64"), max_size=20), strategies.numbers("uint64"))
def test_distances__of_unsigned_integers_too(values, origin):
    found = np.empty(len(values))
    units.distances(np.array(values, np.uint64), np.uint64(0), np.uint64(origin), found)
    assert found.tolist() == [float(value - origin) for value in values]


@given(
    st.lists(st.tuples(VALUES.filter(bool).map(lambda values: values[0]), VALUES.filter(bool).map(lambda v: v[0])), max_size=9)
)
def test_mix__is_a_function_of_the_row(rows):
    hashes = np.zeros(len(rows), np.uint64)
    for column in zip(*rows, strict=True):
        units.mix(*spoiled(column), hashes)
    expected = []
    for row in rows:
        told = 0
        for value in row:
            absent = value is None or value != value
            bits = 0x9E3779B97F4A7C15 if absent else int(np.float64(value + 0.0).view(np.uint64))
            told = (told ^ bits) * 0xD6E8FEB86659FD93 % 2**64
            told = (told ^ told >> 32) * 0xD6E8FEB86659FD93 % 2**64
            told ^= told >> 32
        expected.append(told)
    assert hashes.tolist() == expected


def test_mix__spreads_rows_evenly():
    hashes = np.zeros(100_000, np.uint64)
    for column in (np.arange(100_000) % 317, np.arange(100_000) // 317):
        units.mix(column.astype(np.float64), ALL, hashes)
    counts = np.bincount((hashes >> np.uint64(56)).astype(np.int64), minlength=256)
    assert ((counts - 100_000 / 256) ** 2 / (100_000 / 256)).sum() < 350  # chi-square of 255 degrees: less but once in 20,000
