"""The variance of every measure against the infinitesimal jackknife: the sum of squares of what each row's weight does to it.

With counts for weights that is the delta method (B. Efron, "The Jackknife, the Bootstrap and Other Resampling Plans", 6).
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from sklearn import metrics

import lakedrift as ld
from lakedrift.answers import answers_of, model_of
from lakedrift.matching import whole_lake
from lakedrift.performance import performances
from lakedrift.profiles import Profile
from lakedrift.summaries.residuals import Residuals

ROWS = 300
STEP = 1e-4
RANDOM = np.random.default_rng(5)
SCORE = np.round(RANDOM.random(ROWS), 2)
CAME = RANDOM.random(ROWS) < SCORE
LABEL = np.round(RANDOM.gamma(2, 40, ROWS), 3)
SAID = np.round(0.8 * LABEL + RANDOM.normal(0, 1 + LABEL / 4), 3)
ROLES = {"label": "y", "prediction": "said"}

Measured = Callable[[np.ndarray], float]
OF_CLASSES: dict[str, Measured] = {
    "accuracy": lambda w: metrics.accuracy_score(CAME, SCORE > 0.5, sample_weight=w),
    "balanced_accuracy": lambda w: metrics.balanced_accuracy_score(CAME, SCORE > 0.5, sample_weight=w),
    "precision": lambda w: metrics.precision_score(CAME, SCORE > 0.5, sample_weight=w),
    "recall": lambda w: metrics.recall_score(CAME, SCORE > 0.5, sample_weight=w),
    "f1": lambda w: metrics.f1_score(CAME, SCORE > 0.5, sample_weight=w),
    "roc_auc": lambda w: metrics.roc_auc_score(CAME, SCORE, sample_weight=w),
    "average_precision": lambda w: metrics.average_precision_score(CAME, SCORE, sample_weight=w),
    "brier": lambda w: np.average((CAME - SCORE) ** 2, weights=w),
    "overconfidence": lambda w: np.average(SCORE - CAME, weights=w),
}
OF_NUMBERS: dict[str, Measured] = {
    "mae": lambda w: metrics.mean_absolute_error(LABEL, SAID, sample_weight=w),
    "rmse": lambda w: metrics.mean_squared_error(LABEL, SAID, sample_weight=w) ** 0.5,
    "bias": lambda w: np.average(SAID - LABEL, weights=w),
    "r2": lambda w: metrics.r2_score(LABEL, SAID, sample_weight=w),
}


def jackknifed(measured: Measured) -> float:
    steps = STEP * np.eye(ROWS)
    return sum(((measured(1 + step) - measured(1 - step)) / (2 * STEP)) ** 2 for step in steps)


def variance(profile: Profile, name: str) -> float:
    key = model_of(profile)
    assert key is not None
    state = profile.states[key]
    ((side, _),) = answers_of((state, state), (state, state), whole_lake(profile.rows, profile.rows))
    performance = performances()[name]
    assert performance.variance is not None
    return float(performance.variance(side.views[performance.view])[0])


def numbers(label: np.ndarray, said: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"y": label, "said": said})


@pytest.mark.parametrize("name", OF_CLASSES)
def test_variance__of_what_was_decided_and_thought_likely(name):
    profile = ld.profile(pl.DataFrame({"y": CAME, "p": SCORE}), roles={"label": "y", "score": "p"})
    assert variance(profile, name) == pytest.approx(jackknifed(OF_CLASSES[name]), rel=1e-5)


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_variance__of_numbers(name):
    profile = ld.profile(numbers(LABEL, SAID), roles=ROLES)
    assert variance(profile, name) == pytest.approx(jackknifed(OF_NUMBERS[name]), rel=1e-5)


@pytest.mark.parametrize("name", ["rmse", "r2"])
@pytest.mark.parametrize("shift", [0.0, -5e3])
def test_drop__has_an_interval_also_of_sides_that_were_profiled_apart(name, shift):
    """Their labels are counted from different centres."""
    before, now = numbers(LABEL, SAID), numbers(LABEL + shift, SAID + shift + 3 * np.sin(LABEL))
    alone = [ld.profile(side, roles=ROLES) for side in (before, now)]
    table = ld.compare(*alone).performance().filter(metric=name)
    low, high = json.loads(table["detail"][0])["drop_95"]
    expected = 1.959963984540054 * (variance(alone[0], name) + variance(alone[1], name)) ** 0.5
    assert (high - low) / 2 == pytest.approx(expected, rel=1e-6)
    assert (high + low) / 2 == pytest.approx(table["reference_value"][0] - table["current_value"][0], rel=1e-9)


def test_drop__of_states_without_fourth_moments_has_none():
    """As those are that were written before there were any; with others they add up to such."""
    profile = ld.profile(numbers(LABEL, SAID), roles=ROLES)
    key = model_of(profile)
    assert key is not None
    state = profile.states[key]
    assert isinstance(state, Residuals)
    older = Residuals.new(state.scale, fourths=False)
    older.merge(state)
    read = Residuals.from_arrow(older.to_arrow())
    assert read.fourths is None
    assert read.to_arrow().equals(older.to_arrow(), check_metadata=True)
    ((side, _),) = answers_of((read, state), (read, state), whole_lake(ROWS, ROWS))
    for name in ("rmse", "r2"):
        performance = performances()[name]
        assert performance.variance is not None
        view = side.views[performance.view]
        assert np.isnan(performance.variance(view)[0])
        assert performance.statistic(view)[0] == pytest.approx(OF_NUMBERS[name](np.ones(ROWS)), rel=1e-12)
