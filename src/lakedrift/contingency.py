"""p-values of a table of two rows: what the binned metrics and the rates have as evidence."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from lakedrift.enclosing import Term, counts_between, enclosed, least_terms
from lakedrift.metric import Bins, Counts, Floats, Metric, Presence, Told
from lakedrift_kernels import contingency, hypergeometric

__all__ = [
    "homogeneity",
    "homogeneity_bounds",
    "homogeneity_pvalue",
    "homogeneity_pvalues",
    "none_of_pvalue",
    "rate",
    "rate_change",
    "two_shares_pvalue",
]

FEW = 100  # rows expected in the smallest cell of a 2 x 2 table
FEW_IN_BIN = 10.0  # in one of many bins


def homogeneity(reference: Bins, current: Bins) -> tuple[Floats, Counts]:
    """Return Pearson's chi-square of the two rows of counts and its degrees of freedom, (n_groups,) each."""
    statistic = np.empty(len(reference.counts))
    dof = np.empty(len(reference.counts), np.int64)
    contingency.chi_square(reference.counts, current.counts, statistic, dof)
    return statistic, dof


def homogeneity_bounds(reference: Bins, current: Bins) -> tuple[Floats, Floats, Floats]:
    """Return chi-square of the counts as they are, and the least and the greatest possible one, (n_groups,) each."""
    return enclosed(reference, current, lambda *sides: homogeneity(*sides)[0], _residual(reference, current))


def homogeneity_pvalue(reference: Bins, current: Bins, statistic: Floats) -> Floats:
    """Return the chi-square probability that both rows come from one distribution, (n_groups,), whatever the statistic.

    Bins in which the smaller side is expected to have fewer than ten rows are joined until they have as many (W. G. Cochran,
    "Some methods for strengthening the common χ² tests", 1954): of a long reference and a short window, rare categories would
    alarm by chance.
    """
    del statistic
    return _evidence(reference, current)


@functools.lru_cache(maxsize=1)
def homogeneity_pvalues(reference: Bins, current: Bins) -> tuple[Floats, Floats]:
    """Return the least and the greatest probability, (n_groups,) each, wherever rows that are counted astray may lie.

    Joining bins never raises chi-square, so the least is that of the greatest chi-square of all bins, with as few degrees of
    freedom as there may be: one less than bins that surely have rows enough. The greatest is that of the least chi-square of
    bins that nothing is joined with, with as many.
    """
    ends = [counts_between(side) for side in (reference, current)]
    few, many = (sum(counts) for counts in zip(*ends, strict=True))
    sizes = [reference.rows, current.rows]
    share = np.minimum(*sizes) / np.maximum(sum(sizes), 1)
    enough = few * share >= FEW_IN_BIN
    joined = ((many > 0) & ~enough).any(axis=0)  # what is left over goes to one of the smallest others
    smallest = np.where(enough, many, np.iinfo(np.int64).max).min(axis=0, initial=np.iinfo(np.int64).max)
    alone = enough & ~(joined & (few <= smallest))
    lower = np.where(alone, least_terms(reference, current, _residual(reference, current)), 0.0).sum(axis=0)
    least = tail(homogeneity_bounds(reference, current)[2], np.maximum(enough.sum(axis=0) - 1, 1))
    return least, np.where(np.isnan(least), least, tail(lower, np.maximum((many > 0).sum(axis=0) - 1, 0)))


def _residual(reference: Bins, current: Bins) -> Term:
    """Return what a bin adds to chi-square, by its shares."""
    n, m = (side.rows.astype(np.float64) for side in (reference, current))

    def term(p: Floats, q: Floats) -> Floats:
        both = n * p + m * q
        residual: Floats = np.divide(n * m * (p - q) ** 2, both, out=np.zeros_like(both), where=both > 0)
        return residual

    return term


@functools.lru_cache(maxsize=1)
def _evidence(reference: Bins, current: Bins) -> Floats:
    """Return the probability, which one binned metric after the other asks of the same bins, as an array for all of them."""
    joined = np.empty(reference.counts.shape, np.int64), np.empty(reference.counts.shape, np.int64)
    contingency.join_rare(reference.counts, current.counts, FEW_IN_BIN, *joined)
    pvalue = tail(*homogeneity(Bins(joined[0], reference.labels), Bins(joined[1], reference.labels)))
    pvalue.flags.writeable = False
    return pvalue


def tail(statistic: Floats, dof: Counts) -> Floats:
    """Return the upper tail of the chi-square distribution; with no degree of freedom nothing can differ: 1."""
    from scipy import special

    probability: Floats = np.where(
        dof > 0, special.chdtrc(np.maximum(dof, 1), statistic), np.where(np.isnan(statistic), np.nan, 1.0)
    )
    return probability


def two_shares_pvalue(reference_hits: Counts, current_hits: Counts, reference_n: Counts, current_n: Counts) -> Floats:
    """Return the probability, (n_groups,), that two shares, hits of n, differ as much by chance.

    It is that of the 2 x 2 table with Yates' continuity correction (1934), or, where a count of it is expected to be below a
    hundred, Fisher's exact one: with many groups small probabilities matter, and there the approximation is far too small.
    """
    from scipy import special

    corrected = np.empty(len(reference_n))
    contingency.two_shares(reference_hits, reference_n, current_hits, current_n, corrected)
    pvalue: Floats = special.chdtrc(1.0, corrected)
    hits, rows = reference_hits + current_hits, reference_n + current_n
    least = np.minimum(hits, rows - hits) * (np.minimum(reference_n, current_n) / np.maximum(rows, 1))
    few = least < FEW
    if few.any():
        exact = np.empty(int(few.sum()))
        hypergeometric.two_shares(reference_hits[few], reference_n[few], current_hits[few], current_n[few], exact)
        pvalue[few] = exact
    return pvalue


def none_of_pvalue(hits: Counts, reference_n: Counts, current_n: Counts) -> Floats:
    """Return the probability, (n,), that all hits among the rows of both sides are on the reference side, by chance.

    It is the hypergeometric one, C(n, k) / C(n + m, k) of k hits, n reference and m current rows.
    """
    from scipy import special

    together = reference_n + current_n
    ways = (special.gammaln(size + 1.0) - special.gammaln(size - hits + 1.0) for size in (reference_n, together))
    probability: Floats = np.exp(np.minimum(next(ways) - next(ways), 0.0))
    return probability


def rate(side: Presence, name: str) -> Floats:
    """Return the share of rows, (n_groups,), that are `name`, an attribute of `Presence`; NaN where there are no rows."""
    hits: Any = getattr(side, name)
    share: Floats = np.divide(hits, side.rows, out=np.full(len(side.rows), np.nan), where=side.rows > 0)
    return share


def rate_change(name: str) -> Metric:
    """Return the metric of the absolute change in the share of rows that are `name`, an attribute of `Presence`.

    The p-value is that of `two_shares_pvalue`, exact for small counts.
    """

    def statistic(reference: Presence, current: Presence) -> Floats:
        return np.abs(rate(current, name) - rate(reference, name))

    def pvalue(reference: Presence, current: Presence, statistic: Floats) -> Floats:
        del statistic
        return two_shares_pvalue(getattr(reference, name), getattr(current, name), reference.rows, current.rows)

    def applies(reference: Presence, current: Presence) -> bool:
        return name == "null" or bool(getattr(reference, name).any() or getattr(current, name).any())

    def told(reference: Presence, current: Presence) -> Told:
        return rate(reference, name), rate(current, name), {}

    return Metric(Presence, statistic, None, pvalue, told, applies, range=(0.0, 1.0), symmetric=True)
