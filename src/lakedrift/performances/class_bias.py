"""How far the shares of the predicted classes are from those that came true: half the sum of absolute differences, in [0, 1].

Of two classes it is |FP - FN| / n: by how much one is predicted too often.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Decisions, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Decisions) -> Floats:
    """Return the total variation of the two distributions, (n,)."""
    predicted, labelled, _ = replace(side, positive=None).hits
    return over(np.abs(predicted - labelled).sum(axis=1) / 2, predicted.sum(axis=1))


PERFORMANCE = Performance(Decisions, statistic, higher_is_better=False)
