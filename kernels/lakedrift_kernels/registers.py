"""HyperLogLog registers: how many different hashes there were, within a percent.

A register, uint8, is the highest rank among the hashes that fall to it (P. Flajolet, É. Fusy, O. Gandouet, F. Meunier:
"HyperLogLog", 2007). With m = 2**14 registers, the top 14 bits of a hash name its register, and the rank is one more than the
number of zeros that the other 50 bits begin with: 1 to 51.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["HIGHEST_RANK", "REGISTERS", "add_hashes"]

INDEX_BITS = 14
REGISTERS = 1 << INDEX_BITS
HIGHEST_RANK = 64 - INDEX_BITS + 1
PLACE_SHIFT = np.uint64(64 - INDEX_BITS)
REST_SHIFT = np.uint64(INDEX_BITS)
SENTINEL = np.uint64(1 << INDEX_BITS - 1)  # ends the zeros of a hash that is all zeros
TOP = np.uint64(63)
ONE = np.uint64(1)


@kernel
def add_hashes(hashes: NDArray[np.uint64], found: int, registers: NDArray[np.uint8]) -> None:
    """Add the first `found` hashes to the registers (16384,)."""
    for i in range(found):
        place = hashes[i] >> PLACE_SHIFT
        rest = (hashes[i] << REST_SHIFT) | SENTINEL
        rank = np.uint64(registers[place])
        if (rest >> ONE) >> (TOP - rank) == 0:  # as many zeros as the register says: the rank is higher, which gets rare
            while (rest >> ONE) >> (TOP - rank) == 0:
                rank += ONE
            registers[place] = np.uint8(rank)
