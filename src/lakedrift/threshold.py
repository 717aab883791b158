"""Limits, and the verdict that a statistic gets at them.

A drift verdict needs both size and evidence: the statistic at its limit, and a change beyond noise. With much data every
change is significant, so evidence alone never alarms; with little data large statistics are noise, so size alone does not.
"""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lakedrift.errors import ConfigError, UnknownNameError

__all__ = [
    "LEVELS",
    "RATES",
    "SIGNIFICANCE",
    "Bools",
    "Threshold",
    "Thresholds",
    "Verdict",
    "beyond_noise",
    "false_discovery_rate",
]

Verdict = Literal["none", "ok", "warning", "critical"]
LEVELS: tuple[Verdict, ...] = ("none", "ok", "warning", "critical")
SIGNIFICANCE = 0.05
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The values from which a statistic is a warning and critical; `source` is `default` or `config`."""

    warning: float
    critical: float
    source: str = "default"

    def verdicts(self, lower: Floats, upper: Floats, certain: Bools, possible: Bools) -> tuple[NDArray[np.int8], Bools]:
        """Judge statistics known to lie within bounds, all (n_groups,).

        Parameters
        ----------
        lower, upper
            The bounds.
        certain, possible
            Whether the change is `beyond_noise` wherever in them the statistic lies, and whether it is for some.

        Returns
        -------
        levels
            Positions in `LEVELS`; 0 where the statistic is NaN. Where the bounds hold a limit, the worse of the two; but what
            may be noise does not alarm.
        undecided
            Where the bounds allow several.
        """
        levels = most = self._levels(upper, possible)
        if certain is not possible:
            levels = self._levels(upper, certain)
        least = levels if lower is upper else self._levels(lower, certain)
        return np.where(np.isnan(lower), np.int8(0), levels), least != most

    def _levels(self, bound: Floats, evidence: Bools) -> NDArray[np.int8]:
        levels: NDArray[np.int8] = np.int8(1) + evidence * ((bound >= self.warning).astype(np.int8) + (bound >= self.critical))
        return levels


DRIFT = Threshold(0.1, 0.2)
RATE = Threshold(0.02, 0.10)
DROP, LARGER_ERROR = Threshold(0.02, 0.05), Threshold(0.1, 0.2)  # of a share, and as a share of the error before
DEFAULTS: Mapping[str, Mapping[str, Threshold]] = {
    "numeric": {"ks": DRIFT, "psi": DRIFT},
    "categorical": {"psi": DRIFT, "total_variation": DRIFT},
    "boolean": {"psi": DRIFT, "total_variation": DRIFT},
    "model": {
        "accuracy": DROP,
        "balanced_accuracy": DROP,
        "f1": DROP,
        "roc_auc": DROP,
        "mae": LARGER_ERROR,
        "attribution_ndcg": DRIFT,
    },
}
RATES = ("missing_rate", "null_rate", "nan_rate", "inf_rate", "unseen_rate", "gone_rate", "flood_rate")  # judge every feature


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits of a comparison: the defaults, and what the caller sets.

    Attributes
    ----------
    metrics
        Limits by metric, for every feature.
    features
        Limits by metric for features whose name a pattern matches; a literal name wins, then the later pattern.
    """

    metrics: Mapping[str, Threshold]
    features: Mapping[str, Mapping[str, Threshold]]

    @classmethod
    def of(cls, given: Mapping[str, Any] | None, known: Iterable[str]) -> Thresholds:
        """Read limits as the API takes them.

        Parameters
        ----------
        given
            `{"psi": (0.1, 0.25), "features": {"price_*": {"ks": {"warning": 0.05, "critical": 0.1}}}}`.
        known
            The names of the metrics.

        Raises
        ------
        UnknownNameError, ConfigError
            Naming the key path.
        """
        names = set(known)
        table = dict(_table({} if given is None else given, "thresholds"))
        features = _table(table.pop("features", {}), "thresholds.features")
        below = {name: _limits(limits, names, f"thresholds.features.{name}") for name, limits in features.items()}
        return cls(_limits(table, names, "thresholds"), below)

    def limit(self, feature: str, kind: str, metric: str) -> Threshold | None:
        """Return the limit of a metric on a feature, None where it only informs."""
        if feature in self.features and metric in self.features[feature]:
            return self.features[feature][metric]
        for pattern, limits in reversed(list(self.features.items())):
            if metric in limits and fnmatch.fnmatchcase(feature, pattern):
                return limits[metric]
        if metric in self.metrics:
            return self.metrics[metric]
        return RATE if metric in RATES else DEFAULTS.get(kind, {}).get(metric)


def beyond_noise(qvalues: Floats) -> Bools:
    """Return whether a change is evident, by adjusted p-values; a metric without any is judged by its size."""
    return ~(qvalues > SIGNIFICANCE)


def false_discovery_rate(pvalues: Sequence[float] | Floats, families: NDArray[np.int64] | None = None) -> Floats:
    """Return Benjamini-Hochberg adjusted p-values, (n,), in [0, 1]; NaN stays NaN and does not count (1995).

    `families`, (n,), numbers the family that each p-value is adjusted in; None makes all of them one.
    """
    values = np.asarray(pvalues, np.float64)
    adjusted = np.full(values.shape, np.nan)
    known = np.flatnonzero(~np.isnan(values))
    of = np.zeros(len(known), np.int64) if families is None else families[known]
    order = np.lexsort((values[known], of))
    known, of = known[order], of[order]
    for family in np.split(known, np.flatnonzero(np.diff(of)) + 1):
        scaled = values[family] * (len(family) / np.arange(1, len(family) + 1))
        adjusted[family] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def _table(given: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        msg = f"{path}: expected a table, got {given!r}"
        raise ConfigError(msg)
    return given


def _limits(given: Any, known: set[str], path: str) -> dict[str, Threshold]:
    limits = {}
    for name, limit in _table(given, path).items():
        if name not in known:
            raise UnknownNameError.among(what=f"metric in {path}:", name=name, known=known)
        limits[name] = limit if isinstance(limit, Threshold) else _limit(limit, f"{path}.{name}")
    return limits


def _limit(limit: Any, path: str) -> Threshold:
    pair = (
        [limit["warning"], limit["critical"]] if isinstance(limit, Mapping) and set(limit) == {"warning", "critical"} else limit
    )
    if not (isinstance(pair, list | tuple) and len(pair) == 2 and all(_is_number(value) for value in pair)):
        msg = f"{path}: expected a warning and a critical limit, got {limit!r}"
        raise ConfigError(msg, hint="write (0.1, 0.2) or {'warning': 0.1, 'critical': 0.2}")
    warning, critical = (float(value) for value in pair)
    if not (math.isfinite(warning) and math.isfinite(critical) and 0 <= warning <= critical):
        msg = f"{path}: limits must be finite and 0 <= warning <= critical, got {warning} and {critical}"
        raise ConfigError(msg)
    return Threshold(warning, critical, "config")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
