"""The drop of a model: judged like drift, by segment and window, with its interval and its history."""

from __future__ import annotations

import datetime
import functools
import itertools
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import lakedrift as ld
from lakedrift import performing

ROWS = 6_000
ROLES = {"score": "p", "label": "y"}


def side(seed: int, *, flipped: float = 0.0, rows: int = ROWS, known: float = 1.0, **constants: object) -> pl.DataFrame:
    """Make rows whose labels are those that the score says, but for some that are flipped."""
    random = np.random.default_rng(seed)
    p = random.random(rows)
    y = np.where(random.random(rows) < flipped, random.random(rows) < 0.5, random.random(rows) < p)
    frame = pl.DataFrame({"p": p, "y": y}).with_columns(pl.when(pl.Series(random.random(rows) < known)).then("y").alias("y"))
    return frame.with_columns(**{name: pl.lit(value) for name, value in constants.items()})


def measured(comparison: ld.Comparison, metric: str, **where: object) -> dict[str, object]:
    (row,) = comparison.performance().filter(metric=metric, **where).iter_rows(named=True)
    return row | json.loads(row["detail"])


@pytest.mark.parametrize(("flipped", "verdict"), [(0.0, "ok"), (0.12, "warning"), (0.5, "critical")])
def test_drop__is_judged(flipped, verdict):
    comparison = ld.sweep(side(1), side(2, flipped=flipped), roles=ROLES)
    assert measured(comparison, "roc_auc")["verdict"] == verdict
    assert comparison.verdicts().filter(kind="model")["verdict"].to_list() == [verdict]
    assert comparison.verdicts().filter(feature="p → y")["headline"][0]


@given(sides=st.tuples(*[st.tuples(*[st.floats(0.0, 1.0)] * 2).map(sorted)] * 2), error=st.floats(0.001, 1.0))
def test_pvalues__hold_that_of_every_drop_within_the_bounds(sides, error):
    losses = [(np.array([low]), np.array([high])) for low, high in sides]
    least, greatest = performing._pvalues(losses, np.array([error]))
    for before, after in itertools.product(*(np.linspace(low, high, 5) for low, high in sides)):
        assert least[0] <= performing._pvalue(np.array([after - before]), np.array([error]))[0] * (1 + 1e-9)
        assert performing._pvalue(np.array([after - before]), np.array([error]))[0] <= greatest[0] * (1 + 1e-9)


def test_drop__of_an_improvement_is_no_alarm():
    comparison = ld.sweep(side(1, flipped=0.5), side(2), roles=ROLES)
    assert comparison.verdicts().filter(kind="model")["verdict"].to_list() == ["ok"]


def test_drop__on_few_rows_is_noise():
    rows = [ld.sweep(side(2 * seed, rows=600), side(2 * seed + 1, rows=600), roles=ROLES) for seed in range(20)]
    assert sum(one.verdicts().filter(kind="model")["verdict"][0] != "ok" for one in rows) <= 2
    few = ld.sweep(side(1), side(2, rows=100), roles=ROLES)
    assert set(few.performance()["status"]) == {"insufficient_data"}


def test_intervals__are_those_of_the_normal_law():
    frames = side(1), side(2, flipped=0.2)
    row = measured(ld.sweep(*frames, roles=ROLES), "accuracy")
    shares = [float(((frame["p"] > 0.5) == frame["y"]).mean()) for frame in frames]
    assert (row["reference_value"], row["current_value"]) == pytest.approx(shares, abs=1e-12)
    error = sum(share * (1 - share) / ROWS for share in shares) ** 0.5
    drop = shares[0] - shares[1]
    assert row["drop_95"] == pytest.approx(stats.norm.interval(0.95, drop, error), abs=1e-12)
    assert row["pvalue"] == pytest.approx(2 * stats.norm.sf(drop / error), rel=1e-9)
    assert row["relative_drop"] == pytest.approx(drop / shares[0], abs=1e-12)
    spread = 3 * (shares[0] * (1 - shares[0]) / ROWS) ** 0.5
    assert row["expected"] == pytest.approx([shares[0] - spread, shares[0] + spread], abs=1e-12)
    assert row["within_expected"] is False


@functools.cache
def many_samples() -> list[ld.Comparison]:
    like = ld.profile(side(0, rows=800), roles=ROLES, features=["p"])
    return [ld.compare(like, ld.profile(side(seed, rows=800), like=like)) for seed in range(40)]


@pytest.mark.parametrize("metric", ["roc_auc", "f1", "precision", "balanced_accuracy", "log_loss", "brier", "overconfidence"])
def test_intervals__hold_as_often_as_they_say(metric):
    """The standard error is that of many samples of the same kind."""
    rows = [measured(one, metric) for one in many_samples()]
    spread = np.std([row["current_value"] for row in rows], ddof=1)
    widths = [(row["drop_95"][1] - row["drop_95"][0]) / 2 / 1.96 / 2**0.5 for row in rows]
    assert np.median(widths) == pytest.approx(spread, rel=0.35)


def test_windows__say_how_many_labels_they_have_and_wait_for_them():
    months = [(0.0, 1.0), (0.0, 1.0), (0.4, 0.7), (0.4, 0.3)]
    frames = [
        side(number, flipped=flipped, known=known, at=datetime.datetime(2026, number + 1, 9))
        for number, (flipped, known) in enumerate(months)
    ]
    comparison = ld.sweep(pl.concat(frames), roles=ROLES, time="at", every="1mo", baseline="2026-01-01..2026-02-28")
    rows = comparison.performance().filter(metric="accuracy").sort("window_start")
    assert rows["status"].to_list() == ["ok", "immature"]
    assert rows["verdict"].to_list() == ["critical", "none"]
    shares = [json.loads(detail)["labelled"][1] for detail in rows["detail"]]
    assert shares == pytest.approx([0.7, 0.3], abs=0.03)


def test_segments__are_what_filtering_leaves():
    reference = pl.concat([side(1, by="a"), side(2, by="b")])
    current = pl.concat([side(3, by="a"), side(4, flipped=0.5, by="b")])
    comparison = ld.sweep(reference, current, roles=ROLES, by="by")
    alone = ld.sweep(reference.filter(by="b"), current.filter(by="b"), roles=ROLES)
    for metric in ("accuracy", "f1", "balanced_accuracy", "class_bias"):
        one, other = measured(comparison, metric, segment="by=b"), measured(alone, metric)
        assert one["statistic"] == pytest.approx(other["statistic"], abs=1e-12)
    for metric in ("roc_auc", "log_loss", "brier", "average_precision"):
        one, other = measured(comparison, metric, segment="by=b"), measured(alone, metric)
        assert one["lower"] <= other["statistic"] <= one["upper"]
    verdicts = comparison.verdicts().filter(kind="model").sort("segment")
    assert verdicts["verdict"].to_list() == ["critical", "ok", "critical"]


def test_labels__are_shown_and_not_judged():
    frames = side(1), side(2, known=0.6)
    comparison = ld.sweep(*frames, roles=ROLES)
    assert comparison.verdicts().filter(feature="y")["verdict"].to_list() == ["none"]
    assert comparison.verdict == "ok"
    assert ld.sweep(frames[0], frames[1].drop("y"), roles=ROLES).verdict == "ok"
    strict = {"features": {"y": {"null_rate": (0.01, 0.1)}}}
    assert ld.sweep(*frames, roles=ROLES, thresholds=strict).verdict == "critical"


def test_metrics__that_are_named_are_the_only_ones():
    comparison = ld.sweep(side(1), side(2), roles=ROLES, metrics=["f1", "ks"])
    assert comparison.performance()["metric"].to_list() == ["f1"]


def test_profiles__that_are_saved_say_the_same(tmp_path):
    frames = side(1), side(2, flipped=0.3)
    expected = ld.sweep(*frames, roles=ROLES)
    before = ld.profile(frames[0], roles=ROLES)
    before.save(tmp_path / "a.profile")
    ld.profile(frames[1], like=before).save(tmp_path / "b.profile")
    found = ld.compare(tmp_path / "a.profile", tmp_path / "b.profile")
    assert found.performance().equals(expected.performance())
    assert found.split_error().equals(expected.split_error())
    assert ld.load(tmp_path / "a.profile").feature("y").role == "label"


def test_profiles__of_parts_add_up():
    whole = side(1, flipped=0.2)
    like = ld.profile(whole, roles=ROLES)
    parts = [ld.profile(part, like=like) for part in (whole[:1], whole[1:2000], whole[2000:])]
    assert ld.merge(parts).states.keys() == like.states.keys()
    for key, state in ld.merge(parts).states.items():
        assert state.to_arrow().equals(like.states[key].to_arrow(), check_metadata=True), key


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"score": "q", "label": "y"}, "unknown column for the role 'score': 'q'"),
        ({"skore": "p", "label": "y"}, "unknown role 'skore'"),
        ({"label": "y"}, "nothing that a model said"),
        ({"score": "p", "label": "p"}, "both score and label"),
        ({"score": ["p", "y"], "label": "word"}, "score is one column"),
        ({"score": "word", "label": "y"}, "cannot be a score"),
        ({"prediction": "p", "label": "y01"}, "holds fractions"),
        ({"score": "p", "label": "word"}, "does not say which one is predicted"),
        ({"score": "p", "label": "y", "time": "word"}, "no role"),
    ],
)
def test_roles__that_make_no_sense_are_errors(roles, message):
    frame = side(1).with_columns(word=pl.Series(["a", "b", "c"] * (ROWS // 3)), y01=pl.col("y").cast(pl.Float64))
    with pytest.raises(ld.LakedriftError, match=message):
        ld.profile(frame, roles=roles)


def test_merge__of_other_grids_keeps_what_adds():
    profiles = [ld.profile(side(seed).with_columns(x=pl.col("p") * seed), roles=ROLES, by="y") for seed in (1, 2)]
    with pytest.raises(ld.LakedriftError, match="has another grid"):
        ld.merge(profiles)
    merged = ld.merge(profiles, coarsen=True)
    assert {kind for kind, columns in merged.states if len(columns) > 1} == {"outcome"}
    merged.check()


def test_private__keeps_nothing_of_rows():
    profile = ld.profile(side(1), roles=ROLES, private=10)
    assert [key for key in profile.states if len(key[1]) > 1] == []


def test_store__reads_only_what_is_new(tmp_path):
    lake = tmp_path / "lake"
    lake.mkdir()
    options = {"roles": ROLES, "by": "part"}
    for number in range(3):
        side(number, part=f"p{number % 2}").write_parquet(lake / f"{number}.parquet")
    ld.profile(lake, store=tmp_path / "store", **options)
    side(3, part="p1").write_parquet(lake / "3.parquet")
    (lake / "0.parquet").unlink()
    found = ld.profile(lake, store=tmp_path / "store", **options)
    like = ld.profile(lake, like=found, by="part")
    assert found.states.keys() == like.states.keys()
    for one, other in ((found, like), (found.groupings[0], like.groupings[0])):
        for key, state in one.states.items():
            assert state.to_arrow().equals(other.states[key].to_arrow(), check_metadata=True), key
