"""XXH64 against the known answers of its author and a slow version in Python integers."""

from __future__ import annotations

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st
from oracles.xxhash import xxh64

from lakedrift_kernels import hashing

SECOND_SEED = 0x9E3779B97F4A7C15
LENGTHS = st.one_of(st.integers(0, 40), st.sampled_from([63, 64, 65, 100, 257]))

# As plain Python, NumPy warns of the wrap-around that mixing bits rests on.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar:RuntimeWarning")


def located(*texts: bytes, kept: int = 1 << 20) -> tuple[np.ndarray, np.ndarray]:
    """Return the strings one after another, with a byte before each."""
    rows, data = [], b""
    for text in texts:
        rows.append((len(data) + 1, len(text), min(len(text), kept), 1, 99, 99))
        data += b"\xff" + text
    return np.frombuffer(data, np.uint8), np.array(rows, np.uint64).reshape(-1, hashing.STRING_WIDTH)


def hashes(*texts: bytes) -> list[int]:
    data, rows = located(*texts)
    hashing.hash_strings(data, rows)
    assert rows[:, hashing.SECOND].tolist() == [0] * len(texts)
    return rows[:, hashing.HASH].tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
    ids=["nothing", "a", "abc", "39 bytes"],
)
def test_hash_strings__known_answers(text, expected):
    assert hashes(text) == [expected] == [xxh64(text)]


@given(texts=st.lists(LENGTHS.flatmap(lambda length: st.binary(min_size=length, max_size=length)), max_size=6))
def test_hash_strings__as_in_plain_integers(texts):
    assert hashes(*texts) == [xxh64(text) for text in texts]


@given(text=st.binary(min_size=33, max_size=80), kept=st.integers(1, 80))
def test_hash_strings__of_what_is_not_kept_whole_a_second_time(text, kept):
    data, rows = located(text, kept=kept)
    hashing.hash_strings(data, rows)
    second = xxh64(text, SECOND_SEED) if kept < len(text) else 0
    assert rows[0, [hashing.HASH, hashing.SECOND]].tolist() == [xxh64(text), second]


@given(data=st.data(), values=st.lists(st.one_of(st.none(), st.integers(0, 2**64 - 1)), max_size=20))
def test_hash_integers__are_those_of_their_eight_bytes(data, values):
    validity, offset = data.draw(strategies.bitmap([value is not None for value in values]))
    patterns, found = np.array([value or 0 for value in values], np.uint64), np.empty(len(values), np.uint64)
    counted = hashing.hash_integers(patterns, validity, offset, found)
    expected = [xxh64(value.to_bytes(8, "little")) for value in values if value is not None]
    assert found[:counted].tolist() == expected
