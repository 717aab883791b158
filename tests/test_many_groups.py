"""Of many features, segments and windows everything is held as numbers and written in pieces, or refused beforehand."""

from __future__ import annotations

import io
import json
import tracemalloc

import numpy as np
import polars as pl
import pytest
from benchmarks.cells import dated_profile, widened

import lakedrift as ld
from lakedrift import memory
from lakedrift.comparison import ENOUGH, Comparison
from lakedrift.errors import ResourceError
from lakedrift.profiles import Profile
from lakedrift.report import Canvas, report

SEGMENTS, DAYS, FEATURES = 40, 12, 40
WINDOWS = DAYS - 1  # the first one has no past


@pytest.fixture(scope="module")
def dated() -> Profile:
    return dated_profile(SEGMENTS, DAYS)


@pytest.fixture(scope="module")
def comparison(dated) -> ld.Comparison:
    return ld.compare(widened(dated, FEATURES), min_rows=10)


def arrays_of(comparison: ld.Comparison) -> list[np.ndarray]:
    """Return every array of every measure, each once."""
    measures = [measure for part in comparison._parts for measure in part.measures]
    held = [one for measure in measures for one in vars(measure).values()]
    found = [value for one in held for value in (one if isinstance(one, tuple) else [one]) if isinstance(value, np.ndarray)]
    owners = [one if one.base is None or not isinstance(one.base, np.ndarray) else one.base for one in found]
    return list({id(one): one for one in owners}.values())


def test_measures__are_numbers_that_take_no_more_than_is_asked_for(comparison):
    arrays = arrays_of(comparison)
    assert {array.dtype.kind for array in arrays} <= {"f", "i", "b"}
    (of_lake, of_segments) = (part for part in comparison._parts if not part.of_gaps)
    rows = len(of_lake.matches) + len(of_segments.matches)
    assert rows == WINDOWS * (SEGMENTS + 1)
    assert sum(array.nbytes for array in arrays) <= rows * FEATURES * 12.5 * memory.MEASURE_BYTES


def test_tables__have_every_row_once_and_few_at_a_time(comparison):
    pieces = [len(table) for table in comparison.tables()]
    assert max(pieces) < 2 * ENOUGH
    assert sum(pieces) == len(comparison.to_polars()) == comparison.to_arrow().num_rows
    assert sum(pieces) > 5 * ENOUGH
    verdicts = list(comparison.verdict_tables())
    assert max(map(len, verdicts)) == ENOUGH
    assert pl.concat(verdicts).equals(comparison.verdicts())
    assert sum(map(len, verdicts)) == WINDOWS * (SEGMENTS + 1) * FEATURES + WINDOWS * SEGMENTS


def test_verdicts__are_ranked_in_no_more_than_is_asked_for(comparison):
    decided = comparison._verdicts
    held = sum(array.nbytes for part in decided._parts for array in (part.by, part.levels, part.statuses, part.statistics))
    chosen = decided.chosen(None, None)
    tracemalloc.start()
    decided._sorted(chosen)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held + peak <= sum(map(len, chosen)) * memory.VERDICT_BYTES


@pytest.mark.parametrize("form", ["json", "parquet", "csv"])
def test_reports__are_written_in_pieces(comparison, form):
    pieces = list(report(form).render(comparison, Canvas()))
    assert len(pieces) > 5
    whole = b"".join(pieces)
    assert max(map(len, pieces)) < len(whole) / 3
    if form == "json":
        told = json.loads(whole)
        assert len(told["verdicts"]) == len(comparison.verdicts())
        assert len(told["metrics"]) == len(comparison.to_polars())
    if form == "parquet":
        assert pl.read_parquet(io.BytesIO(whole)).equals(comparison.to_polars())


def test_verdicts__of_a_feature_a_segment_and_of_drift_are_those_of_all(comparison):
    everything, name = comparison.verdicts(), "word 2"
    of_feature = pl.col("feature") == name
    of_segment = pl.col("segment") == "segment=7"
    drifted = pl.col("verdict").is_in(["warning", "critical"])
    assert comparison.verdicts(feature=name).equals(everything.filter(of_feature))
    assert comparison.verdicts(segment="segment=7").equals(everything.filter(of_segment))
    assert comparison.verdicts(feature=name, segment="segment=7").equals(everything.filter(of_feature & of_segment))
    assert comparison.drifted.equals(everything.filter(drifted))
    assert comparison.verdicts(feature="none").is_empty()
    whole = everything.filter(segment="")
    assert comparison.worst().equals(whole.unique("feature", keep="first", maintain_order=True))


def test_compare__more_than_the_budget_holds_is_refused_at_once(dated):
    with pytest.raises(ResourceError, match=r"451 segments and windows, each compared by 100,000 metrics .* 300 MB") as error:
        ld.compare(widened(dated, 8_000), memory="300MB")
    assert "--memory" in (error.value.hint or "")
    assert error.value.exit_code == 5


def test_tables__more_than_the_budget_holds_are_refused(comparison):
    poor = Comparison(*comparison.profiles, comparison._parts, memory=1_000_000)
    for refused in (poor.to_polars, poor.to_arrow, poor.to_dict, poor.verdicts):
        with pytest.raises(
            ResourceError, match=r"a table of [\d,]+ rows may take [\d.]+ MB, and the budget is 1.00 MB"
        ) as error:
            refused()
        assert "tables()" in (error.value.hint or "")
    assert sum(map(len, poor.tables())) == len(comparison.to_polars())
    assert poor.verdicts(segment="").equals(comparison.verdicts(segment=""))
