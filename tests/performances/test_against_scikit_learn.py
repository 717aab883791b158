"""Every measure of performance against scikit-learn: exact ones to 1e-12, bounded ones within their bounds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import calibration, metrics

import lakedrift as ld
from lakedrift.answers import Answers, answers_of, model_of
from lakedrift.matching import whole_lake
from lakedrift.performance import Chances, performances

RANDOM = np.random.default_rng(20)
ROWS = 4_000
EVENT = RANDOM.random(ROWS)
CLASSES = np.array([f"class {number}" for number in range(1_000)])
EXACT = 1e-12

Case = tuple[np.ndarray, np.ndarray]
BINARY: dict[str, Case] = {
    "calibrated": (RANDOM.random(ROWS) < EVENT, EVENT),
    "ties": (RANDOM.random(ROWS) < EVENT, np.round(EVENT, 1)),
    "two digits": (RANDOM.random(ROWS) < EVENT, np.round(EVENT, 2)),
    "narrow": (RANDOM.random(ROWS) < 0.02, 0.02 + 1e-4 * RANDOM.normal(size=ROWS)),
    "rare": (RANDOM.random(ROWS) < 0.002, np.clip(EVENT / 300, 0, 1)),
    "perfect": (EVENT > 0.4, (EVENT > 0.4).astype(float)),
    "inverted": (EVENT > 0.4, (EVENT <= 0.4).astype(float)),
    "constant": (EVENT > 0.4, np.full(ROWS, 0.3)),
    "extremes": (EVENT > 0.4, np.where(np.arange(ROWS) % 3 == 0, 0.0, np.where(np.arange(ROWS) % 5 == 0, 1.0, EVENT))),
    "one class": (np.zeros(ROWS, bool), EVENT),
    "few": (np.array([True, False, False]), np.array([0.7, 0.7, 0.2])),
}
NUMBERS: dict[str, Case] = {
    "normal": (RANDOM.normal(50, 10, ROWS), RANDOM.normal(52, 12, ROWS)),
    "far from zero": (1e9 + RANDOM.normal(size=ROWS), 1e9 + RANDOM.normal(size=ROWS)),
    "money": (np.round(RANDOM.lognormal(3, 1, ROWS), 2), np.round(RANDOM.lognormal(3, 1, ROWS), 2)),
    "tiny": (1e-30 * RANDOM.normal(size=ROWS), 1e-30 * RANDOM.normal(size=ROWS)),
}


def answers(frame: pl.DataFrame, **roles: str) -> Answers:
    profile = ld.profile(frame, roles=roles)
    key = model_of(profile)
    assert key is not None
    state = profile.states[key]
    ((side, _),) = answers_of((state, state), (state, state), whole_lake(profile.rows, profile.rows))
    return side


def measured(side: Answers, name: str) -> tuple[float, float, float]:
    """Return the statistic of a measure and its bounds."""
    performance = performances()[name]
    view = side.views[performance.view]
    value = performance.statistic(view)
    lower, upper = performance.bounds(view) if performance.bounds else (value, value)
    return float(value[0]), float(lower[0]), float(upper[0])


def agrees(side: Answers, name: str, expected: float, exact: float = EXACT) -> None:
    value, lower, upper = measured(side, name)
    if np.isnan(expected):
        assert np.isnan(value)
        return
    slack = exact * max(1.0, abs(expected))
    assert lower - slack <= expected <= upper + slack, (name, lower, expected, upper)
    assert lower - slack <= value <= upper + slack
    if performances()[name].view is not Chances:
        assert value == pytest.approx(expected, abs=slack)


def undefined(function: Callable[..., Any], *arguments: Any, **options: Any) -> float:
    """Return what scikit-learn says; NaN where it warns or refuses, as it does of one class."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return float(function(*arguments, **options))
        except (ValueError, UserWarning):
            return float("nan")


@pytest.mark.parametrize("dtype", ["bool", "int8", "float64"])
@pytest.mark.parametrize("case", BINARY)
def test_binary__of_scores(case, dtype):
    label, score = BINARY[case]
    side = answers(pl.DataFrame({"y": label.astype(dtype), "p": score}), label="y", score="p")
    decided = score > 0.5
    agrees(side, "accuracy", metrics.accuracy_score(label, decided))
    agrees(side, "balanced_accuracy", undefined(metrics.recall_score, label, decided, average="macro", labels=np.unique(label)))
    agrees(side, "precision", undefined(metrics.precision_score, label, decided))
    agrees(side, "recall", undefined(metrics.recall_score, label, decided))
    agrees(side, "f1", undefined(metrics.f1_score, label, decided))
    agrees(side, "class_bias", abs(float(decided.mean()) - float(label.mean())))
    agrees(side, "roc_auc", undefined(metrics.roc_auc_score, label, score))
    agrees(side, "average_precision", undefined(metrics.average_precision_score, label, score))
    agrees(side, "log_loss", metrics.log_loss(label, score, labels=[False, True]), 1e-11)
    agrees(side, "brier", float(np.mean((label - score) ** 2)))
    agrees(side, "overconfidence", float(score.mean() - label.mean()))


@pytest.mark.parametrize("case", BINARY)
@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "log_loss", "brier", "overconfidence"])
def test_binary__bounds_are_tight(case, name):
    label, score = BINARY[case]
    value, lower, upper = measured(answers(pl.DataFrame({"y": label, "p": score}), label="y", score="p"), name)
    single = case in ("ties", "two digits", "perfect", "inverted", "constant", "few")
    assert np.isnan(value) or upper - lower <= (1e-15 if single else 0.02 if case == "narrow" else 1e-3)


@pytest.mark.parametrize("case", ["ties", "two digits", "constant"])
def test_calibration__is_that_of_scikit_learn_where_cells_hold_one_score(case):
    label, score = BINARY[case]
    side = answers(pl.DataFrame({"y": label, "p": score}), label="y", score="p")
    share, mean = calibration.calibration_curve(label, score, n_bins=10)
    told = performances()["calibration_error"].told
    assert told is not None
    curve = told(side.views[Chances])["curve"]
    assert curve["share"] == pytest.approx(share, abs=EXACT)
    assert curve["score"] == pytest.approx(mean, abs=EXACT)
    expected = np.average(np.abs(share - mean), weights=curve["rows"])
    agrees(side, "calibration_error", float(expected))


@pytest.mark.parametrize("n_classes", [2, 3, 40, 1_000])
def test_classes__of_predictions(n_classes):
    label = CLASSES[RANDOM.integers(0, n_classes, ROWS)]
    said = np.where(RANDOM.random(ROWS) < 0.7, label, CLASSES[RANDOM.integers(0, n_classes, ROWS)])
    side = answers(pl.DataFrame({"y": label, "said": said}), label="y", prediction="said")
    agrees(side, "accuracy", metrics.accuracy_score(label, said))
    agrees(side, "balanced_accuracy", undefined(metrics.recall_score, label, said, average="macro", labels=np.unique(label)))
    mean = {"average": "macro", "zero_division": 0} if n_classes > 2 else {"pos_label": "class 1"}
    agrees(side, "precision", metrics.precision_score(label, said, **mean))
    agrees(side, "recall", metrics.recall_score(label, said, **mean))
    agrees(side, "f1", metrics.f1_score(label, said, **mean))
    for function in (metrics.precision_score, metrics.recall_score, metrics.f1_score):
        agrees(side, "accuracy", function(label, said, average="micro"))


def test_classes__a_score_is_the_confidence_in_the_prediction():
    label = CLASSES[RANDOM.integers(0, 5, ROWS)]
    said = np.where(RANDOM.random(ROWS) < EVENT, label, CLASSES[RANDOM.integers(0, 5, ROWS)])
    frame = pl.DataFrame({"y": label, "said": said, "sure": np.round(EVENT, 2)})
    side = answers(frame, label="y", prediction="said", score="sure")
    agrees(side, "overconfidence", float(np.round(EVENT, 2).mean() - (label == said).mean()))
    share, _ = calibration.calibration_curve(label == said, np.round(EVENT, 2), n_bins=10)
    told = performances()["calibration_error"].told
    assert told is not None
    assert told(side.views[Chances])["curve"]["share"] == pytest.approx(share, abs=EXACT)


def test_values__weigh_rows():
    label, score = BINARY["calibrated"]
    worth = np.round(RANDOM.gamma(2, 50, ROWS), 2)
    side = answers(pl.DataFrame({"y": label, "p": score, "worth": worth}), label="y", score="p", value="worth")
    agrees(side, "value_right", metrics.accuracy_score(label, score > 0.5, sample_weight=worth))
    told = performances()["value_right"].told
    assert told is not None
    table = metrics.confusion_matrix(label, score > 0.5, sample_weight=worth)
    (view,) = (view for view in side.views.values() if not isinstance(view, Chances))
    assert np.array(told(view)["worth"]) == pytest.approx(table, rel=EXACT)


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers(case):
    label, said = NUMBERS[case]
    side = answers(pl.DataFrame({"y": label, "said": said}), label="y", prediction="said")
    exact = EXACT * float(np.abs(label).max())
    agrees(side, "mae", metrics.mean_absolute_error(label, said), min(exact, EXACT))
    agrees(side, "rmse", metrics.mean_squared_error(label, said) ** 0.5, min(exact, EXACT))
    agrees(side, "bias", float((said - label).mean()), min(exact, EXACT))
    agrees(side, "r2", metrics.r2_score(label, said), EXACT)


def test_missing_labels__are_left_out_and_counted():
    label, score = BINARY["ties"]
    known = RANDOM.random(ROWS) < 0.3
    frame = pl.DataFrame({"y": label, "p": score}).with_columns(pl.when(pl.Series(known)).then("y").alias("y"))
    side = answers(frame, label="y", score="p")
    assert (side.rows.tolist(), side.labelled.tolist()) == ([ROWS], [int(known.sum())])
    agrees(side, "roc_auc", metrics.roc_auc_score(label[known], score[known]))
    agrees(side, "f1", metrics.f1_score(label[known], score[known] > 0.5))


def test_scores__outside_of_0_and_1_are_refused():
    label, score = BINARY["calibrated"]
    good, bad = (pl.DataFrame({"y": label, "p": factor * score}) for factor in (1.0, 1.01))
    rows = ld.sweep(good, bad, roles={"label": "y", "score": "p"}).to_polars().filter(kind="model")
    status = dict(rows.select("metric", "status").iter_rows())
    assert {status[name] for name in ("roc_auc", "log_loss", "brier", "calibration_error")} == {"not_a_probability"}
    assert status["accuracy"] == "ok"


def test_large_numbers__are_refused():
    frame = pl.DataFrame({"y": RANDOM.normal(size=ROWS), "said": RANDOM.normal(size=ROWS)})
    far = frame.with_columns(pl.when(pl.int_range(pl.len()) == 7).then(1e9).otherwise("y").alias("y"))
    rows = ld.sweep(frame, far, roles={"label": "y", "prediction": "said"}).to_polars().filter(kind="model")
    assert set(rows["status"]) == {"out_of_range"}
