"""What each part of a sum had that the sum cannot tell, kept so that a part can be taken away again.

Counts subtract. The least of some values does not: once the part that had it is gone, it is not known who is next. But the
multiset of what each part had as its least value does subtract, and its first element is the least value of what is left. The
same goes for the registers of a HyperLogLog, and for how many different categories there must be at least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lakedrift.errors import InvariantError

__all__ = ["Trace", "Traces", "sum_of_traces", "without_traces"]


@dataclass(frozen=True, eq=False)
class Trace:
    """A multiset of integers of 64 bits.

    Attributes
    ----------
    keys
        (n,) the different ones, ascending; unsigned ones by their bits.
    counts
        (n,) how often each is there, never 0.
    """

    keys: NDArray[np.int64]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        """How many different integers there are."""
        return len(self.keys)

    @classmethod
    def of(cls, keys: NDArray[np.int64] | NDArray[np.uint64]) -> Self:
        """Return the multiset of these integers, in any order."""
        return cls(*np.unique(keys.view(np.int64), return_counts=True))

    @classmethod
    def total(cls, traces: Sequence[Trace], signs: Sequence[int]) -> Self:
        """Return the sum of multisets, each added or, where its sign is -1, taken away.

        Raises
        ------
        InvariantError
            If more is taken away than there is.
        """
        keys, places = np.unique(np.concatenate([trace.keys for trace in traces]), return_inverse=True)
        counts = np.zeros(len(keys), np.int64)
        signed = [sign * trace.counts for trace, sign in zip(traces, signs, strict=True)]
        np.add.at(counts, places, np.concatenate(signed))
        if (counts < 0).any():
            msg = "a part was taken away that was never added"
            raise InvariantError(msg)
        return cls(keys[counts > 0], counts[counts > 0])


Traces = Mapping[str, Trace]


def sum_of_traces(parts: Sequence[Traces]) -> dict[str, Trace]:
    """Return the traces of a sum."""
    return _totals(parts, [1] * len(parts))


def without_traces(whole: Traces, parts: Sequence[Traces]) -> dict[str, Trace]:
    """Return the traces of what is left of a sum; InvariantError where the parts were never added."""
    return _totals([whole, *parts], [1, *[-1] * len(parts)])


def _totals(parts: Sequence[Traces], signs: Sequence[int]) -> dict[str, Trace]:
    found: dict[str, Trace] = {}
    for name in sorted({name for part in parts for name in part}):
        held = [(part[name], sign) for part, sign in zip(parts, signs, strict=True) if name in part]
        found[name] = Trace.total([trace for trace, _ in held], [sign for _, sign in held])
    return {name: trace for name, trace in found.items() if len(trace)}
