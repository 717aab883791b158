"""The laws of every metric: nothing between equal sides, its range and symmetry, groups apart, and an oracle for each."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakedrift.metric import Bins, Cells, Metric, Presence, discover

METRICS = discover()
TESTS = Path(__file__).parents[1] / "metrics"
COUNT = st.one_of(st.integers(0, 4), st.integers(0, 1_000), st.integers(10**9, 10**10))
EDGE = st.one_of(st.integers(-9, 9).map(float), st.floats(-1e6, 1e6, allow_subnormal=False))
SLOTS = ("missing", "null", "nan", "infinite", "unseen", "unsure", "once")

of_every_metric = pytest.mark.parametrize("name", METRICS)
few = settings(max_examples=50)


@st.composite
def counts(draw, groups: int, width: int) -> np.ndarray:
    """Counts, (groups, width); now and then a side has no rows."""
    rows = draw(st.lists(st.lists(COUNT, min_size=width, max_size=width), min_size=groups, max_size=groups))
    empty = draw(st.lists(st.sampled_from([False, False, False, True]), min_size=groups, max_size=groups))
    return np.where(np.array(empty)[:, None], 0, np.array(rows, np.int64).reshape(groups, width))


@st.composite
def bins(draw, groups: int) -> tuple[Bins, Bins]:
    width = draw(st.integers(0, 6))
    labels = tuple(f"bin {place}" for place in range(width))
    return Bins(draw(counts(groups, width)), labels), Bins(draw(counts(groups, width)), labels)


@st.composite
def cells(draw, groups: int) -> tuple[Cells, Cells]:
    edges = sorted(draw(st.lists(EDGE, min_size=1, max_size=7, unique=True)))
    width = len(edges) - 1
    ends = np.array([-math.inf if draw(st.booleans()) else edges[0], *edges[1:]]) if width else np.array(edges)
    single = np.array(draw(st.lists(st.booleans(), min_size=width, max_size=width)), bool)
    one, other = (Cells(draw(counts(groups, width)), ends, single) for _ in range(2))
    return one, other


@st.composite
def presences(draw, groups: int) -> tuple[Presence, Presence]:
    sides = []
    for _ in range(2):
        table = draw(counts(groups, len(SLOTS) + 1))
        sides.append(Presence(table.sum(axis=1), *table[:, 1:].T))
    return sides[0], sides[1]


VIEWS: dict[type, Callable[[int], st.SearchStrategy]] = {Bins: bins, Cells: cells, Presence: presences}


def sides_of(metric: Metric, groups: int = 2) -> st.SearchStrategy:
    return VIEWS[metric.view](groups)


def rows_of(side) -> np.ndarray:
    return side.rows if isinstance(side, Presence) else side.counts.sum(axis=1)


def group_of(side, group: int):
    """Return a side of one group alone."""
    if isinstance(side, Presence):
        return Presence(side.rows[group : group + 1], *(getattr(side, slot)[group : group + 1] for slot in SLOTS))
    rest = (side.labels, side.edges) if isinstance(side, Bins) else (side.edges, side.single)
    return type(side)(side.counts[group : group + 1], *rest)


def measured(metric: Metric, reference, current) -> dict[str, np.ndarray]:
    sides = metric.read(reference, current)
    statistic = metric.statistic(*sides)
    same, lower, upper = metric.bounded(*sides) if metric.bounded else (statistic,) * 3
    np.testing.assert_array_equal(statistic, same)
    pvalue = metric.pvalue(*sides, statistic) if metric.pvalue else np.full(len(statistic), np.nan)
    return {"statistic": statistic, "lower": lower, "upper": upper, "pvalue": pvalue}


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], name)


@of_every_metric
@few
@given(data=st.data())
def test_statistic__of_a_side_and_itself_is_zero(name, data):
    metric = METRICS[name]
    side, _ = data.draw(sides_of(metric))
    found = measured(metric, side, side)
    rows = rows_of(side)
    np.testing.assert_array_equal(found["statistic"], np.where(rows > 0, 0.0, np.nan))
    assert np.isin(found["pvalue"][rows > 0], [1.0]).all() or np.isnan(found["pvalue"]).all()


@of_every_metric
@few
@given(data=st.data())
def test_statistic__lies_in_its_range_and_bounds_wherever_both_sides_have_rows(name, data):
    metric = METRICS[name]
    reference, current = data.draw(sides_of(metric))
    found = measured(metric, reference, current)
    both = (rows_of(reference) > 0) & (rows_of(current) > 0)
    assert all(values.shape == both.shape and values.dtype == np.float64 for values in found.values())
    for values in (found["statistic"], found["lower"], found["upper"]):
        np.testing.assert_array_equal(np.isnan(values), ~both)
        assert ((metric.range[0] <= values[both]) & (values[both] <= metric.range[1])).all()
    assert ((found["lower"] <= found["statistic"]) & (found["statistic"] <= found["upper"]))[both].all()
    pvalue = found["pvalue"]
    assert ((pvalue >= 0.0) & (pvalue <= 1.0) | np.isnan(pvalue)).all()
    assert not np.isnan(pvalue[both]).any() or metric.pvalue is None


@of_every_metric
@few
@given(data=st.data())
def test_statistic__is_as_symmetric_as_declared(name, data):
    metric = METRICS[name]
    reference, current = data.draw(sides_of(metric))
    if metric.symmetric:
        assert_same(measured(metric, reference, current), measured(metric, current, reference))


@of_every_metric
@few
@given(data=st.data())
def test_statistic__of_a_group_does_not_depend_on_the_others(name, data):
    metric = METRICS[name]
    reference, current = data.draw(sides_of(metric, 3))
    together = measured(metric, reference, current)
    for group in range(3):
        alone = measured(metric, group_of(reference, group), group_of(current, group))
        assert_same(alone, {key: values[group : group + 1] for key, values in together.items()})


@of_every_metric
def test_metric__has_a_test_against_an_oracle(name):
    tree = ast.parse((TESTS / f"test_{name}.py").read_text(encoding="utf-8"))
    tests = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert any("oracle" in test for test in tests)
