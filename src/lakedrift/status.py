"""Why there is a verdict or none: small numbers in arrays, names in tables."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

__all__ = ["JUDGED", "STATUSES", "Statuses", "among", "code", "same"]

Statuses = NDArray[np.int8]
STATUSES = (
    "ok",
    "undecided",
    "insufficient_data",
    "identifier",
    "temporal",
    "unsupported_type",
    "missing_in_reference",
    "missing_in_current",
    "type_changed",
    "no_rows",
    "no_valid_values",
    "new_segment",
    "gone_segment",
    "no_past",
    "label",
    "attribution",
    "immature",
    "not_a_probability",
    "out_of_range",
)
JUDGED = ("ok", "undecided")


def code(name: str) -> np.int8:
    """Return the number of a status, its place in `STATUSES`."""
    return np.int8(STATUSES.index(name))


def same(name: str, n: int) -> Statuses:
    """Return so many times the same status, (n,)."""
    return np.full(n, code(name), np.int8)


def among(statuses: Statuses, *names: str) -> NDArray[np.bool_]:
    """Return where the status is one of these, an array like `statuses`."""
    found: NDArray[np.bool_] = _chosen(names)[statuses]
    return found


@functools.cache
def _chosen(names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which of `STATUSES` have one of these names."""
    return np.array([status in names for status in STATUSES])
