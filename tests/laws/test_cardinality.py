"""What is said of very many categories is true of single ones: statistics from below, and the total variation from above."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import distances

import lakedrift as ld
from lakedrift.metric import discover
from lakedrift.summaries import frequencies

WORDS = st.one_of(st.integers(0, 4), st.integers(0, 60)).map(lambda number: f"word {number}" if number % 3 else f"{number:013}")
COLUMNS = st.lists(st.one_of(st.none(), WORDS), min_size=1, max_size=60)
BELOW = {"total_variation": distances.total_variation, "jensen_shannon": distances.jensen_shannon}
BELOW["chi_square"] = lambda reference, current: distances.chi_square(reference, current)[0]
HEAVY = 3  # times that a value occurs in the sample to have a name


def counted(reference: list, current: list) -> tuple[list[int], list[int]]:
    values = sorted({*reference, *current}, key=str)
    return [reference.count(value) for value in values], [current.count(value) for value in values]


def rows(comparison: ld.Comparison) -> dict[str, dict]:
    return {row["metric"]: row | {"detail": json.loads(row["detail"])} for row in comparison.to_polars().iter_rows(named=True)}


@settings(max_examples=60)
@given(reference=COLUMNS, current=COLUMNS, most=st.sampled_from([0, 4]), together=st.booleans())
def test_compare__of_single_categories_from_below_and_above(reference, current, most, together):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frequencies, "MOST_VALUES", most)
        patch.setattr("lakedrift.blanks.HEAVY", HEAVY)
        before = ld.profile(pl.DataFrame({"x": pl.Series(reference, dtype=pl.String)}), kinds={"x": "categorical"}, threads=1)
        like = before if together else None
        kinds = None if together else {"x": "categorical"}
        after = ld.profile(pl.DataFrame({"x": pl.Series(current, dtype=pl.String)}), like=like, kinds=kinds, threads=1)
        found = rows(ld.compare(before, after, min_rows=0))
    if "total_variation" not in found:
        return  # a side without values
    counts = counted(reference, current)
    for name, exact in BELOW.items():
        assert found[name]["statistic"] <= exact(*counts) * (1 + 1e-9) + 1e-12, name
        assert found[name]["lower"] == found[name]["upper"] == found[name]["statistic"]
    approximate = found["total_variation"]["detail"].get("approximate")
    bucketed = any(len({*side} - {None}) > most for side in (reference, current))
    assert (approximate is not None) == bucketed
    if bucketed:
        assert distances.total_variation(*counts) <= approximate["total_variation_at_most"] + 1e-12
    if "unseen_rate" in found:
        known = {value for value in reference if value is not None}
        unseen = sum(value is not None and value not in known for value in current) / len(current)
        told = found["unseen_rate"]["detail"].get("approximate", {})
        assert found["unseen_rate"]["statistic"] <= unseen + 1e-12
        assert unseen <= told.get("unseen_at_most", found["unseen_rate"]["statistic"]) + 1e-12


def lake(start: int, rows: int, default: float = 0.3) -> pl.DataFrame:
    """Return a thousand words, beside one that is a default, and numbers."""
    number = np.arange(rows)
    words = np.where(number * 7 % 11 < 11 * default, "unknown", (number % 1_000 + start).astype(str))
    return pl.DataFrame({"word": words, "number": (number * 7_919 + start) % 10_007 / 7})


@pytest.fixture
def _few_values(monkeypatch):
    monkeypatch.setattr(frequencies, "MOST_VALUES", 500)


@pytest.mark.usefixtures("_few_values")
def test_sweep__exact_is_undecided_where_categories_share_bins():
    comparison = ld.sweep(lake(0, 4_000), lake(0, 4_000, 0.8), exact=True)
    found = comparison.to_polars().filter(pl.col("feature") == "word")
    binned = [name for name, metric in discover().items() if metric.view.__name__ == "Bins"]
    statuses = dict(found.select("metric", "status").iter_rows())
    assert {name: statuses[name] for name in binned} == dict.fromkeys(binned, "undecided")
    assert (found["lower"] == found["upper"]).all()
    assert comparison.verdict == "critical"  # the worse verdict stands
    assert set(comparison.to_polars().filter(pl.col("feature") == "number")["status"]) == {"ok"}


@pytest.mark.usefixtures("_few_values")
def test_sweep__a_default_that_floods_very_many_words_is_named():
    comparison = ld.sweep(lake(0, 4_000), lake(0, 4_000, 0.8), features=["word"])
    (row,) = comparison.drifted.iter_rows(named=True)
    assert row["headline"] == "'unknown' 36.4 % → 81.8 %"
    detail = rows(ld.compare(*comparison.profiles))["total_variation"]["detail"]
    assert detail["approximate"]["named"] == 1
    assert 0.45 <= detail["approximate"]["total_variation_at_most"] <= 1


@pytest.mark.usefixtures("_few_values")
def test_sweep__very_many_words_that_stay_are_no_drift():
    comparison = ld.sweep(lake(0, 4_000), lake(0, 4_000)[::-1])
    assert comparison.verdict == "ok"
    assert ld.sweep(lake(0, 4_000), lake(10**6, 4_000)).verdict == "critical"


@pytest.mark.usefixtures("_few_values")
@pytest.mark.parametrize("threads", [1, 2, 8])
def test_profile__no_thread_batch_or_order_changes_it(threads, tmp_path):
    frame = lake(0, 4_000)
    whole = ld.profile(frame, threads=1)
    frame.sample(fraction=1.0, shuffle=True, seed=1).write_parquet(tmp_path / "a.parquet", row_group_size=77)
    parts = [ld.profile(part, like=whole) for part in (frame[:100], frame[100:3_000], frame[3_000:])]
    for other in (ld.profile(tmp_path, like=whole, threads=threads), ld.merge(parts), ld.merge(parts[::-1])):
        for key, state in whole.states.items():
            assert state.to_arrow().equals(other.states[key].to_arrow(), check_metadata=True)


def test_sweep__an_identifier_says_how_many_values_differ():
    orders = pl.DataFrame({"order": [f"order {row}" for row in range(4_000)], "x": np.arange(4_000) % 9 / 2})
    comparison = ld.sweep(orders, orders.with_columns(order=pl.lit("order 1")))
    row = comparison.verdicts().row(by_predicate=pl.col("feature") == "order", named=True)
    assert (row["status"], row["headline"]) == ("identifier", "identifier, not judged: 100 % → 0.025 % different")
    found = comparison.to_polars().filter(pl.col("feature") == "order")["detail"]
    for detail in map(json.loads, found):
        assert detail["distinct"]["reference"] == pytest.approx(4_000, rel=0.03)
        assert detail["distinct"]["current"] == 1
        assert detail["distinct"]["standard_error"] == 0.0081


@pytest.mark.parametrize("text", [True, False], ids=["text", "integers"])
def test_sweep__what_the_sample_takes_for_an_identifier_and_is_none_is_judged(text, monkeypatch):
    """All different in the sample, and seven times each in the whole reference."""
    monkeypatch.setattr("lakedrift.plan.SAMPLE_ROWS", 200)
    users = (np.arange(420_000) * 7_919) % 60_000
    frame = pl.DataFrame({"user": users.astype(str) if text else users})
    comparison = ld.sweep(frame, frame.filter(pl.col("user").cast(pl.Int64) < 30_000))
    assert {feature.kind for feature in comparison.profiles[0].features} == {"identifier"}
    (row,) = comparison.verdicts().iter_rows(named=True)
    assert row["kind"] == ("categorical" if text else "numeric")
    assert row["verdict"] == "critical"


def test_sweep__a_declared_identifier_is_not_judged_whatever_its_values():
    frame = pl.DataFrame({"user": [1, 2, 3, 4] * 1_000})
    comparison = ld.sweep(frame, frame + 7, kinds={"user": "identifier"})
    (row,) = comparison.verdicts().iter_rows(named=True)
    assert (row["status"], row["headline"]) == ("identifier", "identifier, not judged: 0.1 % → 0.1 % different")
