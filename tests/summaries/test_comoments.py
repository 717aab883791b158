"""Sums of products against exact fractions, and the laws of a state of several columns."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift import wide
from lakedrift.errors import CorruptProfileError, IncompatibleProfilesError, InvariantError
from lakedrift.longform import LongTable
from lakedrift.summaries import comoments
from lakedrift.summaries.comoments import Comoments
from lakedrift.unit import Unit, fit_unit

FARTHEST = 2**40
UNITS = st.tuples(strategies.numbers("float64").filter(np.isfinite), st.integers(-60, 60)).map(
    lambda pair: Unit(pair[0], 2.0 ** pair[1])
)
PLAIN = st.one_of(UNITS, st.just(Unit(0.0, 1.0)), st.just(Unit(0.5, 1024.0)))
NUMBERS = st.one_of(
    st.none(), st.integers(-5, 5).map(float), st.integers(-(2**42), 2**42).map(float), strategies.numbers("float64")
)


def rows_of(k: int) -> st.SearchStrategy[list[tuple[float | None, ...]]]:
    return st.lists(st.tuples(*[NUMBERS] * k), max_size=25)


def arrays_of(rows: Sequence[tuple[float | None, ...]], k: int) -> list[pa.Array]:
    return [pa.array([row[at] for row in rows], pa.float64()) for at in range(k)]


def counted(empty: Comoments, *batches: Sequence[tuple[float | None, ...]]) -> Comoments:
    state = empty.empty()
    for rows in batches:
        state.update(arrays_of(rows, len(empty.units)))
    return state


def joined(*states: Comoments) -> Comoments:
    total = states[0].empty()
    for state in states:
        total.merge(state)
    return total


def same(*states: Comoments) -> bool:
    tables = [state.to_arrow() for state in states]
    return all(table.equals(tables[0], check_metadata=True) for table in tables)


def whole(value: float | None, unit: Unit) -> int | None:
    """Return how many units a value is from the centre, by the definition; None where it is absent."""
    if value is None or not np.isfinite(value):
        return None
    with np.errstate(over="ignore"):
        steps = np.rint((np.float64(value) - unit.centre) * unit.scale)
    return int(steps) if abs(steps) <= FARTHEST else None


class Oracle:
    """Sums over the rows that have both of two columns, in Python's integers."""

    def __init__(self, units: Sequence[Unit], rows: Sequence[tuple[float | None, ...]]) -> None:
        self.whole = [[whole(value, unit) for value, unit in zip(row, units, strict=True)] for row in rows]

    def pair(self, i: int, j: int) -> tuple[int, int, int, int]:
        """Return how many rows have both, and Σ z_i, Σ z_i² and Σ z_i z_j over them."""
        held = [(row[i], row[j]) for row in self.whole if row[i] is not None and row[j] is not None]
        return (len(held), sum(x for x, _ in held), sum(x * x for x, _ in held), sum(x * y for x, y in held))


def pair_of(state: Comoments, i: int, j: int) -> tuple[int, int, int, int]:
    sums, squares, products = (wide.integers(words) for words in (state.sums, state.squares, state.products))
    n = state.counts[i, 0] - state.counts[i, 1 + j]
    return n, sums[i, 0] - sums[i, 1 + j], products[i, i] - squares[i, j], products[i, j]


def check(state: Comoments, rows: Sequence[tuple[float | None, ...]]) -> None:
    oracle, k = Oracle(state.units, rows), len(state.units)
    for i in range(k):
        for j in range(k):
            assert pair_of(state, i, j) == oracle.pair(i, j)
    complete = sum(None not in row for row in oracle.whole)
    assert (state.rows[0], state.valid[0], state.null[0], state.left[0]) == (len(rows), complete, len(rows) - complete, 0)
    beyond = [
        sum(
            row[at] is not None and row[at] == row[at] and held[at] is None
            for row, held in zip(rows, oracle.whole, strict=True)
        )
        for at in range(k)
    ]
    assert state.beyond.tolist() == beyond


@given(data=st.data(), units=st.lists(PLAIN, min_size=2, max_size=4))
def test_update__equals_sums_of_integers_over_the_rows_that_have_both(data, units):
    rows = data.draw(rows_of(len(units)))
    check(counted(Comoments.new(units), rows), rows)


def test_update__equals_sums_of_integers_over_several_blocks():
    random = np.random.default_rng(1)
    table = random.integers(-(2**20), 2**20, (3, 20_000)).astype(float)
    table[1, ::50] *= 2.0**19
    rows = [tuple(None if random.random() < 0.01 else value for value in row) for row in table.T.tolist()]
    check(counted(Comoments.new([Unit(0.0, 1.0)] * 3), rows), rows)


@pytest.mark.parametrize("size", [2**20, 2**40])
def test_update__the_greatest_numbers_stay_exact_over_full_blocks(size):
    n = 5 * 2**13 + 1
    state = Comoments.new([Unit(0.0, 1.0)] * 2)
    state.update([pa.array(np.full(n, float(size))), pa.array(np.full(n, -float(size)))])
    assert pair_of(state, 0, 1) == (n, n * size, n * size**2, -n * size**2)
    for _ in range(20):
        state.merge(joined(state))
    assert pair_of(state, 0, 1) == (n << 20, n * size << 20, n * size**2 << 20, -n * size**2 << 20)


@given(values=st.lists(strategies.numbers("int64"), min_size=1, max_size=20))
def test_update__integers_beyond_doubles_are_measured_from_the_centre_exactly(values):
    unit = Unit(fit_unit(np.array(values[:1], np.int64)).centre, 1.0)
    state = Comoments.new([unit] * 2)
    state.update([pa.array(values, pa.int64())] * 2)
    held = [z for z in (value - int(unit.centre) for value in values) if abs(z) <= FARTHEST]
    assert pair_of(state, 0, 1) == (len(held), sum(held), sum(z * z for z in held), sum(z * z for z in held))
    assert not state.rounded.any()


@given(data=st.data(), dtype=st.sampled_from(strategies.DTYPES))
def test_update__every_type_and_layout_is_the_same_number(data, dtype):
    values = data.draw(st.lists(st.one_of(st.none(), strategies.numbers(dtype)), max_size=20))
    unit = Unit(0.0, 1.0)
    laid, plain = Comoments.new([unit] * 2), Comoments.new([unit] * 2)
    laid.update([data.draw(strategies.arrow_numbers(dtype, values)), data.draw(strategies.arrow_numbers(dtype, values))])
    held = [whole(value, unit) if value is None or isinstance(value, float) else value for value in values]
    held = [z if z is not None and abs(z) <= FARTHEST else None for z in held]
    plain.update([pa.array(held, pa.int64())] * 2)
    assert pair_of(laid, 0, 1) == pair_of(plain, 0, 1)


def test_update__decimals_and_columns_of_nulls():
    state = Comoments.new([Unit(0.0, 1.0)] * 3)
    numbers = pa.array([1, 2, 4])
    state.update([numbers.cast(pa.decimal128(19, 0)), pa.nulls(3), pa.nulls(3, pa.float64())])
    assert pair_of(state, 0, 0) == (3, 7, 21, 21)
    assert pair_of(state, 0, 1) == pair_of(state, 1, 2) == (0, 0, 0, 0)
    assert (state.null[0], state.valid[0]) == (3, 0)


@given(values=st.lists(NUMBERS, max_size=30), unit=PLAIN)
def test_rounded__counts_what_is_no_whole_number_of_units(values, unit):
    state = counted(Comoments.new([unit] * 2), [(value, value) for value in values])
    inexact = vague = 0
    for value in values:
        z = whole(value, unit)
        if z is not None:
            distance = Fraction(value) - Fraction(unit.centre)
            error = abs(z - distance * Fraction(unit.scale))
            assert error <= Fraction(1, 2) + Fraction(1, 2**12)
            inexact += error > 0
            vague += error == 0 and abs(distance) >= 2**53
    assert state.rounded.tolist() == [inexact + vague] * 2


def test_rounded__counts_integers_that_were_rounded_to_a_double_first():
    state = Comoments.new([Unit(0.0, 2.0**-20)] * 2)
    state.update([pa.array([2**53 + 1, 2**20, 2**53]), pa.array([-(2**53) - 1, 0, 5])])
    assert state.rounded.tolist() == [2, 2]


# ── laws ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(data=st.data(), units=st.lists(PLAIN, min_size=3, max_size=3))
def test_update__any_split_and_order_gives_the_same_bytes(data, units):
    empty, rows = Comoments.new(units), data.draw(rows_of(3))
    shuffled = data.draw(st.permutations(rows))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), min_size=2, max_size=2)))
    parts = [shuffled[: cuts[0]], shuffled[cuts[0] : cuts[1]], shuffled[cuts[1] :]]
    states = [counted(empty, part) for part in parts]
    assert same(counted(empty, rows), counted(empty, *parts), joined(*states), joined(*data.draw(st.permutations(states))))


@given(data=st.data(), units=st.lists(PLAIN, min_size=2, max_size=2))
def test_merge__is_associative_and_commutative_empty_is_its_identity_and_subtract_its_inverse(data, units):
    empty = Comoments.new(units)
    a, b, c = (counted(empty, data.draw(rows_of(2))) for _ in range(3))
    assert same(joined(joined(a, b), c), joined(a, joined(b, c)), joined(c, b, a))
    assert same(a, joined(a, empty), joined(empty, a))
    assert same(empty, a.empty(), joined(empty, empty))
    total = joined(a, b)
    assert total.subtract(b, {})
    assert same(total, a)


@given(data=st.data(), units=st.lists(PLAIN, min_size=2, max_size=4))
def test_to_arrow__round_trip_is_equality(data, units):
    state = counted(Comoments.new(units), data.draw(rows_of(len(units))))
    again = Comoments.from_arrow(state.to_arrow())
    assert same(state, again)
    assert (again.valid == state.valid).all()
    again.merge(state)
    assert same(again, joined(state, state))


def test_merge__refuses_other_units_and_subtract_what_was_never_added():
    one, other = Comoments.new([Unit(0.0, 1.0)] * 2), Comoments.new([Unit(0.0, 2.0)] * 2)
    with pytest.raises(IncompatibleProfilesError, match="different units"):
        one.merge(other)
    with pytest.raises(InvariantError):
        one.subtract(counted(one, [(1.0, 2.0)]), {})


# ── the sample of rows ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("k", "divisor"), [(2, 1), (256, 1), (257, 2), (512, 2), (513, 4), (1024, 4)])
def test_divisor__no_value_costs_more_than_among_256_columns(k, divisor):
    assert Comoments.new([Unit(0.0, 1.0)] * k).divisor == divisor


def test_sample__is_a_share_of_the_rows_whatever_their_order_batches_and_types(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(comoments, "ALL_ROWS", 1)
    random = np.random.default_rng(2)
    table = random.integers(-100, 100, (3, 40_000))
    whole_state, parts, small = (Comoments.new([Unit(0.0, 1.0)] * 3) for _ in range(3))
    whole_state.update([pa.array(column) for column in table])
    order = random.permutation(40_000)
    for places in np.split(order, [7, 1_000, 30_000]):
        parts.update([pa.array(column[places].astype(float)) for column in table])
    small.update([pa.array(column.astype(np.int8)) for column in table])
    assert same(whole_state, parts, small)
    assert whole_state.rows[0] == 40_000
    assert whole_state.rows[0] - whole_state.left[0] == whole_state.valid[0]
    assert abs(whole_state.valid[0] / 40_000 - 1 / 4) < 0.01
    assert same(whole_state, Comoments.from_arrow(whole_state.to_arrow()))


def test_sample__has_the_same_moments_as_all_rows(monkeypatch: pytest.MonkeyPatch):
    random = np.random.default_rng(3)
    table = random.normal(size=(2, 100_000))
    table[1] += table[0]
    units = [fit_unit(column) for column in table]
    full = counted_columns(units, table)
    monkeypatch.setattr(comoments, "ALL_ROWS", 1)
    half = counted_columns(units, table)
    for i, j in ((0, 0), (0, 1), (1, 1)):
        (n, *_, product), (m, *_, part) = pair_of(full, i, j), pair_of(half, i, j)
        assert abs(m / n - 0.5) < 0.01
        assert part / m == pytest.approx(product / n, rel=0.03)


def counted_columns(units: Sequence[Unit], table: np.ndarray) -> Comoments:
    state = Comoments.new(units)
    state.update([pa.array(column) for column in table])
    return state


# ── hostile content ───────────────────────────────────────────────────────────────────────────────────────────────────


def written(**fields: dict[int, int]) -> pa.Table:
    table = LongTable(units=fields.pop("units", '[["0x0.0p+0","0x1.0000000000000p+0"],["0x0.0p+0","0x1.0000000000000p+0"]]'))
    for name, held in {"rows": {0: 3}, **fields}.items():
        table.entries(name, np.zeros(len(held), np.int64), np.array(list(held)), np.array(list(held.values())))
    return table.table()


GOOD = {"rows": {0: 3}, "counts": {0: 3, 3: 3}}


def test_from_arrow__reads_what_is_sound():
    assert Comoments.from_arrow(written(**GOOD)).valid.tolist() == [3]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"null": {0: 4}}, "more rows"),
        ({"left": {0: 1}}, "more rows"),
        ({"counts": {0: 4, 3: 3}}, "other rows"),
        ({"counts": {0: 2, 3: 3}}, "other rows"),
        ({"null": {0: 1}, "counts": {0: 3, 2: 1, 3: 3}}, "one way as the other"),
        ({"null": {0: 1}, "counts": {0: 3, 1: 1, 3: 3}}, "one way as the other"),
        ({"rounded": {0: 4}}, "counted twice"),
        ({"beyond": {0: 1}}, "counted twice"),
        ({"sums": {0: 2**39}}, "out of its range"),
        ({"products": {9: 1}}, "no such place"),
        ({"counts": {0: -3, 3: 3}}, "negative"),
        ({"others": {0: 1}}, "unknown fields"),
        ({"units": "[]"}, "number of columns"),
        ({"units": "{"}, "cannot be read"),
        ({"units": '[["nan","0x1p+0"],["0x0p+0","0x1p+0"]]'}, "not finite"),
        ({"units": '[["0x0p+0","0x3p+0"],["0x0p+0","0x1p+0"]]'}, "no power of two"),
    ],
)
def test_from_arrow__refuses_what_cannot_be(fields, why):
    with pytest.raises(CorruptProfileError, match=why):
        Comoments.from_arrow(written(**{**GOOD, **fields}))
