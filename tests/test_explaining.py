"""Why a model errs more: built cases, where only inputs moved, only the relation changed, or both, are told apart."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

import lakedrift as ld

ROWS = 30_000
ROLES = {"score": "p", "label": "y"}


def side(seed: int, *, hard: float = 0.25, flipped: float = 0.0, leak: bool = False, by: str = "a") -> pl.DataFrame:
    """Make a lake in which rows are easy or hard to tell; `flipped` easy ones come out the other way."""
    random = np.random.default_rng(seed)
    is_hard = np.arange(ROWS) < hard * ROWS  # a quarter: as many as two of the eight bins hold
    truth = random.random(ROWS) < 0.5
    p = np.where(is_hard, np.where(random.random(ROWS) < 0.6, truth, ~truth), truth)
    y = np.where(~is_hard & (random.random(ROWS) < flipped), ~truth, truth)
    return pl.DataFrame(
        {
            "difficulty": np.where(is_hard, 1.0 + random.random(ROWS), random.random(ROWS)),
            "noise": random.normal(size=ROWS),
            "leak": y.astype(float) if leak else random.random(ROWS),
            "p": np.where(p, 0.8, 0.2),
            "y": y,
            "by": by,
        }
    )


CASES = {
    "inputs": ({"hard": 0.6}, True, False),
    "relation": ({"flipped": 0.3}, False, True),
    "both": ({"hard": 0.6, "flipped": 0.3}, True, True),
    "neither": ({}, False, False),
}


@pytest.mark.parametrize("case", CASES)
def test_split__tells_inputs_and_relation_apart(case):
    changed, covariate, concept = CASES[case]
    found = ld.sweep(side(1), side(2, **changed), roles=ROLES).split_error()
    row = found.row(by_predicate=pl.col("feature") == "difficulty", named=True)
    assert (row["covariate"] > 0.05) == covariate
    assert (row["concept"] > 0.05) == concept
    assert abs(row["covariate"]) < 0.01 or covariate
    assert abs(row["concept"]) < 0.01 or concept


@pytest.mark.parametrize("case", CASES)
def test_split__parts_add_up_to_the_drop_of_accuracy(case):
    comparison = ld.sweep(side(1), side(2, **CASES[case][0]), roles=ROLES)
    accuracy = comparison.performance().row(by_predicate=pl.col("metric") == "accuracy", named=True)
    for row in comparison.split_error().iter_rows(named=True):
        assert row["covariate"] + row["concept"] == pytest.approx(row["change"], abs=1e-12)
        assert row["change"] == pytest.approx(accuracy["statistic"], abs=1e-12)
        bins = comparison.error_by_bin(row["feature"])
        mean = (bins["current_share"] * bins["current_error"]).sum()
        assert mean == pytest.approx(row["current_error"], abs=1e-12)
        rate = (bins["current_share"] * bins["current_rate"]).sum()
        assert rate == pytest.approx(float(side(2, **CASES[case][0])["y"].mean()), abs=1e-12)


def test_split__a_leak_is_seen_in_the_association():
    found = ld.sweep(side(1, leak=True), side(2), roles=ROLES).split_error()
    row = found.row(by_predicate=pl.col("feature") == "leak", named=True)
    assert row["reference_association"] == pytest.approx(1.0, abs=1e-3)
    assert row["current_association"] < 0.05
    others = found.filter(pl.col("feature") == "noise")
    assert (others["reference_association"] < 0.05).all()


def test_association__is_that_of_scipy_less_its_bias():
    frame = side(1)
    found = ld.sweep(frame, frame, roles=ROLES).split_error()
    bins = ld.sweep(frame, frame, roles=ROLES).error_by_bin("difficulty")
    rows = np.round(bins["reference_share"].to_numpy() * ROWS)
    came = np.round(rows * bins["reference_rate"].fill_null(0.0).to_numpy())
    table = np.stack([came, rows - came], axis=1)[rows > 0]
    statistic, *_ = stats.chi2_contingency(table, correction=False)
    r = len(table)
    phi = max(0.0, statistic / ROWS - (r - 1) / (ROWS - 1))
    least = min(r - (r - 1) ** 2 / (ROWS - 1), 2 - 1 / (ROWS - 1)) - 1
    row = found.row(by_predicate=pl.col("feature") == "difficulty", named=True)
    assert row["reference_association"] == pytest.approx((phi / least) ** 0.5, abs=1e-9)


def test_split__of_a_segment_is_that_of_its_rows():
    reference, current = (
        pl.concat([side(seed, by="a"), side(seed + 1, by="b", **(CASES["relation"][0] if seed == 3 else {}))])
        for seed in (1, 3)
    )
    options = {"roles": ROLES, "features": ["difficulty", "noise"]}
    by = ld.sweep(reference, current, by="by", **options)
    like = ld.profile(reference, **options)
    alone = ld.compare(*(ld.profile(frame.filter(by="b"), like=like, **options) for frame in (reference, current)))
    numbers = ["covariate", "concept", "reference_association", "current_association"]
    expected = alone.split_error().sort("feature").select(numbers)
    assert by.split_error(segment="by=b").sort("feature").select(numbers).equals(expected)
    assert abs(by.split_error(segment="by=a")["concept"].to_numpy()).max() < 0.01


def test_split__of_numbers_is_of_the_mean_absolute_error():
    random = np.random.default_rng(3)
    frames = []
    for spread in (1.0, 2.0):
        x = random.normal(size=ROWS)
        frames.append(pl.DataFrame({"x": x, "said": x, "y": x + spread * random.normal(size=ROWS)}))
    comparison = ld.sweep(*frames, roles={"prediction": "said", "label": "y"})
    row = comparison.split_error().row(0, named=True)
    errors = [float((frame["said"] - frame["y"]).abs().mean()) for frame in frames]
    assert (row["reference_error"], row["current_error"]) == pytest.approx(errors, rel=1e-9)
    assert row["covariate"] + row["concept"] == pytest.approx(errors[1] - errors[0], rel=1e-9)
    assert abs(row["covariate"]) < 0.01 < row["concept"]


def test_split__without_a_model_is_empty():
    frame = side(1).drop("y")
    assert ld.sweep(frame, frame).split_error().is_empty()
    with pytest.raises(ld.LakedriftError, match="unknown input of the model"):
        ld.sweep(frame, frame).error_by_bin("noise")
