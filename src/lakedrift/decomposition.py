"""How much of a change of the whole is a change of its parts, and how much a change of their mix.

The whole is a mean of its segments, P = Σ_s w_s p_s, of shares w_s that sum to 1 and rates p_s: the shares of bins, an error
rate, a loss. Its change is, exactly,

    P' - P = Σ_s (w'_s - w_s) (p_s + p'_s) / 2     the mix: segments hold another share of the rows,
           + Σ_s (w_s + w'_s) / 2 (p'_s - p_s)     within: the same segment is another,

which treats both sides alike and leaves no interaction over (E. M. Kitagawa, "Components of a difference between two rates",
1955; the twofold decomposition of A. S. Blinder and R. Oaxaca, 1973, with equal weights). With the rates of the reference for
the mix, and the shares of the current side within, the sum is the same:

    P' - P = Σ_s (w'_s - w_s) p_s + Σ_s w'_s (p'_s - p_s),

where the mix is what would have changed had every segment stayed what it was. Of a model's error by bins of its inputs, that is
the covariate part, and what changed within is the concept part. A segment that only one side has rows in has no other rate to
compare with: it is mix altogether, as if its rates were the same on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Decomposition", "decompose"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Decomposition:
    """The change of a whole, by segment and part.

    Attributes
    ----------
    mix, within
        (n_segments, n_rates) contributions to the change of each rate; the sum of both over all segments is the change.
    """

    mix: Floats
    within: Floats

    @property
    def change(self) -> Floats:
        """The change of each rate of the whole, (n_rates,)."""
        total: Floats = (self.mix + self.within).sum(axis=0)
        return total

    @property
    def size(self) -> float:
        """Half the sum of the absolute changes: of shares that sum to 1, the total variation, in [0, 1]."""
        return 0.5 * float(np.abs(self.change).sum())

    @property
    def sizes(self) -> tuple[float, float]:
        """How large the mix and the change within would each be alone; more than `size` together where they cancel out."""
        mix, within = (0.5 * float(np.abs(part.sum(axis=0)).sum()) for part in (self.mix, self.within))
        return mix, within

    @property
    def contributions(self) -> tuple[Floats, Floats]:
        """What the mix and the change within of each segment add to `size`, (n_segments,) each; negative where they lessen it.

        With d the change, Σ_b |d_b| = Σ_b sign(d_b) d_b, which is linear in the parts: together they are `size` exactly.
        """
        direction = 0.5 * np.sign(self.change)
        return self.mix @ direction, self.within @ direction


def decompose(weights: tuple[Floats, Floats], rates: tuple[Floats, Floats], *, reference: float = 0.5) -> Decomposition:
    """Split the change of a whole into mix and within.

    Parameters
    ----------
    weights
        (n_segments,) shares of the segments on the reference and the current side.
    rates
        (n_segments, n_rates) of both sides; NaN in segments that a side has no rows in.
    reference
        How much the rates of the reference count in the mix, and the shares of the current side within: half, or all, 1.
    """
    (w, v), (p, q) = weights, rates
    p, q = np.where(np.isnan(p), q, p), np.where(np.isnan(q), p, q)
    mix = (v - w)[:, None] * (reference * p + (1.0 - reference) * q)
    within = ((1.0 - reference) * w + reference * v)[:, None] * (q - p)
    return Decomposition(np.nan_to_num(mix), np.nan_to_num(within))  # a segment without rows on either side is no part
