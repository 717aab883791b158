"""HyperLogLog registers, against the definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import registers

PLACES = st.sampled_from([0, 1, registers.REGISTERS - 1])
REST = st.one_of(st.integers(0, 2**50 - 1), st.integers(0, 50).map(lambda zeros: 2**50 - 1 >> zeros))
HASHES = st.tuples(PLACES, REST).map(lambda parts: parts[0] << 50 | parts[1])


def ranks(hashes: list[int]) -> dict[int, int]:
    """Return the highest rank of each register: the zeros before the first one among the low 50 bits, plus one."""
    found: dict[int, int] = {}
    for place, rest in ((number >> 50, number & 2**50 - 1) for number in hashes):
        found[place] = max(found.get(place, 0), 51 - rest.bit_length())
    return found


@given(hashes=st.lists(HASHES, max_size=20), split=st.integers(0, 20))
def test_add_hashes__keeps_the_highest_rank(hashes, split):
    held = np.zeros(registers.REGISTERS, np.uint8)
    for part in (hashes[split:], hashes[:split]):
        registers.add_hashes(np.array([*part, 2**64 - 1], np.uint64), len(part), held)
    assert {place: int(held[place]) for place in np.flatnonzero(held).tolist()} == ranks(hashes)


def test_add_hashes__the_highest_rank_stays():
    held = np.zeros(registers.REGISTERS, np.uint8)
    registers.add_hashes(np.zeros(3, np.uint64), 3, held)
    assert held[0] == registers.HIGHEST_RANK
