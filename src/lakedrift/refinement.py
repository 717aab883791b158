"""Settling what cells cannot: a second scan that keeps only values that can matter.

Between two borders of cells the Kolmogorov-Smirnov distance may rise above what is attained at the borders only where both
sides have mass in one cell and stand nearly as far apart as anywhere. Those cells hold few values, and knowing these settles
the distance for good. Where the values of all features do not fit into memory at once, there are several such scans, and of
each only what was measured is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from lakedrift import engine
from lakedrift.alignment import align
from lakedrift.binning import Binning, Keys
from lakedrift.comparison import Comparison
from lakedrift.errors import SourceChangedError
from lakedrift.measure import pair_of
from lakedrift.metric import Metric, discover
from lakedrift.multiset import AT_A_TIME
from lakedrift.observer import Observer
from lakedrift.plan import Plan
from lakedrift.profiles import Profile
from lakedrift.reading import Reader
from lakedrift.source import Source
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.values import Values

__all__ = ["doubts", "refine"]

BYTES_A_VALUE = 24  # a kept value at the peak: key and count, 12 bytes as a rule less, and once more while two runs merge
BYTES_A_KEY = 8  # that repeats, while it is loose
A_SCAN = 1 << 29  # bytes that the values of several features may take together: more scans, of fewer columns each, read no more


def doubts(comparison: Comparison, *, exact: bool, memory: int, threads: int) -> list[dict[str, tuple[Values, Values]]]:
    """Return empty states for the cells to look into, by feature, for both sides; of each further scan that this takes.

    Parameters
    ----------
    comparison
        What the first scan gave.
    exact
        Whether every distance is to be settled, or only those that a verdict hangs on.
    memory
        Bytes that the values of one scan may take; a feature that has no room alone stays as it is.
    threads
        How many of them look for values, and hold some that are not yet sorted.
    """
    unsettled: dict[str, list[Metric]] = {}
    for name, metric in discover().items():
        if metric.doubts is not None:
            for feature in comparison.unsettled(name, undecided=not exact):
                unsettled.setdefault(feature, []).append(metric)
    wanted = [
        (cost, name, states)
        for name, why in unsettled.items()
        for cost, states in _states(*comparison.profiles, name, why, threads)
    ]
    scans: list[dict[str, tuple[Values, Values]]] = []
    left = 0
    for needed, name, states in sorted(wanted, key=lambda one: one[:2]):
        if needed > memory:
            break
        if needed > left:
            scans.append({})
            left = max(needed, min(memory, A_SCAN))
        scans[-1][name] = states
        left -= needed
    return scans


def refine(
    profile: Profile,
    source: Source,
    states: Mapping[str, Values],
    where: str | None,
    threads: int,
    observer: Observer,
    reader: Reader | None = None,
) -> Profile:
    """Scan `source` once more for the values that `states` asks for, and return the profile with them.

    Raises
    ------
    SourceChangedError
        If there are not as many rows as before.
    """
    features = tuple(profile.feature(name) for name in states)
    plan = Plan(source, features, {(Values.KIND, (name,)): state for name, state in states.items()}, where)
    found = engine.run(plan, threads, observer, reader)
    if (found.rows, found.filtered) != (profile.rows, profile.filtered):
        msg = f"{profile.name!r} changed between two scans: {profile.rows:,} rows, then {found.rows:,}"
        raise SourceChangedError(msg, hint="run again when nobody writes to it")
    return replace(profile, states=MappingProxyType({**profile.states, **found.states}))


def _states(
    reference: Profile, current: Profile, name: str, metrics: Sequence[Metric], threads: int
) -> list[tuple[int, tuple[Values, Values]]]:
    """Return the bytes that looking into the doubtful cells of a feature takes, and the empty states for it; or nothing."""
    before, after = reference.state(name), current.state(name)
    if not (isinstance(before, Numeric) and isinstance(after, Numeric)) or before.binning.axis != after.binning.axis:
        return []
    aligned = align(before, after)
    dtypes = pair_of(reference, current, name).dtypes
    cells = aligned.cells(dtypes)
    doubtful = np.any([metric.doubts(*metric.read(*cells)) for metric in metrics if metric.doubts is not None], axis=0)
    doubtful &= aligned.exact(dtypes)
    if not doubtful.any():
        return []
    counts = np.concatenate([side[0, doubtful] for side in aligned.counts])
    distinct = int(np.fmin(counts, np.tile(aligned.capacity(dtypes)[doubtful], 2)).sum())
    repeated = min(int(counts.sum()) - distinct, threads * AT_A_TIME)
    starts, ends = aligned.starts[doubtful], aligned.ends[doubtful]
    states = [Values.new(before.binning, _cells_between(before.binning, starts, ends))]
    if after.binning != before.binning:
        states.append(Values.new(after.binning, _cells_between(after.binning, starts, ends)))
    tables = sum(state.table_bytes for state in states)
    return [(BYTES_A_VALUE * distinct + BYTES_A_KEY * repeated + tables, (states[0], states[-1].empty()))]


def _cells_between(binning: Binning, starts: Keys, ends: Keys) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the cells of a grid that make up the given ranges of keys, ascending."""
    first, last = binning.cell_of(starts), binning.cell_of(ends)
    return np.concatenate([np.arange(low, high + 1) for low, high in zip(first, last, strict=True)])
