"""Sums of integers too great for 64 bits: three words each, of one form, so that equal sums are equal words.

A sum is w0 + w1 2**40 + w2 2**80 with -2**39 <= w0, w1 < 2**39; small numbers of either sign have one word that is not zero.
Of N numbers of at most 2**80 each, |w2| <= N + 1: no run has rows enough to overflow it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.summary import Counts

__all__ = ["DIGIT_BITS", "WORDS", "add", "carry", "integers", "is_carried"]

WORDS = 3
BITS = 40
DIGIT_BITS = BITS // 2  # numbers come in digits of so many bits, and their products in units of 1, 2**20 and 2**40
HALF = np.int64(1 << (BITS - 1))
DIGIT_MASK = np.int64((1 << DIGIT_BITS) - 1)


def add(words: Counts, ones: Counts, twenties: Counts | None = None, forties: Counts | None = None) -> None:
    """Add ones + 2**20 twenties + 2**40 forties, (...) each and at most 2**61 in size, to sums (3, ...) in place.

    No word passes 2**63 on the way: |w0| is at most 2**39 + 2**61 + 2**40, and |w1| at most 2**39 + 2**41 + 2**61 and what is
    carried to it.
    """
    words[0] += ones
    if twenties is not None:
        words[0] += (twenties & DIGIT_MASK) << DIGIT_BITS
        words[1] += twenties >> DIGIT_BITS
    if forties is not None:
        words[1] += forties
    carry(words)


def carry(words: Counts) -> None:
    """Bring the lower words of sums (3, ...) back into their range."""
    for place in range(WORDS - 1):
        over = (words[place] + HALF) >> BITS
        words[place] -= over << BITS
        words[place + 1] += over


def is_carried(words: Counts) -> bool:
    """Whether all lower words of sums (3, ...) are in their range."""
    lower = words[:-1]
    return bool(((lower >= -HALF) & (lower < HALF)).all())


def integers(words: Counts) -> NDArray[np.object_]:
    """Return sums (3, ...) as Python's integers, (...)."""
    low, middle, high = words.astype(object)
    found: NDArray[np.object_] = low + middle * (1 << BITS) + high * (1 << 2 * BITS)
    return found
