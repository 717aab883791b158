"""Comparisons of segments and windows: every number against an oracle that filters and calls SciPy."""

from __future__ import annotations

import datetime as dt
import json
import re

import grouped
import numpy as np
import polars as pl
import pytest
import quiet
from scipy import stats

import lakedrift as ld
from lakedrift.against import Against, default_against
from lakedrift.api import plan_sweep
from lakedrift.errors import ConfigError, IncompatibleProfilesError, UnknownNameError
from lakedrift.report import Canvas, report
from lakedrift.window import Every

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
WAYS = ("previous", "rolling:3d", "season:2d")


def lake(seed: int, days: int, rows: int = 4_000, first: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    day = np.sort(random.integers(first, first + days, rows))
    country = random.choice(np.array(["AT", "DE", "", None, "a/b=c"], object), rows, p=[0.4, 0.3, 0.1, 0.1, 0.1])
    return pl.DataFrame(
        {
            "at": pl.Series([START + int(one) * DAY for one in day], dtype=pl.Datetime("us", "UTC")),
            "country": pl.Series(country.tolist(), dtype=pl.String),
            "price": pl.Series(np.round(random.normal(10 + (day > 5), 3, rows), 2)).set(
                pl.Series(random.random(rows) < 0.05), None
            ),
            "colour": random.choice(["red", "green", "blue"], rows),
        }
    )


def past_of(frame: pl.DataFrame, window: dt.datetime, against: str) -> pl.DataFrame:
    how, _, days = against.partition(":")
    if how == "previous":
        return frame.filter(pl.col("at") == window - DAY)
    back = int(days.rstrip("d")) * DAY
    if how == "season":
        return frame.filter(pl.col("at") == window - back)
    return frame.filter((pl.col("at") >= window - back) & (pl.col("at") < window))


def segment_of(frame: pl.DataFrame, row: dict, keys: tuple[str, ...]) -> pl.DataFrame:
    return frame.filter(pl.all_horizontal([pl.lit(True), *(pl.col(key).eq_missing(pl.lit(row[f"by.{key}"])) for key in keys)]))


def assert_row_is_right(row: dict, before: pl.DataFrame, now: pl.DataFrame) -> None:
    one, other = (side[row["feature"]].drop_nulls() for side in (before, now))
    if row["metric"] == "null_rate":
        assert (row["n_reference"], row["n_current"]) == (len(before), len(now))
        rates = [side[row["feature"]].null_count() / max(len(side), 1) for side in (before, now)]
        assert [row["reference_value"], row["current_value"]] == pytest.approx(rates)
        return
    assert (row["n_reference"], row["n_current"]) == (len(one), len(other))
    if row["metric"] == "ks" and len(one) and len(other):
        exact = stats.ks_2samp(one.to_numpy(), other.to_numpy(), method="asymp").statistic
        assert row["lower"] - 1e-12 <= exact <= row["upper"] + 1e-12
        assert row["upper"] - row["lower"] < 0.05
    if row["metric"] == "total_variation" and len(one) and len(other):
        shares = [side.value_counts(normalize=True) for side in (one, other)]
        both = shares[0].join(shares[1], on=row["feature"], how="full", suffix="_now").fill_null(0.0)
        assert row["statistic"] == pytest.approx((both["proportion"] - both["proportion_now"]).abs().sum() / 2)


@pytest.fixture(scope="module")
def dated():
    frame = lake(1, 9)
    return frame, grouped.profile(frame, by=[("country",)], time="at", every="1d", features=["price", "colour"])


def checked(rows: pl.DataFrame) -> pl.DataFrame:
    numeric = pl.col("metric").is_in(["ks", "null_rate"]) & (pl.col("feature") == "price")
    return rows.filter(numeric | (pl.col("metric").is_in(["total_variation", "null_rate"]) & (pl.col("feature") == "colour")))


@pytest.mark.parametrize("against", WAYS)
def test_one_dated_lake__equals_the_oracle(dated, against):
    frame, profile = dated
    rows = checked(ld.compare(profile, against=against).to_polars())
    assert set(rows["against"]) == {against}
    assert rows.height > 150
    for row in rows.iter_rows(named=True):
        keys = ("country",) if row["segment"] else ()
        window = row["window_start"]
        assert row["window_end"] == window + DAY
        past, now = past_of(frame, window, against), frame.filter(pl.col("at") == window)
        assert_row_is_right(row, *(segment_of(side, row, keys) for side in (past, now)))


def test_one_dated_lake__with_a_baseline(dated):
    frame, profile = dated
    comparison = ld.compare(profile, baseline="2026-01-02..2026-01-04")
    rows = checked(comparison.to_polars())
    assert set(rows["against"]) == {"reference"}
    assert rows["window_start"].min() == START + 4 * DAY
    base = frame.filter(pl.col("at").is_between(START + DAY, START + 3 * DAY))
    for row in rows.iter_rows(named=True):
        keys = ("country",) if row["segment"] else ()
        now = frame.filter(pl.col("at") == row["window_start"])
        assert_row_is_right(row, *(segment_of(side, row, keys) for side in (base, now)))


def test_two_lakes__by_segment_equal_the_oracle():
    before, now = lake(1, 5), lake(2, 5, first=5)
    options = {"by": [("country",), ("country", "colour")], "features": ["price", "colour"]}
    reference = grouped.profile(before, **options)
    current = grouped.profile(now, like=reference, **options)
    rows = checked(ld.compare(reference, current).to_polars())
    assert set(rows["window_start"]) == {None}
    for row in rows.iter_rows(named=True):
        keys = tuple(part.partition("=")[0] for part in row["segment"].split("/")) if row["segment"] else ()
        assert_row_is_right(row, *(segment_of(side, row, keys) for side in (before, now)))


def test_two_dated_lakes__look_back_into_the_reference():
    before, now = lake(1, 5), lake(2, 3, first=5)
    options = {"by": [("country",)], "time": "at", "every": "1d", "features": ["price", "colour"]}
    reference = grouped.profile(before, **options)
    current = grouped.profile(now, like=reference, **options)
    rows = checked(ld.compare(reference, current, against=["reference", *WAYS]).to_polars())
    both = pl.concat([before, now])
    assert set(rows["against"]) == {"reference", *WAYS}
    for row in rows.iter_rows(named=True):
        keys = ("country",) if row["segment"] else ()
        window = row["window_start"]
        past = before if row["against"] == "reference" else past_of(both, window, row["against"])
        today = now if window is None else now.filter(pl.col("at") == window)
        assert_row_is_right(row, *(segment_of(side, row, keys) for side in (past, today)))


def test_segments__null_and_empty_and_the_whole_lake_are_kept_apart(dated):
    rows = ld.compare(dated[1], against="previous").verdicts()
    keys = rows.filter(pl.col("feature") == "price").select("segment", "by.country").unique()
    assert dict(keys.iter_rows()) == {
        "": None,
        "country=": "",
        "country=__HIVE_DEFAULT_PARTITION__": None,
        "country=AT": "AT",
        "country=DE": "DE",
        "country=a%2Fb%3Dc": "a/b=c",
    }


@pytest.mark.parametrize("every", ["1h", "1d", "1w", "1mo", "1q", "1y"])
def test_against__spans_end_before_the_window(every):
    length = Every.parse(every)
    starts = length.starts(np.array([1_780_000_000_000_000, 1_790_000_000_000_000]))
    for name in ("previous", "rolling:28d", "rolling:1y", "season:1y"):
        first, stop = Against.parse(name).spans(length, starts)
        assert (first < stop).all()
        assert (stop <= starts).all()


@pytest.mark.parametrize(
    ("every", "against"),
    [("1mo", "season:1w"), ("1mo", "rolling:28d"), ("1w", "rolling:1mo"), ("5h", "season:1d"), ("1d", "rolling:36h")],
)
def test_against__what_is_no_whole_number_of_windows_is_an_error(dated, every, against):
    with pytest.raises(ConfigError, match=f"{against}' is no whole number of windows of {every}") as raised:
        ld.sweep(dated[0], time="at", every=every, against=against, features=["colour"])
    assert raised.value.hint.endswith(f":{every}, or a multiple of it")


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 25, 40, 365])
@pytest.mark.parametrize("unit", ["h", "d", "w", "mo", "q", "y"])
def test_default_against__is_a_whole_number_of_windows(count, unit):
    every = Every.parse(f"{count}{unit}")
    (name,) = default_against(every, dated=True)
    assert every.divides(Against.parse(name).length)


def gaps_of(comparison) -> list[tuple]:
    rows = comparison.verdicts().filter(feature="", segment="").sort("window_start", "against")
    days = ((pl.col(f"window_{end}") - START).dt.total_days().alias(end) for end in ("start", "end"))
    return rows.select(*days, "status", "verdict").rows()


@pytest.mark.parametrize(
    ("against", "after"),
    [
        ("previous", [(14, 15, "no_past", "none")]),
        ("rolling:3d", []),
        ("season:2d", [(14, 15, "no_past", "none"), (15, 16, "no_past", "none")]),
        ("rolling:7d", []),
    ],
)
def test_gaps__are_findings_of_their_own(against, after):
    frame = lake(1, 16).filter(~pl.col("at").is_in([START + 12 * DAY, START + 13 * DAY]))
    options = {"time": "at", "every": "1d", "by": "country", "features": ["colour"], "against": against}
    comparison = ld.sweep(frame, **options, min_rows=100)
    assert gaps_of(comparison) == [(12, 14, "no_rows", "critical"), *after]
    assert comparison.verdict == "critical"
    assert {verdict for *_, verdict in gaps_of(ld.sweep(frame, **options, min_rows=10_000))} == {"none"}
    assert gaps_of(ld.sweep(lake(1, 16), **options)) == []
    with pytest.raises(UnknownNameError):
        comparison.bins("colour", window=START + 12 * DAY)
    assert comparison.bins("colour")


def without(frame: pl.DataFrame, *days: int) -> pl.DataFrame:
    return frame.filter(~pl.col("at").is_in([START + day * DAY for day in days]))


@pytest.mark.parametrize("against", ["previous", "rolling:7d", "rolling:28d", "season:1w"])
@pytest.mark.parametrize(
    ("missing", "critical"),
    [
        ((), []),
        ((25,), [(23, 26)]),  # 26 January 2026 is a Monday, and the gap begins on the Saturday before
        ((21, 22), [(21, 25)]),  # a Thursday and Friday, and then comes a weekend
        ((20, 27), [(20, 21), (27, 28)]),  # a Wednesday twice: two weeks before had it
        ((5, 6), []),  # in the first week nobody knows what is usual
    ],
)
def test_gaps__weekends_are_missed_by_nobody_and_workdays_by_all(against, missing, critical):
    days = without(lake(1, 40).filter(pl.col("at").dt.weekday() < 6), *missing)  # 1 January 2026 is a Thursday
    found = gaps_of(ld.sweep(days, time="at", every="1d", features=["colour"], against=against, min_rows=10))
    assert [(start, end) for start, end, status, verdict in found if verdict == "critical"] == critical
    assert {status for *_, status, verdict in found if verdict == "critical"} <= {"no_rows"}


def test_gaps__say_how_many_rows_are_usual():
    frame = without(lake(1, 16), 12)
    comparison = ld.sweep(frame, time="at", every="1d", features=["colour"], against="previous", min_rows=100)
    told = comparison.verdicts(feature="", segment="").row(0, named=True)["headline"]
    usual = len(frame.filter(pl.col("at") == START + 5 * DAY))
    assert told == f"no rows, and usually {usual:,}"


def test_gaps__of_hours_know_the_night():
    frame = lake(1, 1).select("colour").with_columns(at=START + pl.duration(hours=pl.int_range(pl.len()) % (24 * 21)))
    awake = frame.filter(pl.col("at").dt.hour() >= 6)
    options = {"time": "at", "every": "1h", "features": ["colour"], "against": "previous", "min_rows": 1}
    assert "critical" not in str(gaps_of(ld.sweep(awake, **options)))
    outage = awake.filter(pl.col("at") != START + 17 * DAY + dt.timedelta(hours=6))
    found = ld.sweep(outage, **options).verdicts(feature="", segment="").filter(verdict="critical")
    assert found["window_end"].to_list() == [START + 17 * DAY + dt.timedelta(hours=7)]


def test_gaps__of_months_are_told_by_the_months_before():
    starts = [dt.datetime(2025, month, 1, tzinfo=dt.UTC) for month in (1, 2, 3, 4, 6, 7)]
    frame = pl.DataFrame({"at": starts * 600, "x": [1.0, 2.0] * 1_800})
    found = (
        ld.sweep(frame, time="at", every="1mo", against="previous").verdicts(feature="", segment="").filter(verdict="critical")
    )
    assert found["window_start"].to_list() == [dt.datetime(2025, 5, 1, tzinfo=dt.UTC)]


def test_gaps__of_two_lakes_and_of_a_baseline():
    days, options = lake(1, 20, rows=20_000), {"time": "at", "every": "1d", "features": ["colour"]}
    workdays = days.filter(pl.col("at").dt.weekday() < 6)
    assert {row[2:] for row in gaps_of(ld.sweep(workdays, **options, against="rolling:7d"))} == {("no_rows", "none")}
    assert gaps_of(ld.sweep(workdays, workdays, **options))[0][2:] == ("no_rows", "none")
    assert gaps_of(ld.sweep(days, workdays, **options))[0] == (2, 4, "no_rows", "critical")  # 3 January 2026 is a Saturday
    options["baseline"] = "..2026-01-08"
    assert gaps_of(ld.sweep(without(days, 15), **options)) == [(15, 16, "no_rows", "critical")]
    assert {row[3] for row in gaps_of(ld.sweep(workdays, **options))} == {"none"}
    del options["baseline"]
    untimed = ld.profile(days, features=["colour"])
    assert gaps_of(ld.compare(untimed, ld.profile(workdays, like=untimed, **options)))[0] == (2, 4, "no_rows", "none")


def test_gaps__a_reference_of_years_ago_tells_what_is_usual():
    days, options = lake(1, 20, rows=20_000), {"time": "at", "every": "1d", "features": ["colour"], "min_rows": 100}
    workdays = days.filter(pl.col("at").dt.weekday() < 6)
    before = workdays.with_columns(pl.col("at").dt.offset_by("-260w"))
    found = gaps_of(ld.sweep(before, without(workdays, 11), **options))
    assert [row for row in found if row[3] == "critical"] == [(9, 12, "no_rows", "critical")]  # a Monday after a weekend


def test_gaps__a_date_that_is_wrong_makes_one_gap_and_not_a_million():
    wrong = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
    frame = lake(1, 9).with_columns(at=pl.when(pl.int_range(pl.len()) > 0).then("at").otherwise(wrong))
    found = gaps_of(ld.sweep(frame, time="at", every="1h", features=["colour"], against="rolling:2d"))
    assert len([row for row in found if row[2] == "no_rows"]) == 9


def test_exact__leaves_groups_as_they_are():
    options = {"features": ["price", "colour"], "by": "country"}
    dated = options | {"time": "at", "every": "1d", "against": "previous"}
    both = {exact: ld.sweep(lake(1, 9), **dated, exact=exact).to_polars() for exact in (False, True)}
    assert both[True].equals(both[False])
    of_segments = {
        exact: ld.sweep(lake(1, 5), lake(2, 5), **options, exact=exact).to_polars().filter(pl.col("segment") != "")
        for exact in (False, True)
    }
    assert of_segments[True].equals(of_segments[False])


def two_countries(shares: tuple[float, float], dear: tuple[float, float], rows: int = 8_000) -> pl.DataFrame:
    """Return a lake of two countries that hold these shares, in which such shares of the sales are dear."""
    held = [round(rows * share) for share in shares]
    countries = ["AT"] * held[0] + ["DE"] * held[1]
    prices = [place < round(n * share) for n, share in zip(held, dear, strict=True) for place in range(n)]
    return pl.DataFrame({"country": countries, "dear": prices})


@pytest.mark.parametrize(
    ("now", "mix", "within", "moved"),
    [
        (two_countries((0.25, 0.75), (0.8, 0.2)), 0.15, 0.0, {"AT", "DE"}),  # only the mix changed
        (two_countries((0.5, 0.5), (0.8, 0.6)), 0.0, 0.2, {"DE"}),  # only one segment changed
        (two_countries((0.25, 0.75), (0.8, 0.6)), 0.1, 0.25, {"AT", "DE"}),  # both
        (two_countries((0.5, 0.5), (0.8, 0.2)), 0.0, 0.0, set()),
    ],
)
def test_split__tells_the_mix_from_the_change_within(now, mix, within, moved):
    before = two_countries((0.5, 0.5), (0.8, 0.2))
    comparison = ld.sweep(before, now, by=["country"], features=["dear"])
    split = comparison.split("dear")
    whole = comparison.to_polars().filter(segment="", metric="total_variation")["statistic"][0]
    assert split.size == pytest.approx(whole, abs=1e-12)
    assert split.mix + split.within == pytest.approx(whole, abs=1e-12)
    assert split.alone == pytest.approx((mix, within), abs=1e-3)
    rows = split.segments
    assert rows["mix"].sum() + rows["within"].sum() == pytest.approx(whole, abs=1e-12)
    assert set(rows.filter(pl.max_horizontal(pl.col("mix", "within").abs()) > 1e-12)["by.country"]) == moved


def test_split__of_windows_adds_up_to_the_whole_lake(dated):
    comparison = ld.compare(dated[1], against=list(WAYS), min_rows=50)
    for feature in ("price", "colour"):
        for against in WAYS:
            for day in (4, 8):
                window = START + day * DAY
                split = comparison.split(feature, "country", window=window, against=against)
                chosen = comparison.to_polars().filter(
                    feature=feature, segment="", metric="total_variation", against=against, window_start=window
                )
                assert split.mix + split.within == pytest.approx(chosen["statistic"][0], abs=1e-12)


def test_segments__are_ranked_by_how_far_they_moved_and_how_much_they_hold():
    before = two_countries((0.9, 0.1), (0.5, 0.5), rows=20_000)
    now = two_countries((0.9, 0.1), (0.6, 0.9), rows=20_000)
    rows = ld.sweep(before, now, by=["country"], features=["dear"]).segments()
    assert rows["by.country"].to_list() == ["AT", "DE"]
    assert rows["distance"].to_list() == pytest.approx([0.1, 0.4], abs=1e-3)
    assert rows["impact"].to_list() == pytest.approx([0.09, 0.04], abs=1e-3)
    assert rows["feature"].to_list() == ["dear", "dear"]


def test_segments__new_and_gone_are_findings_of_their_own():
    before = pl.DataFrame({"s": ["a"] * 2_000 + ["gone"] * 600 + ["few"] * 3, "x": [True, False] * 1_301 + [True]})
    now = pl.DataFrame({"s": ["a"] * 2_000 + ["new"] * 700, "x": [True, False] * 1_350})
    comparison = ld.sweep(before, now, by="s", features=["x"])
    found = comparison.verdicts().filter(feature="").select("by.s", "status", "verdict").rows()
    assert sorted(found) == [
        ("a", "ok", "ok"),
        ("few", "gone_segment", "none"),
        ("gone", "gone_segment", "critical"),
        ("new", "new_segment", "none"),
    ]
    of_features = comparison.verdicts().filter(pl.col("by.s").is_in(["gone", "new"]) & (pl.col("feature") == "x"))
    assert of_features["verdict"].unique().to_list() == ["none"]
    assert comparison.verdict == "ok"
    assert ld.sweep(before, now, by="s", features=["x"], gate="segments").verdict == "critical"


def test_qvalues__another_segmentation_changes_no_other_verdict():
    before, now = lake(1, 5), lake(2, 5)
    alone = ld.sweep(before, now, by=["country"], features=["price", "colour"])
    together = ld.sweep(before, now, by=["country", "colour", ("country", "colour")], features=["price", "colour"])
    of_country = together.to_polars().filter(pl.col("by.colour").is_null() & ~pl.col("segment").str.contains("colour"))
    assert of_country.drop("by.colour").equals(alone.to_polars())


def test_min_rows__of_small_groups_only_rates_are_judged():
    comparison = ld.sweep(lake(1, 5), lake(2, 5), by=["country"], features=["price", "colour"], min_rows=1_000)
    small = comparison.to_polars().filter(pl.col("by.country") == "")
    assert set(small.filter(pl.col("verdict") != "none")["metric"]) <= {"null_rate", "unseen_rate", "segment_share"}
    assert "insufficient_data" in set(small["status"])


@pytest.mark.parametrize(
    ("segments", "rows", "rare"),
    [(10_000, (100, 100), 0.01), (10_000, (3_000, 100), 0.001), (2_000, (600, 600), 0.01), (2_000, (20_000, 600), 0.01)],
)
def test_quiet_segments__hardly_ever_alarm(segments, rows, rare):
    """Segments in which nothing drifts, most too small to be judged: at most one table in twenty may hold a verdict."""
    tables = [ld.compare(*quiet.lakes(seed, segments, rows, rare), metrics=["ks", "psi"]) for seed in range(3)]
    assert sum(len(table.drifted) > 0 for table in tables) <= 1


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "markdown", "junit", "table"])
def test_reports__write_segments_and_windows_down(dated, form):
    comparison = ld.compare(dated[1], against=list(WAYS), gate="segments")
    written = b"".join(report(form).render(comparison, Canvas(100)))
    if form == "json":
        told = json.loads(written)
        assert len(told["metrics"]) == comparison.to_polars().height
        starts = {row["window_start"] for row in told["metrics"]}
        assert "2026-01-05T00:00:00+00:00" in starts
    if form == "csv":
        assert len(pl.read_csv(written)) == comparison.to_polars().height
    if form == "parquet":
        assert pl.read_parquet(written).equals(comparison.to_polars())
    if form == "table":
        assert len(written.decode().splitlines()) < 20
    assert written


def test_bins__and_histograms_of_a_segment_and_window_count_its_rows(dated):
    frame, profile = dated
    comparison = ld.compare(profile, against="previous")
    window = START + 4 * DAY
    now, past = (frame.filter((pl.col("at") == day) & (pl.col("country") == "AT")) for day in (window, window - DAY))
    reference, current = comparison.bins("price", segment="country=AT", window=window)
    assert (reference.counts.sum(), current.counts.sum()) == (len(past), len(now))
    assert reference.edges == comparison.bins("price", window=window)[0].edges  # of all groups together, so counts add up
    drawn = comparison.histogram("price", segment="country=AT", window=window)
    assert (drawn.reference.sum(), drawn.current.sum()) == tuple(side["price"].count() for side in (past, now))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda it: it.bins("price", segment="country=AP"), ("segment 'country=AP'", "did you mean 'country=AT'?")),
        (lambda it: it.bins("price", window="2027-01-05"), ("window '2027-01-05'", "2026-01-05")),
        (lambda it: it.bins("price", window="then"), ("window 'then'", "2026-01-0")),
        (lambda it: it.bins("price", against="previos"), ("compare with: 'previos'", "did you mean 'previous'?")),
        (lambda it: it.bins("prize"), ("'prize'", "did you mean 'price'?")),
        (lambda it: it.histogram("prize"), ("'prize'", "did you mean 'price'?")),
        (lambda it: it.segments("prize"), ("'prize'", "did you mean 'price'?")),
        (lambda it: it.split("prize"), ("'prize'", "did you mean 'price'?")),
        (lambda it: it.split("price", "county"), ("segmentation 'county'", "did you mean 'country'?")),
        (lambda it: it.split("price", window=START - DAY), ("window '2025-12-31 00:00:00+00:00'", "2026-01-0")),
        (lambda it: it.split("price", against="season:9d"), ("'season:9d'", "did you mean 'season:2d'?")),
    ],
)
def test_lookups__name_what_is_not_there(dated, ask, words):
    comparison = ld.compare(dated[1], against=["previous", "season:2d"])
    with pytest.raises(UnknownNameError) as caught:
        ask(comparison)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("window", ["2026-01-05", dt.date(2026, 1, 5), dt.datetime(2026, 1, 5), START + 4 * DAY])
def test_lookups__take_a_window_as_profiles_do(dated, window):
    comparison = ld.compare(dated[1], against="previous")
    expected = dated[0].filter(pl.col("at") == START + 4 * DAY)
    assert comparison.bins("price", window=window)[1].counts.sum() == len(expected)
    assert comparison.split("price", window=window).size == comparison.split("price", window=START + 4 * DAY).size


def test_segments__without_any_have_the_same_columns(dated):
    none = ld.sweep(dated[0], dated[0], features=["price"]).segments()
    some = ld.compare(dated[1], against="previous").segments()
    assert len(none) == 0
    assert some.select(none.columns).schema == none.schema
    assert [name for name in some.columns if not name.startswith("by.")] == none.columns


def test_split__is_shown_in_a_line(dated):
    found = ld.compare(dated[1], against="previous").split("price", "country")
    assert re.fullmatch(r"Split\([\d.e-]+ = -?[\d.e-]+ mix \+ -?[\d.e-]+ within, of 5 segments\)", repr(found))


def test_bins__of_all_segments_add_up_to_the_whole_lake(dated):
    comparison = ld.compare(dated[1], against="previous")
    window = START + 4 * DAY
    labels = comparison.verdicts().filter(pl.col("segment") != "")["segment"].unique()
    for feature in ("price", "colour"):
        parts = [comparison.bins(feature, segment=label, window=window) for label in labels]
        whole = comparison.bins(feature, window=window)
        for side in (0, 1):
            assert sum(part[side].counts for part in parts).tolist() == whole[side].counts.tolist()


def test_unseen__is_what_the_whole_lake_has_not_seen():
    before = pl.DataFrame({"s": ["a"] * 1_000 + ["b"] * 1_000, "word": ["x", "y"] * 500 + ["z"] * 1_000})
    now = pl.DataFrame({"s": ["a"] * 1_000 + ["b"] * 1_000, "word": ["x", "z"] * 500 + ["z", "new"] * 500})
    rows = ld.sweep(before, now, by="s", features=["word"]).to_polars().filter(metric="unseen_rate")
    assert dict(rows.select("segment", "current_value").iter_rows()) == {"": 0.25, "s=a": 0.0, "s=b": 0.5}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"against": "reference"}, ConfigError),
        ({"against": "rolling"}, ConfigError),
        ({"against": "season:0d"}, ConfigError),
        ({"against": []}, ConfigError),
        ({"against": "season:5y"}, ConfigError),
        ({"baseline": "then..now"}, ConfigError),
        ({"baseline": "2026-01-05"}, ConfigError),
        ({"baseline": ".."}, ConfigError),
        ({"baseline": "2027-01-01.."}, ConfigError),
    ],
)
def test_compare__says_what_is_wrong_with_the_words(dated, options, error):
    with pytest.raises(error):
        ld.compare(dated[1], **options)


@pytest.mark.parametrize("gate", ["segment", "Segments", "", "all"])
def test_gate__one_that_there_is_not_is_an_error(dated, gate):
    frame, profile = dated
    for verb, sides in ((ld.compare, (profile, profile)), (ld.sweep, (frame, frame)), (plan_sweep, (frame, frame))):
        with pytest.raises(ConfigError, match=f"^gate: {gate!r} is neither 'lake' nor 'segments'") as raised:
            verb(*sides, gate=gate)
        assert "segments" in raised.value.hint


def test_compare__refuses_what_does_not_go_together(dated):
    plain = ld.profile(dated[0], features=["price"])
    with pytest.raises(ConfigError, match="no current side"):
        ld.compare(plain)
    with pytest.raises(ConfigError, match="there are none"):
        ld.compare(plain, plain, against="previous")
    with pytest.raises(ConfigError, match="two sides"):
        ld.compare(dated[1], dated[1], baseline="2026-01-01..2026-01-03")
    with pytest.raises(IncompatibleProfilesError, match="country"):
        ld.compare(dated[1], plain)


def test_untimed__rows_in_no_window_are_counted(dated):
    frame = dated[0].with_columns(at=pl.when(pl.int_range(pl.len()) % 50 > 0).then("at"))
    comparison = ld.sweep(frame, time="at", every="1d", features=["colour"])
    assert (comparison.reference.untimed, comparison.current.untimed) == (80, 80)
    comparison = ld.sweep(dated[0], frame, time="at", every="1d", features=["colour"])
    assert (comparison.reference.untimed, comparison.current.untimed) == (0, 80)
    assert ld.sweep(frame, frame, features=["colour"]).current.untimed == 0


def test_untimed__a_side_of_which_no_row_has_a_time_is_an_error(dated):
    frame = dated[0].select("colour", "at")
    unread = frame.with_columns(at=pl.col("at").dt.strftime("%d.%m.%Y"))
    for sides in ((unread, unread), (frame, unread), (unread, frame), (unread,)):
        with pytest.raises(ConfigError, match=r"column 'at' says of none of 4,000 rows when"):
            ld.sweep(*sides, time="at", every="1d", kinds={"at": "categorical"})
    assert ld.sweep(frame, frame.clear(), time="at", every="1d").verdict == "critical"


@pytest.mark.parametrize(
    ("every", "zone", "baseline", "hint"),
    [
        ("1w", "UTC", "2026-01-01..2026-01-04", "begin with 2025-12-29 or 2026-01-05"),
        ("1w", "UTC", "..2026-01-06", "end with 2026-01-04 or 2026-01-11"),
        ("1mo", "UTC", "..2026-01-30", "end with 2025-12-31 or 2026-01-31"),
        ("1d", "UTC", "2026-01-01..2026-01-03T12:00", "end with 2026-01-02 or 2026-01-03"),
        ("1d", "Europe/Vienna", "2026-01-01T00:00+00:00..2026-01-03", "begin with 2026-01-01 or 2026-01-02"),
        ("4h", "UTC", "..2026-01-03T05:00", r"end with 2026-01-03T00:00\+00:00 or 2026-01-03T04:00\+00:00"),
        ("1h", "Asia/Kolkata", "2026-01-03..", r"begin with 2026-01-02T23:30\+05:30 or 2026-01-03T00:30\+05:30"),
    ],
)
def test_baseline__that_begins_or_ends_within_a_window_is_an_error(dated, every, zone, baseline, hint):
    frame = dated[0].with_columns(pl.col("at").dt.convert_time_zone(zone))
    options = {"time": "at", "every": every, "features": ["colour"]}
    for verb in (ld.sweep, plan_sweep):
        with pytest.raises(ConfigError, match=f"within a window of {every}\nhint: let it {hint}"):
            verb(frame, **options, baseline=baseline)
    with pytest.raises(ConfigError, match="within a window"):
        ld.compare(ld.profile(frame, **options), baseline=baseline)


@pytest.mark.parametrize(
    ("every", "baseline"),
    [
        ("1d", "2026-01-02T00:00+01:00..2026-01-03"),
        ("4h", "2026-01-02T01:00..2026-01-03T01:00"),
        ("1h", "2026-01-02..2026-01-03"),
    ],
)
def test_baseline__is_of_windows_in_the_zone_of_the_column(dated, every, baseline):
    frame = dated[0].with_columns(pl.col("at").dt.convert_time_zone("Europe/Vienna"))
    rows = ld.sweep(frame, time="at", every=every, baseline=baseline, features=["colour"]).to_polars()
    assert rows["window_end"].min() > START + 3 * DAY
    assert rows["window_start"].min() <= START + 3 * DAY


def test_baseline__includes_both_ends_and_leaves_either_open(dated):
    for words, first in (("2026-01-01..2026-01-03", 3), ("..2026-01-03", 3), ("2026-01-02T00:00..2026-01-03T00:00", 3)):
        rows = ld.compare(dated[1], baseline=words).to_polars()
        assert rows["window_start"].min() == START + first * DAY
