"""Doing the same to many things in their order, several at a time where that pays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["each"]

Item = TypeVar("Item")
Made = TypeVar("Made")


def each(function: Callable[[Item], Made], items: Iterable[Item], threads: int) -> Iterator[Made]:
    """Yield what the function makes of each item, in their order; with one thread nothing is handed to another."""
    if threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(function, items)
