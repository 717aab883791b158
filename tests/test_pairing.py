"""Two summaries on common ground: cells, quantiles, the default bins and what is unseen, against the raw values."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import views
from oracles.xxhash import bucket

from lakedrift.columns import natural_kind, type_name
from lakedrift.feature import Feature
from lakedrift.fitting import fit
from lakedrift.metric import Cells
from lakedrift.pairing import Pair, medians, quantiles
from lakedrift.summaries import frequencies
from lakedrift.summaries.distinct import Distinct
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.presence import Presence


def pair_of(reference, current, dtype=None) -> Pair:
    """Return both columns as a sweep pairs them: the current side on the grid of the reference."""
    arrays = [pa.array(values, dtype) for values in (reference, current)]
    words = not (pa.types.is_integer(arrays[0].type) or pa.types.is_floating(arrays[0].type))
    binning = None if words else fit(np.array([value for value in reference if value is not None and value == value]))
    states = tuple(Frequencies.new() if words else Numeric.new(binning) for _ in arrays)
    for state, array in zip(states, arrays, strict=True):
        state.update(array)
    features = tuple(Feature("x", natural_kind(array.type), type_name(array.type)) for array in arrays)
    return Pair(features, states, tuple(np.array([len(array)]) for array in arrays))


def counts(pair: Pair) -> dict[str, tuple[int, int]]:
    reference, current = pair.bins
    assert reference.labels == current.labels
    return dict(zip(reference.labels, zip(reference.counts[0].tolist(), current.counts[0].tolist(), strict=True), strict=True))


def test_bins__of_a_number_are_ten_between_the_reference_deciles():
    reference, current = pair_of([number / 7 for number in range(1_000)], [0.0] * 5).bins
    assert reference.counts.tolist() == [[100] * 10]
    assert current.counts.tolist() == [[5, *[0] * 9]]
    assert all((99 + 100 * place) / 7 < edge <= (100 + 100 * place) / 7 for place, edge in enumerate(reference.edges))


def test_bins__of_ties_are_merged():
    pair = pair_of([0.0] * 600 + [number + 0.5 for number in range(400)], [1.0])
    assert len(pair.bins[0].labels) == 5
    assert pair.bins[0].counts[0, 0] == 600
    assert len(set(pair.bins[0].edges)) == 4


@pytest.mark.parametrize(("values", "labels"), [([1.5] * 50, ("any",)), ([], ()), ([float("inf")] * 50, ("any",))])
def test_bins__of_a_constant_are_one(values, labels):
    assert pair_of(values, values, pa.float64()).bins[0].labels[: len(labels) or None] == labels


def test_bins__null_and_nan_are_bins_of_their_own_where_they_occur():
    pair = pair_of([1.0, None, float("nan")], [2.0, 2.0, None])
    assert counts(pair) == {"any": (1, 2), "null": (1, 1), "NaN": (1, 0)}
    assert "null" not in counts(pair_of([1.0], [2.0]))


def test_bins__of_few_integers_are_one_for_each():
    pair = pair_of([1, 1, 5, None], [1, 7, 7, 7])
    assert pair.kind == "categorical"
    assert counts(pair) == {"1": (2, 1), "5": (1, 0), "7": (0, 3), "null": (1, 0)}
    assert pair.presence[1].unseen.tolist() == [3]


def test_bins__of_integers_no_double_tells_apart_are_told_apart():
    pair = pair_of([2**53, 2**53 + 1], [2**53 + 1, 2**53 + 2])
    assert counts(pair) == {str(2**53): (1, 0), str(2**53 + 1): (1, 1), str(2**53 + 2): (0, 1)}
    many = pair_of([2**60 + step for step in range(1_000)], [2**60])
    assert many.bins[0].edges == tuple(2**60 + step for step in range(100, 1_000, 100))
    assert many.bins[0].labels[0] == f"< {2**60 + 100}"


def test_kind__of_integers_depends_on_how_many_differ():
    assert pair_of(list(range(20)), [3]).kind == "categorical"
    assert pair_of(list(range(21)), [3]).kind == "numeric"
    assert pair_of([float(number) for number in range(5)], [3.0]).kind == "numeric"
    assert pair_of(list(range(20)), list(range(2_000))).kind == "categorical"


def test_labels__have_as_many_digits_as_tell_borders_apart():
    labels = pair_of([1e9 + number / 1_000 for number in range(1_000)], [1e9]).bins[0].labels
    assert len(set(labels)) == len(labels) == 10
    assert pair_of([number / 7 for number in range(100)], [1.0]).bins[0].labels[0] == "< 1.28571"


def test_bins__of_words_are_one_for_each_category():
    pair = pair_of(["a", "a", "b", None], ["b", "c", "c", "null"])
    reference, current = pair.bins
    assert reference.labels == ("a", "b", "c", "null", "null")  # the fourth is the word
    assert reference.counts.tolist() == [[2, 1, 0, 0, 1]]
    assert current.counts.tolist() == [[0, 1, 2, 1, 0]]


@pytest.mark.parametrize("word", ["new", "null", "NaN", ""])
def test_unseen__is_a_category_that_the_reference_lacks_whatever_its_name(word):
    pair = pair_of(["a", None], ["a", word, word, None])
    assert [side.unseen.tolist() for side in pair.presence] == [[0], [2]]


def test_unseen__null_is_no_category():
    assert pair_of(["a", "b"], ["a", None]).presence[1].unseen.tolist() == [0]


def test_presence__counts_what_either_side_lacks():
    values = [None, float("nan"), float("inf"), float("-inf"), 1.0, 2.0]
    pair = pair_of(values, [1.0])
    pair = Pair(pair.features, pair.states, (np.array([10]), np.array([1])))
    reference, current = pair.presence
    assert [int(getattr(reference, slot)[0]) for slot in ("rows", "missing", "null", "nan", "infinite")] == [10, 4, 1, 1, 2]
    assert [int(getattr(current, slot)[0]) for slot in ("rows", "missing", "null", "nan", "infinite")] == [1, 0, 0, 0, 0]


@pytest.fixture
def _few_values(monkeypatch):
    monkeypatch.setattr(frequencies, "MOST_VALUES", 3)


def states(*columns, names=((), ())) -> tuple[Frequencies, Frequencies]:
    made = tuple(map(Frequencies.new, names))
    for state, values in zip(made, columns, strict=True):
        state.update(pa.array(values, pa.string()))
    return made


def bins_of(reference, current, names) -> Pair:
    features = (Feature("x", "categorical", "string"),) * 2
    return Pair(
        features, states(reference, current, names=names), tuple(np.array([len(side)]) for side in (reference, current))
    )


@pytest.mark.usefixtures("_few_values")
@pytest.mark.parametrize(
    ("names", "named"),
    [
        ((["a", "b", "z"], ["a", "b", "c"]), {"a": (2, 1), "b": (1, 2)}),
        ((["a"], ["b"]), {}),
    ],
)
def test_bins__of_very_many_words_are_those_named_on_both_sides_and_buckets(names, named):
    pair = bins_of(["a", "a", "b", "c", "d", None], ["a", "b", "b", "d", "e"], names)
    total = {"a": (2, 1), "b": (1, 2), "c": (1, 0), "d": (1, 1), "e": (0, 1)}
    others = {f"(other values, bucket {bucket(word):04x})": total[word] for word in total.keys() - named.keys()}
    assert counts(pair) == named | others | {"null": (1, 0)}
    assert pair.bins[0].shared.tolist() == [False] * len(named) + [True] * len(others) + [False]


@pytest.mark.usefixtures("_few_values")
@pytest.mark.parametrize("turned", [1, -1])
def test_bins__a_side_that_knows_every_word_knows_the_names_of_the_other(turned):
    few, many = ["a", "a", "b"], ["a", "b", "c", "d"]
    pair = bins_of(*(few, many)[::turned], (["c"], ["a"])[::turned])
    found = {label: sides[::turned] for label, sides in counts(pair).items()}
    others = {f"(other values, bucket {bucket(word):04x})": (int(word == "b"), 1) for word in "bcd"}
    assert found == {"a": (2, 1)} | others


@pytest.mark.usefixtures("_few_values")
def test_unseen__of_very_many_words_is_what_is_certain(monkeypatch):
    """The named ones, and those of buckets that the reference has nothing in; the others are told apart."""
    pair = bins_of(["a", "b", "c", "d"], ["new", "new", "e", "a", "a", "b"], (["a", "new"],) * 2)
    reference, current = pair.presence
    assert (reference.unseen.tolist(), reference.unsure.tolist()) == ([0], [0])
    assert (current.unseen.tolist(), current.unsure.tolist()) == ([3], [1])


@pytest.mark.parametrize(
    ("repeats", "kinds", "kind"),
    [
        (1, ("identifier", "identifier"), "identifier"),
        (3, ("identifier", "identifier"), "categorical"),
        (3, ("identifier", "categorical"), "categorical"),
        (1, ("identifier", "categorical"), "identifier"),
        (1, ("categorical", "identifier"), "categorical"),
    ],
)
def test_kind__of_what_looks_like_an_identifier_is_settled_by_the_whole_reference(repeats, kinds, kind):
    columns = [f"user {number}" for number in range(200)] * repeats, ["user 1", "user 2"] * 50
    distinct = []
    for values in columns:
        distinct.append(Distinct.new())
        distinct[-1].update(pa.array(values))
    features = tuple(Feature("x", one, "string") for one in kinds)
    pair = Pair(features, states(*columns), tuple(np.array([len(side)]) for side in columns), None, tuple(distinct))
    assert pair.kind == kind


def test_kind__of_a_declared_identifier_is_never_settled():
    values = pa.array(["a"] * 9)
    state, distinct = Presence.new(), Distinct.new()
    state.update(values)
    distinct.update(values)
    features = (Feature("x", "identifier", "string"), Feature("x", "categorical", "string"))
    pair = Pair(features, (state, states(["a"], [])[0]), (np.array([9]), np.array([1])), None, (distinct, None))
    assert (pair.kind, pair.bins) == ("identifier", None)


@settings(max_examples=50)
@given(values=st.lists(st.integers(-3, 9), min_size=1, max_size=40), share=st.sampled_from([0.01, 0.25, 0.5, 0.75, 0.99]))
def test_quantiles__of_single_cells_are_values_of_the_sample(values, share):
    cells, _ = views.cells(values, values, range(-3, 11), [True] * 13)
    assert quantiles(cells, [share])[0] == np.quantile(values, share, method="inverted_cdf")


def test_quantiles__inside_a_cell_are_between_its_ends():
    cells, _ = views.cells([0.1] * 10, [], [0.0, 10.0], [False])
    assert quantiles(cells, [0.0, 0.25, 1.0]).tolist() == [0.0, 2.5, 10.0]
    endless, _ = views.cells([5.0], [], [0.0, np.inf], [False])
    assert quantiles(endless, [0.5]).tolist() == [0.0]
    widest, _ = views.cells([1.0], [], [-1.5e308, 1.5e308], [False])
    assert quantiles(widest, [0.5]).tolist() == [0.0]
    none, _ = views.cells([], [], [0.0, 1.0], [True])
    assert np.isnan(quantiles(none, [0.5])).all()


def test_cells__reach_from_the_least_to_the_greatest_value_of_both_sides():
    reference, current = pair_of([0.3, 0.7], [-2.5, 0.5]).cells
    assert (reference.edges[0], reference.edges[-1]) == (-2.5, 0.7)
    assert (reference.counts.sum(), current.counts.sum()) == (2, 2)
    assert (np.diff(reference.edges) >= 0).all()


def test_cells__of_no_values_are_none():
    assert pair_of([], [], pa.float64()).cells[0].counts.shape == (1, 0)


@given(data=st.data())
def test_medians__are_the_quantiles_of_every_group(data):
    width = data.draw(st.integers(0, 6))
    counts = data.draw(st.lists(st.lists(st.integers(0, 5), min_size=width, max_size=width), min_size=1, max_size=4))
    edges = np.append(np.arange(width), width + 0.5).astype(np.float64)
    single = np.array(data.draw(st.lists(st.booleans(), min_size=width, max_size=width)), bool)
    cells = Cells(np.array(counts, np.int64).reshape(len(counts), width), edges, single)
    expected = [quantiles(cells, [0.5], group)[0] for group in range(len(counts))]
    np.testing.assert_array_equal(medians(cells), expected)
