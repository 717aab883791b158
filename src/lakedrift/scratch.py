"""Memory that each thread keeps for what it notes of every row of a batch: new memory costs more than what is done with it.

The allocator gives freed memory back, and every page of new memory is zeroed by the system before anybody may write to it.
"""

from __future__ import annotations

import mmap
import threading
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["apart", "room"]

LARGE = 1 << 19  # bytes; what is smaller is left to the allocator


class _Kept(threading.local):
    def __init__(self) -> None:
        self.words: dict[str, NDArray[np.uint64]] = {}


KEPT = _Kept()


def room(use: str | None, n: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return room for n values, (n,), which holds anything, and lasts until this thread asks for the same use again.

    For no use it is new memory, which lasts.
    """
    if use is None:
        return np.empty(n, dtype)
    needed = -(-n * np.dtype(dtype).itemsize // 8)
    kept = KEPT.words.get(use)
    if kept is None or len(kept) < needed:
        kept = KEPT.words[use] = np.empty(needed, np.uint64)
    return kept.view(dtype)[:n]


def apart(n: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return new memory for n values, (n,), that the system has back as soon as nobody holds it.

    The allocator keeps what is free between two blocks in use. Of many that grow by turns, and are merged, that was half as
    much again as all of them held.
    """
    size = n * np.dtype(dtype).itemsize
    return np.empty(n, dtype) if size < LARGE else np.frombuffer(mmap.mmap(-1, size, access=mmap.ACCESS_COPY), dtype)
