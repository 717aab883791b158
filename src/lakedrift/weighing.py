"""What measures weigh: p-values are adjusted for the number of tests, and statistics get their verdicts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lakedrift.measure import Measure
from lakedrift.metric import Floats
from lakedrift.performing import MODEL
from lakedrift.status import Statuses, among, code
from lakedrift.threshold import LEVELS, Bools, Thresholds, beyond_noise, false_discovery_rate

__all__ = ["give_verdicts", "set_undecided", "weigh"]

CRITICAL_ABSENCES = ("missing_in_current", "type_changed", "no_rows", "no_valid_values")
NONE, CRITICAL = (np.int8(LEVELS.index(level)) for level in ("none", "critical"))
AT_A_TIME = 1 << 20  # p-values to adjust


def weigh(found: Sequence[Measure], families: NDArray[np.int64]) -> None:
    """Adjust p-values for the number of features and segments looked at: one family a metric, window and segmentation.

    The measures of a model are one family together: any of them may call it worse. Only what is judged counts. Measures that
    share their evidence share what becomes of it. No adjusted p-value grows where one of its family falls: so the least of all,
    adjusted together, say what may be evident, and the greatest what is.
    """
    together: dict[str, list[Measure]] = {}
    for measure in found:
        together.setdefault(MODEL if measure.kind == MODEL else measure.metric, []).append(measure)
    known: dict[tuple[int, ...], Sequence[tuple[Floats, Bools]]] = {}

    def adjusted(family: Sequence[Measure], pvalues: Sequence[Floats]) -> Sequence[tuple[Floats, Bools]]:
        statuses = [one.status for one in family]
        shared = tuple(map(id, (*pvalues, *statuses)))
        if shared not in known:
            values = _adjusted(pvalues, statuses, families)
            known[shared] = list(zip(values, beyond_noise(values), strict=True))
        return known[shared]

    for family in together.values():
        told = adjusted(family, [one.pvalue for one in family])
        least, greatest = (adjusted(family, ends) for ends in zip(*(one.pvalues for one in family), strict=True))
        for at, measure in enumerate(family):
            measure.qvalue, measure.evidence = told[at][0], (greatest[at][1], least[at][1])
    for measure in found:
        measure.pvalues = ()  # of many groups they are large


def _adjusted(pvalues: Sequence[Floats], statuses: Sequence[Statuses], families: NDArray[np.int64]) -> Floats:
    """Return the adjusted p-values, (n_measures, n_rows), some whole families of rows at a time; these follow one another."""
    adjusted = np.empty((len(pvalues), len(families)))
    starts = np.flatnonzero(np.diff(families, prepend=-1))
    step = max(1, AT_A_TIME * len(starts) // max(1, len(families) * len(pvalues)))
    for rows in itertools.starmap(slice, itertools.pairwise([*starts[::step].tolist(), len(families)])):
        known = among(np.stack([one[rows] for one in statuses]), "ok")
        judged = np.where(known, np.stack([one[rows] for one in pvalues]), np.nan)
        adjusted[:, rows] = false_discovery_rate(judged.ravel(), np.tile(families[rows], len(pvalues))).reshape(judged.shape)
    return adjusted


def give_verdicts(measure: Measure, thresholds: Thresholds) -> None:
    """Judge a measure by its limit, or an absence by what it is; what has no limit informs."""
    if measure.metric == "presence":
        measure.levels = np.where(among(measure.status, *CRITICAL_ABSENCES), CRITICAL, NONE)
        return
    limit = thresholds.limit(measure.feature, measure.kind, measure.metric)
    if limit is None:
        return
    measure.limit = (limit.warning, limit.critical, limit.source)
    levels, undecided = limit.verdicts(measure.lower, measure.upper, *measure.evidence)
    judged = among(measure.status, "ok")
    measure.levels = np.where(judged, levels, NONE)
    set_undecided(measure, judged & undecided)


def set_undecided(measure: Measure, where: NDArray[np.bool_]) -> None:
    """Say so of some groups, in an array of the measure's own."""
    if where.any():
        measure.status = np.where(where, code("undecided"), measure.status)
