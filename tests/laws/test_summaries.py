"""The laws of every summary: no order of values, batches or merges changes a state, and nothing under a null does."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

import lakedrift.summaries
from lakedrift.binning import keys_of
from lakedrift.fitting import fit
from lakedrift.observed import Scale, Terms
from lakedrift.slicing import Slices
from lakedrift.summaries import frequencies
from lakedrift.summaries.comoments import Comoments
from lakedrift.summaries.crosstab import Crosstab
from lakedrift.summaries.distinct import Distinct
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.importance import Importance
from lakedrift.summaries.joint import Joint
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.outcome import Outcome
from lakedrift.summaries.presence import Presence
from lakedrift.summaries.residuals import Residuals
from lakedrift.summaries.values import Values
from lakedrift.summary import Summary
from lakedrift.trace import sum_of_traces, without_traces
from lakedrift.unit import Unit

MODULES = [found.name for found in pkgutil.iter_modules(lakedrift.summaries.__path__)]
SUMMARIES = {name: importlib.import_module(f"lakedrift.summaries.{name}").SUMMARY for name in MODULES}


class Kind(NamedTuple):
    """How to make a state of no rows, the values of a column, and a column of some values laid out badly or well.

    Of several columns, a value is a row of them.
    """

    empty: st.SearchStrategy[Summary]
    values: st.SearchStrategy[Any]
    array: Callable[[list[Any]], st.SearchStrategy[Any]]
    plain: Callable[[list[Any]], Any]
    is_null: Callable[[Any], bool] = lambda value: value is None
    is_nan: Callable[[Any], bool] = lambda value: value is not None and value != value


@st.composite
def some_cells(draw) -> Summary:
    binning = draw(GRIDS)
    places = binning.cell_of(keys_of(np.array([-np.inf, 0.0, 1.0, np.nextafter(1.0, 2.0), np.inf]), "double"))
    cells = draw(st.lists(st.sampled_from([0, *places.tolist()]), unique=True))
    return Values.new(binning, np.array(sorted(cells), np.int64))


def any_strings(values: list[str | None]) -> st.SearchStrategy[pa.Array]:
    return st.sampled_from(strategies.STRING_ENCODINGS).flatmap(lambda encoding: strategies.arrow_strings(encoding, values))


def doubles(values: list[float | None]) -> st.SearchStrategy[pa.Array]:
    return strategies.arrow_numbers("float64", values)


class Together(tuple[pa.Array, ...]):
    """Arrays of several columns that are sliced as one."""

    def __len__(self) -> int:
        return len(next(iter(self)))

    def __getitem__(self, at: Any) -> Any:
        return Together(array[at] for array in self) if isinstance(at, slice) else super().__getitem__(at)


@st.composite
def two_columns(draw, rows: list[tuple[float | None, float | None]]) -> Together:
    return Together(draw(doubles([row[at] for row in rows])) for at in (0, 1))


def two_plain_columns(rows: list[tuple[float | None, float | None] | None]) -> Together:
    pairs = [row or (None, None) for row in rows]
    return Together(pa.array([row[at] for row in pairs], pa.float64()) for at in (0, 1))


def together(*dtypes: pa.DataType) -> Callable[[list[Any]], Any]:
    """Return what makes columns of these types of rows."""
    return lambda rows: Together(pa.array([row and row[at] for row in rows], dtype) for at, dtype in enumerate(dtypes))


def laid_out(*dtypes: pa.DataType) -> Callable[[list[Any]], st.SearchStrategy[Any]]:
    """Return what makes the same columns from the middle of longer ones."""
    plain = together(*dtypes)
    return lambda rows: st.integers(0, 3).map(
        lambda before: plain([*rows[:1] * before, *rows])[min(before, len(rows[:1] * before)) :]
    )


CLASSES = st.sampled_from([None, "a", "b", "c", "é"])
PROBABILITIES = st.sampled_from([None, 0.0, -0.0, 0.5, 1.0, 0.3, -0.1, 1.5, math.nan]) | st.floats(0, 1)
WORTHS = st.sampled_from([None, 0.0, 1.5, -1.5, 1e300, math.nan, 2.0**32]) | st.floats(-1e6, 1e6)
SIZES = st.sampled_from([None, 0.0, 1.5, -1.5, 2.0**31]) | st.floats(-1e6, 1e6)
OUTCOMES = st.tuples(CLASSES, CLASSES, PROBABILITIES, WORTHS)
OUTCOME_TYPES = (pa.string(), pa.string(), pa.float64(), pa.float64())
TERMS = st.builds(
    lambda classes, most, bits: Terms(("label", "prediction", "score", "value"), classes, 10, bits, most),
    *(st.sampled_from([(), ("a", "b")]), st.sampled_from([1, 2, 1000]), st.sampled_from([1, 12])),
)
READINGS = st.sampled_from([Terms(("label", "prediction"), ("a", "b")), Terms(("label", "prediction"))])
LABELS = Slices("y", None, ("a", "b"))
SLICES = (Slices("x", (-1.0, 0.0, 1.5)), Slices("c", None, ("a", "é")))
GRIDS = strategies.samples("float64").map(fit)
NAMED = st.lists(strategies.STRINGS, max_size=4)
TABLES = NAMED.map(lambda names: Crosstab.new(names, 4))
FULL = 1.7976931348623157e308  # every bit of its mantissa is set, so that sums of few such values carry
NUMBERS = st.one_of(st.none(), st.sampled_from([1.0, -0.0, 0.0, 0.1, -1 / 3, FULL]), strategies.numbers("float64"))
PAIRS = st.tuples(NUMBERS, NUMBERS)
KINDS = {
    "comoments": Kind(
        st.just(Comoments.new([Unit(0.0, 1.0), Unit(1.0, 1024.0)])),
        PAIRS,
        two_columns,
        two_plain_columns,
        lambda pair: any(value is None or not abs(value - at) <= 2**40 / 1024**at for at, value in enumerate(pair)),
    ),
    "crosstab": Kind(TABLES, st.one_of(st.none(), strategies.STRINGS), any_strings, pa.array),
    "distinct": Kind(st.builds(Distinct.new), st.one_of(st.none(), strategies.STRINGS), any_strings, pa.array),
    "frequencies": Kind(
        NAMED.map(Frequencies.new) | st.builds(Frequencies.without_names),
        st.one_of(st.none(), strategies.STRINGS),
        any_strings,
        pa.array,
    ),
    "outcome": Kind(
        TERMS.map(Outcome.new),
        OUTCOMES,
        laid_out(*OUTCOME_TYPES),
        together(*OUTCOME_TYPES),
        is_null=lambda row: row[0] is None,
        is_nan=lambda row: row[0] is not None and row[1] is None,
    ),
    "residuals": Kind(
        st.builds(Scale, st.sampled_from([-3, 0, 20]), st.sampled_from([0, 9]), st.sampled_from([0.0, 0.1])).map(Residuals.new),
        st.tuples(WORTHS, WORTHS),
        laid_out(pa.float64(), pa.float64()),
        together(pa.float64(), pa.float64()),
        is_null=lambda row: row[0] is None or row[0] != row[0],
        is_nan=lambda row: row[0] is not None and row[0] == row[0] and (row[1] is None or row[1] != row[1]),
    ),
    "joint": Kind(
        READINGS.map(lambda reading: Joint(reading, LABELS, SLICES)),
        st.tuples(CLASSES, CLASSES, WORTHS, CLASSES),
        laid_out(pa.string(), pa.string(), pa.float64(), pa.string()),
        together(pa.string(), pa.string(), pa.float64(), pa.string()),
        is_null=lambda row: row[0] is None,
        is_nan=lambda row: row[0] is not None and row[1] is None,
    ),
    "importance": Kind(
        st.sampled_from([-3, 0, 20]).map(lambda unit: Importance(Scale(unit), 3)),
        st.tuples(SIZES, SIZES, SIZES),
        laid_out(pa.float64(), pa.float64(), pa.float64()),
        together(pa.float64(), pa.float64(), pa.float64()),
        is_null=lambda row: all(value is None for value in row),
        is_nan=lambda row: row is ...,
    ),
    "numeric": Kind(
        GRIDS.map(Numeric.new) | GRIDS.map(lambda grid: Numeric.of_groups(grid, 1)),
        NUMBERS,
        doubles,
        lambda values: pa.array(values, pa.float64()),
    ),
    "presence": Kind(st.builds(Presence.new), NUMBERS, doubles, lambda values: pa.array(values, pa.float64())),
    "values": Kind(some_cells(), NUMBERS, doubles, lambda values: pa.array(values, pa.float64())),
}


@pytest.fixture(autouse=True)
def _most_values(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say how many values are too many to be counted one by one."""
    monkeypatch.setattr(frequencies, "MOST_VALUES", getattr(request, "param", frequencies.MOST_VALUES))


of_every_summary = pytest.mark.parametrize(
    ("name", "_most_values"),
    [*((name, frequencies.MOST_VALUES) for name in SUMMARIES), ("frequencies", 3)],
    indirect=["_most_values"],
    ids=[*SUMMARIES, "frequencies beyond three values"],
)
few = settings(max_examples=30)


def state_of(kind: Kind, empty: Summary, *batches: list[Any]) -> Summary:
    state = empty.empty()
    for values in batches:
        state.update(kind.plain(values) if values else kind.plain([None])[:0])
    return state


def joined(*states: Summary) -> Summary:
    total = states[0].empty()
    for state in states:
        total.merge(state)
    return total


def same(*states: Summary) -> bool:
    tables = [state.to_arrow() for state in states]
    return all(table.equals(tables[0], check_metadata=True) for table in tables)


def batches(kind: Kind) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(kind.values, max_size=12), min_size=3, max_size=3)


def test_kinds__every_summary_obeys_the_laws():
    assert {summary.KIND for summary in SUMMARIES.values()} == set(KINDS)
    assert {name: summary.KIND for name, summary in SUMMARIES.items()} == {name: name for name in SUMMARIES}


@of_every_summary
@few
@given(data=st.data())
def test_merge__is_associative_and_commutative_and_empty_is_its_identity(name, data):
    kind = KINDS[name]
    empty = data.draw(kind.empty)
    a, b, c = (state_of(kind, empty, values) for values in data.draw(batches(kind)))
    assert same(joined(joined(a, b), c), joined(a, joined(b, c)), joined(c, b, a))
    assert same(a, joined(a, empty), joined(empty, a))
    assert same(empty, a.empty(), joined(empty, empty))


@of_every_summary
@few
@given(data=st.data())
def test_merge__leaves_the_other_state_as_it_was(name, data):
    kind = KINDS[name]
    empty = data.draw(kind.empty)
    one, other = (state_of(kind, empty, values) for values in data.draw(batches(kind))[:2])
    before = other.to_arrow()
    one.merge(other)
    one.merge(one.empty())
    assert other.to_arrow().equals(before, check_metadata=True)


@of_every_summary
@few
@given(data=st.data())
def test_update__any_split_order_and_layout_gives_the_same_state(name, data):
    kind = KINDS[name]
    empty = data.draw(kind.empty)
    values = data.draw(st.lists(kind.values, max_size=30))
    whole = state_of(kind, empty, values)
    shuffled = data.draw(st.permutations(values))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), min_size=2, max_size=2)))
    parts = [shuffled[: cuts[0]], shuffled[cuts[0] : cuts[1]], shuffled[cuts[1] :]]
    states = []
    for part in parts:
        states.append(empty.empty())
        states[-1].update(data.draw(kind.array(part)))
    assert same(whole, state_of(kind, empty, *parts), joined(*states), joined(*data.draw(st.permutations(states))))


@of_every_summary
@few
@given(data=st.data())
def test_update__slices_of_one_array_add_up(name, data):
    kind = KINDS[name]
    empty = data.draw(kind.empty)
    array = data.draw(kind.array(data.draw(st.lists(kind.values, max_size=30))))
    cut = data.draw(st.integers(0, len(array)))
    whole, parts = empty.empty(), empty.empty()
    whole.update(array)
    for part in (array[cut:], array[:cut], array[:0]):
        parts.update(part)
    assert same(whole, parts)


@of_every_summary
@few
@given(data=st.data())
def test_to_arrow__round_trip_is_equality(name, data):
    kind = KINDS[name]
    state = state_of(kind, data.draw(kind.empty), data.draw(st.lists(kind.values, max_size=30)))
    again = SUMMARIES[name].from_arrow(state.to_arrow())
    assert same(state, again)
    again.merge(state)
    assert same(again, joined(state, state))


@of_every_summary
@few
@given(data=st.data())
def test_conservation__rows_are_null_nan_and_valid(name, data):
    kind = KINDS[name]
    values = data.draw(st.lists(kind.values, max_size=30))
    state = state_of(kind, data.draw(kind.empty), values)
    assert state.rows.tolist() == [len(values)]
    assert state.null.tolist() == [sum(map(kind.is_null, values))]
    assert (state.null + state.nan + state.valid).tolist() == [len(values)]
    assert name == "presence" or state.nan.tolist() == [sum(map(kind.is_nan, values))]


@of_every_summary
@few
@given(data=st.data())
def test_subtract__takes_away_what_was_added_or_says_that_it_cannot(name, data):
    kind = KINDS[name]
    empty = data.draw(kind.empty)
    one, other, third = (state_of(kind, empty, values) for values in data.draw(batches(kind)))
    before = other.to_arrow()
    traces = sum_of_traces([part.traces() for part in (one, other, third)])
    left = without_traces(traces, [other.traces()])
    total = joined(one, other, third)
    known = total.subtract(other, left)
    assert known or name in ("frequencies", "outcome", "values")
    if known:
        assert same(total, joined(one, third))
    assert other.to_arrow().equals(before, check_metadata=True)
    total = joined(one)
    assert total.subtract(empty, one.traces())
    assert same(total, one)
