"""What looks like an identifier in a sample: nearly every value is another one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_integer_key", "is_text_key"]

IDENTIFIER_SAMPLE = 100  # fewer values say nothing about identity
IDENTIFIER_SHARE = 0.9  # distinct among sampled strings


def is_text_key(texts: Counter[str]) -> bool:
    """Whether hardly any text of a sample occurs twice, by how often each does."""
    valid = texts.total()
    return valid >= IDENTIFIER_SAMPLE and len(texts) >= IDENTIFIER_SHARE * valid


def is_integer_key(values: NDArray[Any], rows: int) -> bool:
    """All different, and numbered through (a range like the number of rows) or drawn from beyond 2**53 (a hash)."""
    if len(values) < IDENTIFIER_SAMPLE:
        return False
    spread = int(values.max()) - int(values.min())
    if spread < len(values) - 1 or 2 * rows < spread <= 1 << 53:
        return False
    return len(np.unique(values)) == len(values)
