"""Units fitted to samples: fine where the values are, and wide enough for all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.unit import Unit, fit_unit

RANDOM = np.random.default_rng(0)
BELL = RANDOM.normal(size=20_000)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int64", "uint64"])
@given(data=st.data())
def test_fit_unit__any_sample_has_a_unit_in_which_it_fits(dtype, data):
    values = data.draw(strategies.samples(dtype))
    unit = fit_unit(values)
    assert math.isfinite(unit.centre)
    assert math.frexp(unit.scale)[0] == 0.5
    finite = [value for value in values.tolist() if math.isfinite(value)]
    assert all(abs(value / 2 - unit.centre / 2) * unit.scale <= 2**37 for value in finite)
    if dtype not in ("float32", "float64"):
        assert unit.scale <= 1.0
        assert not len(values) or unit.origin(values.dtype) is not None


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        (BELL, 2**15, 2**18),
        (1e9 + BELL, 2**15, 2**18),
        (1e-200 * BELL, 2**15, 2**18),
        (np.exp(3 * BELL), 2**13, 2**24),
        (np.where(np.arange(20_000) == 7, 1e300, BELL), 2**26, 2**36),
        (np.where(np.arange(20_000) % 5_000 == 7, 3.0, 0.0), 2**26, 2**36),
    ],
    ids=["bell", "far from zero", "tiny", "log-normal", "one huge value", "nearly all zero"],
)
def test_fit_unit__a_standard_deviation_is_many_units(values, least, most):
    unit = fit_unit(values)
    steps = np.rint((values - unit.centre) * unit.scale)
    assert least <= steps.std() <= most
    assert np.abs(steps).max() <= 2**37


def test_fit_unit__whole_numbers_are_units():
    assert fit_unit(np.arange(100)) == Unit(50.0, 1.0)
    assert fit_unit(np.arange(0, 2**40, 2**30)).scale < 1.0


@pytest.mark.parametrize("values", [np.array([]), np.array([np.inf, -np.inf]), np.array([], np.int64), np.zeros(3)])
def test_fit_unit__of_nothing_is_one(values):
    assert fit_unit(values) == Unit(0.0, 1.0)


def test_fit_unit__a_constant_has_a_unit_too():
    unit = fit_unit(np.full(10, 1e-7))
    assert unit.centre == 1e-7
    assert unit.scale >= 1e12


def test_origin__is_the_centre_where_the_type_holds_it():
    signed, unsigned = np.dtype(np.int64), np.dtype(np.uint64)
    assert Unit(-5.0, 1.0).origin(signed) == -5
    assert Unit(-5.0, 1.0).origin(unsigned) is None
    assert Unit(0.5, 1.0).origin(signed) is None
    assert Unit(2.0**63, 1.0).origin(signed) is None
    assert Unit(2.0**63, 1.0).origin(unsigned) == 2**63
    assert fit_unit(np.array([2**63 - 1], np.int64)).origin(signed) == 2**63 - 1024
