"""Sums over chosen groups: what rolling windows, joined segments and aligned profiles have in common.

A choice is two arrays as of a sparse matrix of ones in compressed rows: group k of the result is the sum of the groups
`indices[indptr[k]:indptr[k + 1]]`, and so empty where there is none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.summary import Counts
from lakedrift_kernels import groups

__all__ = ["gathered", "none_of", "one_of_each", "together"]


def gathered(counts: Counts, indptr: Counts, indices: Counts) -> Counts:
    """Return the sums, (n_chosen,) or (n_chosen, w), of counts (n_groups,) or (n_groups, w)."""
    table = np.ascontiguousarray(counts).reshape(len(counts), int(np.prod(counts.shape[1:])))
    sums = np.zeros((len(indptr) - 1, table.shape[1]), np.int64)
    groups.add_rows(table, indptr.astype(np.int64), indices.astype(np.int64), sums)
    return sums.reshape(len(sums), *counts.shape[1:])


def none_of(n: int) -> tuple[Counts, Counts]:
    """Return the choice of nothing for each of n groups."""
    return np.zeros(n + 1, np.int64), np.empty(0, np.int64)


def one_of_each(places: NDArray[np.int64]) -> tuple[Counts, Counts]:
    """Return the choice of the one group at each place, (n,), or of none where it is negative."""
    held = places >= 0
    return np.append(0, np.cumsum(held)), places[held]


def together(targets: NDArray[np.int64], n: int) -> tuple[Counts, Counts]:
    """Return the choice that adds group i to group `targets[i]` of n."""
    return np.append(0, np.cumsum(np.bincount(targets, minlength=n))), np.argsort(targets, kind="stable")
