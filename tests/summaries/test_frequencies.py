"""Counts by value, against a Counter, in every encoding of strings."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.xxhash import bucket, xxh64

from lakedrift.errors import InvariantError
from lakedrift.hashing import Texts
from lakedrift.summaries import frequencies
from lakedrift.summaries.frequencies import Frequencies

OPTIONAL = st.lists(st.one_of(st.none(), strategies.STRINGS), max_size=30)


def counted(*arrays: pa.Array) -> Frequencies:
    state = Frequencies.new()
    for array in arrays:
        state.update(array)
    return state


def tally(state: Frequencies) -> dict[str, int]:
    return dict(zip(state.values, state.counts[0].tolist(), strict=True))


@pytest.mark.parametrize("encoding", strategies.STRING_ENCODINGS)
@given(data=st.data(), values=OPTIONAL)
def test_update__counts_by_value_in_every_encoding(encoding, data, values):
    state = counted(data.draw(strategies.arrow_strings(encoding, values)))
    expected = Counter(value for value in values if value is not None)
    assert tally(state) == expected
    assert list(state.values) == sorted(expected)
    assert state.null.tolist() == [values.count(None)]


@pytest.mark.parametrize("encoding", strategies.STRING_ENCODINGS)
def test_update__five_thousand_values_short_and_long(encoding):
    short, long = [f"{number:05}" for number in range(3_000)], [f"a long way to number {number}" for number in range(2_000)]
    plain = pa.array([*short, *long, *short, None])
    arrays = {"dictionary": plain.dictionary_encode()} if "dictionary" in encoding else {encoding: plain.cast(encoding)}
    assert tally(counted(*arrays.values())) == dict.fromkeys(long, 1) | dict.fromkeys(short, 2)


@given(values=st.lists(st.one_of(st.none(), st.booleans()), max_size=30), before=st.integers(0, 9))
def test_update__counts_booleans_by_their_name(values, before):
    array = pa.array([True] * before + values, pa.bool_())[before:]
    expected = Counter(str(value).lower() for value in values if value is not None)
    assert tally(counted(array)) == expected


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([7, 7, -1, None]), {"7": 2, "-1": 1}),
        (pa.array([0.5, -0.0, 0.0]), {"0.5": 1, "0": 2}),
        (pa.array([3, 3, None]).dictionary_encode(), {"3": 2}),
        (pa.array([None, None], pa.string()), {}),
        (pa.array([], pa.string_view()), {}),
    ],
)
def test_update__takes_any_other_column_as_text(array, expected):
    assert tally(counted(array)) == expected


def test_update__batches_with_dictionaries_of_their_own():
    one = pa.DictionaryArray.from_arrays(pa.array([0, 1, 1]), pa.array(["a", "b"]))
    other = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["b", None]))
    state = counted(one, other)
    assert tally(state) == {"a": 1, "b": 3}
    assert (state.rows[0], state.null[0]) == (6, 2)


def test_update__a_code_outside_the_dictionary_is_no_result():
    broken = pa.DictionaryArray.from_arrays(pa.array([0, 5]), pa.array(["a"]), safe=False)
    with pytest.raises(InvariantError):
        counted(broken)


def test_update__a_string_that_points_outside_its_buffers_is_no_result():
    views = np.frombuffer((13).to_bytes(4, "little") + b"thir" + (7).to_bytes(8, "little"), np.uint8)
    for buffers in ([], [pa.py_buffer(b"short")] * 8):
        with pytest.raises(InvariantError, match="outside"):
            counted(pa.Array.from_buffers(pa.string_view(), 1, [None, pa.py_buffer(views), *buffers]))


LONG = st.tuples(st.text("aä☃😀", min_size=3, max_size=3), st.sampled_from("xyz"), st.integers(220, 300))
ANY_LENGTH = st.one_of(strategies.STRINGS, LONG.map(lambda parts: parts[0] * 24 + parts[1] * parts[2]))


def called(text: str) -> str:
    """Return what a string is called in a state."""
    raw = text.encode()
    if len(raw) <= 256:
        return text
    hashes = f"{xxh64(raw):016x}{xxh64(raw, 0x9E3779B97F4A7C15):016x}"
    return f"{raw[:256].decode(errors='ignore')}… ({len(raw):,} bytes, {hashes})"


def expected(values: Iterable[str], names: Iterable[str], most: int) -> tuple[dict[str, int], dict[int, int] | None]:
    """Return the counts by value, and those by bucket where there are more than `most` values."""
    total = Counter(values)
    if len(total) <= most:
        return {called(value): count for value, count in total.items()}, None
    shared = Counter[int]()
    for value in total.keys() - set(names):
        shared[bucket(value)] += total[value]
    return {called(value): count for value, count in total.items() if value in set(names)}, dict(shared)


def held(state: Frequencies) -> tuple[dict[str, int], dict[int, int] | None]:
    shared = state.buckets
    return tally(state), None if shared is None else {place: shared[0, place] for place in np.flatnonzero(shared).tolist()}


@settings(max_examples=200)
@given(data=st.data(), parts=st.lists(st.lists(ANY_LENGTH, max_size=8), min_size=1, max_size=5), most=st.integers(0, 9))
def test_merge__the_state_is_a_function_of_the_values_whoever_spilled_first(data, parts, most):
    """Any tree of merges of states, of any names, in any encoding: values by value up to a number, by bucket beyond it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frequencies, "MOST_VALUES", most)
        states, named = [], []
        for values in parts:
            named.append(
                data.draw(st.sets(st.sampled_from(["a", "twelve bytes", "thirteen chrs", "b", *itertools.chain(*parts)])))
            )
            states.append(Frequencies.new([called(name) for name in named[-1]]))
            for half in (values[::2], values[1::2]):
                encoding = data.draw(st.sampled_from(strategies.STRING_ENCODINGS))
                states[-1].update(data.draw(strategies.arrow_strings(encoding, half)))
            if data.draw(st.booleans()):  # looking at it, or storing it, is nothing that counts
                states[-1] = Frequencies.from_arrow(states[-1].to_arrow())
        while len(states) > 1:
            other = states.pop(data.draw(st.integers(0, len(states) - 1)))
            states[data.draw(st.integers(0, len(states) - 1))].merge(other)
        (state,) = states
        names = set.intersection(*named)
        assert set(state.names) == {called(name) for name in names}
        assert held(state) == expected(itertools.chain(*parts), names, most)


@given(values=st.lists(ANY_LENGTH, max_size=12), names=st.sets(strategies.STRINGS))
def test_spilled__counts_by_name_and_bucket_however_few_values_there_are(values, names):
    state = counted(pa.array(values, pa.string()))
    before = state.to_arrow()
    assert held(state.spilled(sorted(names))) == expected(values, names, -1)
    assert state.to_arrow().equals(before, check_metadata=True)


@pytest.mark.parametrize("most", [65_536, 0], ids=["by value", "by bucket"])
def test_update__strings_beyond_256_bytes_are_known_by_name(most, monkeypatch):
    monkeypatch.setattr(frequencies, "MOST_VALUES", most)
    texts = ["é" * 128, "é" * 129, "é" * 129, "x" + "é" * 200, "y" * 100_000, "y" * 100_001, ""]
    state = Frequencies.new([called(texts[1])])
    state.update(pa.array(texts))
    state.update(pa.array([called(texts[1])]))  # a value that is another one's name is none of it
    assert held(state) == expected([*texts, called(texts[1])], [texts[1]], most)
    assert "é" * 128 in state.values or most == 0
    assert all(len(value.encode()) < 320 for value in state.values)


def test_update__a_hundred_thousand_values_and_three_names():
    few, many = [f"name {number}" for number in range(3)], [f"{number:05} of a hundred thousand" for number in range(100_000)]
    short = [value[:5] for value in many]
    state, whole = Frequencies.new(few), Frequencies.new(few)
    for values in (many, few * 1_000, short):
        state.update(pa.array(values).dictionary_encode() if values is short else pa.array(values))
    whole.update(pa.array([*short, *few * 1_000, *many], pa.large_string()))
    assert tally(state) == dict.fromkeys(few, 1_000)
    assert (state.buckets.shape, state.buckets.sum()) == ((1, 65_536), 200_000)
    assert state.to_arrow().equals(whole.to_arrow(), check_metadata=True)
    assert sum(column.nbytes for column in state.to_arrow().columns) < 2 << 20


def test_update__exactly_as_many_values_as_are_counted_one_by_one(monkeypatch):
    values = [f"{number}" for number in range(65_536)]
    state = counted(pa.array(values), pa.array(values[::-1]))
    assert tally(state) == dict.fromkeys(values, 2)
    assert state.buckets is None
    state.update(pa.array(["one more"]))
    assert state.values == ()
    assert state.buckets.sum() == 2 * 65_536 + 1


def test_update__exactly_as_many_bytes_as_are_kept():
    values = [f"{number:05}" + "x" * 251 for number in range(16_384)]
    state = counted(pa.array(values))
    assert state.buckets is None
    assert state.counts.tolist() == [[1] * 16_384]
    late, early = counted(pa.array(["é"])), counted(pa.array([*values, "é"]))
    late.merge(state)
    state.update(pa.array(["é"]))
    assert late.values == early.values == state.values == ()
    assert state.to_arrow().equals(late.to_arrow(), check_metadata=True)
    assert state.to_arrow().equals(early.to_arrow(), check_metadata=True)


def test_texts__equal_views_of_a_long_string_are_read_once():
    """A batch of a reader's dictionary: a million views of one string of a hundred kilobytes."""
    text = pa.array(["x" * 100_000], pa.string_view())
    views = np.tile(np.frombuffer(text.buffers()[1], np.uint64), 1_000_000)
    array = pa.Array.from_buffers(pa.string_view(), 1_000_000, [None, pa.py_buffer(views), *text.buffers()[2:]])
    assert sum(len(located.rows) for located in Texts.of(array).long()) < 200
    assert list(tally(counted(array)).values()) == [1_000_000]
