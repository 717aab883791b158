"""Attributions over time: means, ranks, and the figure of SageMaker Clarify, against scikit-learn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import ndcg_score

import lakedrift as ld
from lakedrift.importance import ndcg

ROWS = 2_000
RANDOM = np.random.default_rng(6)


def side(weights: dict[str, float], shift: float = 0.0, by: str = "a") -> pl.DataFrame:
    columns = {}
    for name, weight in weights.items():
        columns[name] = RANDOM.normal(shift if name == "price" else 0.0, 1.0, ROWS)
        columns[f"shap_{name}"] = weight * RANDOM.normal(size=ROWS)
    return pl.DataFrame(columns).with_columns(by=pl.lit(by))


BEFORE = {"price": 3.0, "age": 2.0, "hour": 1.0, "unit price": 0.5}
NOW = {"price": 1.0, "age": 2.0, "hour": 4.0, "unit price": 0.5}
ROLES = {"attribution": "shap_*"}


@pytest.mark.parametrize("n", [2, 5, 40])
def test_ndcg__is_that_of_scikit_learn(n):
    before, now = RANDOM.random((2, 30, n))
    assert ndcg(before, now) == pytest.approx([ndcg_score([one], [other]) for one, other in zip(before, now, strict=True)])
    assert ndcg(before, before) == pytest.approx(np.ones(30))


def test_importances__are_means_and_ranks():
    frames = side(BEFORE), side(NOW, shift=2.0)
    comparison = ld.sweep(*frames, roles=ROLES)
    found = comparison.importances()
    rows = {row["attribution"]: row for row in found.iter_rows(named=True)}
    for name in BEFORE:
        row = rows[f"shap_{name}"]
        assert row["feature"] == name
        means = [float(frame[f"shap_{name}"].abs().mean()) for frame in frames]
        assert (row["reference_importance"], row["current_importance"]) == pytest.approx(means, rel=1e-12)
    assert [rows[f"shap_{name}"]["reference_rank"] for name in BEFORE] == [1, 2, 3, 4]
    assert [rows[f"shap_{name}"]["rank_change"] for name in BEFORE] == [-2, 0, 2, 0]
    assert found["attribution"][0] == "shap_price"  # the one that moved, and still matters


def test_ranking__is_judged_with_the_model():
    frames = side(BEFORE), side(NOW)
    rows = ld.sweep(*frames, roles=ROLES).performance().filter(metric="attribution_ndcg")
    means = [[float(frame[f"shap_{name}"].abs().mean()) for name in BEFORE] for frame in frames]
    assert rows["statistic"].to_list() == pytest.approx([1.0 - ndcg_score([means[0]], [means[1]])])
    assert rows["verdict"].to_list() == ["warning" if rows["statistic"][0] < 0.2 else "critical"]
    same = ld.sweep(frames[0], frames[0], roles=ROLES)
    assert same.performance().filter(metric="attribution_ndcg")["verdict"].to_list() == ["ok"]
    assert not same.drifted.height


def test_attributions__by_group():
    reference = pl.concat([side(BEFORE, by="a"), side(BEFORE, by="b")])
    current = pl.concat([side(BEFORE, by="a"), side(NOW, by="b")])
    comparison = ld.sweep(reference, current, roles=ROLES, by="by")
    moved = comparison.importances(segment="by=b").filter(attribution="shap_hour")
    assert moved["rank_change"].to_list() == [2]
    expected = float(current.filter(by="b")["shap_hour"].abs().mean())
    assert moved["current_importance"].to_list() == pytest.approx([expected], rel=1e-12)
    rows = comparison.performance().filter(metric="attribution_ndcg").sort("segment")
    assert rows["verdict"].to_list()[1] == "ok"
    assert rows["verdict"].to_list()[2] in ("warning", "critical")
