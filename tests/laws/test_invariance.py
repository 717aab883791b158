"""What must not change a comparison, and what must change it in a known way."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hard_columns import hard_columns

import lakedrift as ld
from lakedrift.choosing import Selection
from lakedrift.engine import run
from lakedrift.filtering import as_batch, as_frame
from lakedrift.observer import Silent
from lakedrift.plan import make_plan
from lakedrift.reading import Reader
from lakedrift.scanners import ENGINES
from lakedrift.sources import open_source

HARD = {name: sides for name, sides in hard_columns().items() if len(sides[0]) == len(sides[1]) == 2_000}
REFERENCE, CURRENT = (pl.DataFrame({name: sides[place] for name, sides in HARD.items()}) for place in (0, 1))
NUMBERS = ["statistic", "lower", "upper", "pvalue", "reference_value", "current_value", "n_reference", "n_current", "verdict"]
EXACT = ["ks", "psi", "total_variation", "jensen_shannon", "chi_square", "cramers_v", "null_rate", "nan_rate", "inf_rate"]


def rows(comparison: ld.Comparison) -> pl.DataFrame:
    return comparison.to_polars().sort("feature", "metric")


def metric_of(comparison: ld.Comparison, name: str) -> dict[str, tuple[float, float, float]]:
    found = comparison.to_polars().filter(pl.col("metric") == name)
    return {row[0]: row[1:] for row in found.select("feature", "statistic", "lower", "upper").iter_rows()}


@pytest.fixture(scope="module")
def before() -> ld.Profile:
    return ld.profile(REFERENCE)


@pytest.fixture(scope="module")
def after(before: ld.Profile) -> ld.Profile:
    return ld.profile(CURRENT, like=before)


def test_compare__of_a_profile_and_itself_finds_nothing(before):
    comparison = ld.compare(before, before)
    assert comparison.verdict == "ok"
    assert comparison.drifted.is_empty()
    found = comparison.to_polars().filter(pl.col("metric") != "presence")
    assert set(found["statistic"].drop_nulls()) == {0.0}
    assert set(found["lower"].drop_nulls()) == {0.0}


def test_compare__of_the_other_side_first_finds_the_same_distances(before, after):
    there, back = ld.compare(before, after), ld.compare(after, before)
    for name in ("ks", "wasserstein"):
        shared = metric_of(there, name).keys() & metric_of(back, name).keys()
        assert len(shared) > 20
        assert all(metric_of(there, name)[feature] == metric_of(back, name)[feature] for feature in shared)


def test_compare__of_twice_as_many_equal_rows_finds_the_same_shares(before, after):
    once, twice = ld.compare(before, after), ld.compare(before, ld.merge([after, after]))
    for name in ("ks", "total_variation", "jensen_shannon", "wasserstein"):
        assert metric_of(once, name).keys() == metric_of(twice, name).keys()
        for feature, values in metric_of(once, name).items():
            assert metric_of(twice, name)[feature] == pytest.approx(values, rel=1e-12, abs=1e-12)


def test_compare__nulls_more_move_only_what_counts_nulls(before, after):
    nulls = pl.DataFrame({name: pl.Series([None] * 500, dtype=CURRENT[name].dtype) for name in CURRENT.columns})
    more = ld.merge([after, ld.profile(nulls, like=before)])
    for name in ("ks", "wasserstein", "nan_rate"):
        some, others = metric_of(ld.compare(before, after), name), metric_of(ld.compare(before, more), name)
        assert some.keys() == others.keys()
        assert name == "nan_rate" or some == others


def test_sweep__the_order_of_rows_and_columns_does_not_matter(before, after):
    mixed = CURRENT.sample(fraction=1.0, shuffle=True, seed=1).select(reversed(CURRENT.columns))
    moved = ld.compare(before, ld.profile(mixed, like=before))
    assert rows(moved).equals(rows(ld.compare(before, after)))


def test_sweep__a_column_alone_is_measured_as_among_others():
    names = ["normal", "counts", "signed zeros", "truth", "beyond 2**53"]
    together = rows(ld.sweep(REFERENCE, CURRENT)).filter(pl.col("feature").is_in(names))
    alone = pl.concat(rows(ld.sweep(REFERENCE.select(name), CURRENT.select(name))) for name in sorted(names))
    assert alone.select("feature", "metric", *NUMBERS[:-1]).equals(together.select("feature", "metric", *NUMBERS[:-1]))


def test_sweep__zero_has_no_sign():
    zeros = np.where(np.random.default_rng(1).random(1_000) < 0.5, 0.0, 1.0)
    plain, signed = (pl.DataFrame({"x": values}) for values in (zeros, np.where(zeros == 0.0, -0.0, zeros)))
    assert rows(ld.sweep(plain, signed)).equals(rows(ld.sweep(plain, plain)))
    assert rows(ld.sweep(signed, plain)).equals(rows(ld.sweep(plain, plain)))


INCREASING = {
    "times 2**40": lambda x: x * 2.0**40,
    "times 2**-300": lambda x: x * 2.0**-300,
    "a fifth": lambda x: x / 5.0,
    "exponential": lambda x: np.exp(x),
    "ranks": lambda x: np.searchsorted(np.unique(np.concatenate(SAMPLES)), x),
    "ranks times 3 plus 2**60": lambda x: 3 * np.searchsorted(np.unique(np.concatenate(SAMPLES)), x) + 2**60,
}
SAMPLES = tuple(np.random.default_rng(2).normal(0.1 * side, 1.0, 1_500 + side).round(3) for side in (0, 1))


@pytest.mark.parametrize("name", INCREASING)
def test_ks__is_unchanged_by_strictly_increasing_maps(name):
    mapped = [INCREASING[name](sample) for sample in SAMPLES]
    assert len(np.unique(np.concatenate(mapped))) == len(np.unique(np.concatenate(SAMPLES)))
    there, here = (ld.sweep(*(pl.DataFrame({"x": side}) for side in sides), exact=True) for sides in (SAMPLES, mapped))
    assert metric_of(there, "ks") == metric_of(here, "ks")
    (statistic, lower, upper) = metric_of(here, "ks")["x"]
    assert statistic == lower == upper


@pytest.mark.parametrize("exponent", [-500, -1, 1, 40, 500])
def test_sweep__scaling_by_a_power_of_two_changes_no_bit(exponent):
    scaled = [np.ldexp(sample, exponent) for sample in SAMPLES]
    there, here = (ld.sweep(*(pl.DataFrame({"x": side}) for side in sides)) for sides in (SAMPLES, scaled))
    for name in EXACT:
        assert metric_of(there, name) == metric_of(here, name)
    distances = [metric_of(comparison, "wasserstein")["x"] for comparison in (there, here)]
    assert distances[1] == pytest.approx(np.ldexp(distances[0], exponent), rel=1e-12)


class Resliced(Reader):
    """Hands out the rows of a reader in batches of another size."""

    def __init__(self, engine: str, rows: int) -> None:
        super().__init__(engine)
        self._rows = rows

    def batches(self, scan, keep):
        whole = list(super().batches(scan, keep))
        frames = [as_frame(piece) for batch, _ in whole for piece in batch.to_batches()]
        table = pa.Table.from_batches([as_batch(pl.concat(frames))])
        yield from ((pa.Table.from_batches([batch]), 0) for batch in table.to_batches(max_chunksize=self._rows))
        yield pa.table({}), sum(kept_back for _, kept_back in whole)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Hard columns, and texts of every length, in files of odd sizes and row groups that divide nothing."""
    folder = tmp_path_factory.mktemp("lake")
    frame = REFERENCE.with_columns(
        pl.int_range(pl.len()).cast(pl.String).alias("words"),
        (pl.lit("a text longer than its view ") + (pl.int_range(pl.len()) % 7).cast(pl.String)).alias("texts"),
        (pl.int_range(pl.len()) % 3).cast(pl.String).cast(pl.Categorical).alias("codes"),
        pl.from_epoch(pl.int_range(pl.len()) * 977, time_unit="ms").alias("at"),
    )
    for number, (start, end) in enumerate([(0, 1), (1, 700), (700, 1_999), (1_999, 2_000)]):
        frame[start:end].write_parquet(folder / f"{number}.parquet", row_group_size=333)
    return folder


def state_bytes(profile: ld.Profile) -> dict[object, bytes]:
    """Return every state as it would be sent."""
    written = {}
    for key, state in profile.states.items():
        table = state.to_arrow()
        with pa.BufferOutputStream() as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        written[key] = sink.getvalue().to_pybytes()
    return written


@pytest.mark.parametrize("where", [None, "normal > 0 AND counts < 25"])
def test_profile__same_bytes_for_any_engine_threads_and_batches(lake, where):
    plan = make_plan(open_source(lake), Selection(where=where))
    expected = run(plan, 1, Silent())
    for engine in ENGINES:
        for threads in (1, 2, 8):
            found = run(plan, threads, Silent(), Reader(engine, threads))
            assert state_bytes(found) == state_bytes(expected)
            assert (found.rows, found.filtered) == (expected.rows, expected.filtered)
        for rows in (97, 1_000, 65_536, 10**9):
            assert state_bytes(run(plan, 2, Silent(), Resliced(engine, rows))) == state_bytes(expected)


def test_profile__same_bytes_for_any_order_of_files(lake):
    files = sorted(lake.iterdir())
    whole = ld.profile(lake)
    for order in (files[::-1], files[2:] + files[:2]):
        assert state_bytes(ld.profile(order, like=whole)) == state_bytes(whole)
    parts = [ld.profile(file, like=whole) for file in files]
    assert state_bytes(ld.merge(parts)) == state_bytes(whole)


@pytest.mark.parametrize("engine", ENGINES)
def test_sweep__any_engine_gives_the_same_comparison(lake, tmp_path, engine):
    CURRENT.write_parquet(tmp_path / "current.parquet")
    swept = [ld.sweep(lake, tmp_path, engine=name, exact=True, features=list(CURRENT.columns)) for name in ("polars", engine)]
    assert rows(swept[0]).equals(rows(swept[1]))
