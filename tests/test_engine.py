"""Running a plan: every row is counted once, whatever the number of threads and however the rows are stored."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Self

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

import lakedrift as ld
from lakedrift.census import take_census
from lakedrift.choosing import Selection
from lakedrift.engine import _Crew, default_threads, run
from lakedrift.errors import InvariantError, UnreadableFileError
from lakedrift.groupby import GroupBy
from lakedrift.observer import Silent
from lakedrift.plan import Plan, make_plan
from lakedrift.profiles import Profile, StateKey
from lakedrift.reading import Reader
from lakedrift.sources import open_source
from lakedrift.summaries.presence import Presence
from lakedrift.tabulation import Tables, tabulate

ROWS = 4_000
RANDOM = np.random.default_rng(5)
ROW = np.arange(ROWS)
TABLE = pa.table(
    {
        "price": pa.array(RANDOM.lognormal(3, 2, ROWS), mask=ROW % 9 == 0),
        "signed": pa.array(np.where(ROW % 5 == 0, np.nan, np.where(ROW % 7 == 0, -np.inf, -ROW / 3)), pa.float32()),
        "clicks": pa.array(RANDOM.poisson(3, ROWS), pa.int16()),
        "large": pa.array(RANDOM.integers(2**60, 2**62, ROWS)),
        "unsigned": pa.array(RANDOM.integers(0, 2**64 - 1, ROWS, np.uint64) // np.uint64(7) * np.uint64(7)),
        "city": pa.array([None if row % 11 == 0 else f"city {row % 6}" for row in ROW]),
        "text": pa.array([f"a text of more than twelve bytes {row % 40}" for row in ROW]).dictionary_encode(),
        "paid": pa.array(ROW % 3 == 0, mask=ROW % 13 == 0),
        "at": pa.array(ROW * 1_000_003, pa.timestamp("us")),
        "order": pa.array([f"order-{row:06}" for row in ROW]),
    }
)


class Meter(Silent):
    """Remembers how many rows were read."""

    def __init__(self) -> None:
        self.rows = 0

    def advance(self, rows: int) -> None:
        self.rows += rows


class Broken(Presence):
    """Fails on the first column that is put in."""

    def update(self, array: pa.Array) -> None:
        raise MemoryError(f"no room for {len(array)} values")

    def empty(self) -> Self:
        return self.new(len(self.rows))


class Both(Presence):
    """Counts the rows in which the columns are not null, all of them; the others are its nulls."""

    KIND = "both"

    def update(self, array: Sequence[pa.Array]) -> None:
        super().update(both(array))

    def located(self, array: Sequence[pa.Array], whole: Self) -> NDArray[np.int64]:
        return super().located(both(array), Presence(whole.rows, whole.null))

    def by_group(self, n_groups: int) -> Self | None:
        return self.new(0) if n_groups < 100 else None


def both(arrays: Sequence[pa.Array]) -> pa.Array:
    valid = np.logical_and.reduce([array.is_valid().to_numpy(zero_copy_only=False) for array in arrays])
    return pa.array(valid, mask=~valid)


def states(profile: Profile) -> dict[StateKey, dict[str, object]]:
    return {key: state.to_arrow().to_pydict() for key, state in profile.states.items()}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Files and row groups of odd sizes, the last one empty."""
    folder = tmp_path / "lake"
    folder.mkdir()
    for number, (start, end) in enumerate([(0, 1), (1, 700), (700, 701), (701, 3900), (3900, ROWS), (ROWS, ROWS)]):
        pq.write_table(TABLE.slice(start, end - start), folder / f"{number}.parquet", row_group_size=333)
    return folder


@pytest.mark.parametrize("threads", [2, 5, 16])
def test_run__threads_change_nothing(lake, threads):
    plan = make_plan(open_source(lake), Selection())
    one, many = (run(plan, number, Silent()) for number in (1, threads))
    assert states(one) == states(many)
    assert (one.rows, one.filtered, one.features) == (many.rows, many.filtered, many.features)


def test_run__how_rows_are_stored_changes_nothing(lake, tmp_path):
    pq.write_table(TABLE, tmp_path / "whole.parquet")
    whole = ld.profile(tmp_path / "whole.parquet")
    assert states(ld.profile(lake, like=whole)) == states(whole)


@pytest.mark.parametrize(
    "make",
    [
        pl.DataFrame,
        pl.LazyFrame,
        lambda table: table,
        lambda table: table.to_reader(max_chunksize=999),
        lambda table: pl.DataFrame(table).lazy().filter(pl.len() > 0),
    ],
    ids=["DataFrame", "LazyFrame", "Table", "RecordBatchReader", "query"],
)
def test_profile__in_memory_as_from_files(tmp_path, make):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    file, memory = ld.profile(tmp_path / "a.parquet"), ld.profile(make(TABLE))
    assert states(memory) == states(file)
    assert memory.features == file.features
    assert (memory.rows, memory.filtered) == (ROWS, 0)


def test_profile__pandas_as_from_the_files_it_writes(tmp_path):
    frame = TABLE.select(["price", "clicks", "large", "city", "order"]).to_pandas()
    frame.to_parquet(tmp_path / "a.parquet")
    assert states(ld.profile(frame)) == states(ld.profile(tmp_path / "a.parquet"))


def test_sweep__any_two_inputs_of_the_same_data(tmp_path):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    current = pd.DataFrame({"price": TABLE["price"].to_pandas()})
    assert ld.sweep(tmp_path / "a.parquet", TABLE).verdict == "ok"
    assert ld.sweep(pl.LazyFrame(TABLE), str(tmp_path)).verdict == "ok"
    assert ld.sweep(TABLE, current, features=["price"]).verdict == "ok"


@pytest.mark.parametrize("where", [None, "price > 20", "city IS NULL", "clicks < 0", "paid OR clicks > 2"])
def test_run__rows_and_filtered_rows_are_all_rows(lake, where):
    meter = Meter()
    profile = run(make_plan(open_source(lake), Selection(where=where)), 2, meter)
    expected = (
        len(TABLE)
        if where is None
        else pl.SQLContext(t=pl.DataFrame(TABLE)).execute(f"SELECT * FROM t WHERE {where}").collect().height
    )
    assert profile.rows == expected
    assert profile.rows + profile.filtered == meter.rows == ROWS
    for state in profile.states.values():
        assert state.rows.tolist() == [expected]
        assert (state.null + state.nan + state.valid).tolist() == [expected]


def test_run__partition_values_are_counted_as_written(tmp_path):
    rows = {"7": 3, "007": 5, "": 7, "a%20b": 11, "__HIVE_DEFAULT_PARTITION__": 13}
    for value, number in rows.items():
        (tmp_path / f"k={value}").mkdir()
        pq.write_table(TABLE.slice(0, number), tmp_path / f"k={value}" / "a.parquet")
    state = ld.profile(tmp_path, features=["k"]).state("k")
    assert dict(zip(state.values, state.counts[0].tolist(), strict=True)) == {"7": 3, "007": 5, "": 7, "a b": 11}
    assert state.null.tolist() == [13]
    assert ld.profile(tmp_path, where="k = '7' OR k = 'a b'").rows == 14


def test_run__what_a_file_lacks_is_missing_and_not_null(lake):
    pq.write_table(TABLE.drop_columns(["price"]), lake / "1.parquet")
    state = run(make_plan(open_source(lake), Selection()), 2, Silent()).state("price")
    null = TABLE["price"].slice(0, 1).null_count + TABLE["price"].slice(700).null_count
    assert (state.rows.tolist(), state.null.tolist()) == ([ROWS - 699], [null])


PAIR = ("both", ("price", "city"))
NO_GROUPS = GroupBy()


def joined(source: object, groupby: GroupBy = NO_GROUPS, like: Profile | None = None) -> Profile:
    """Profile the price, the city, and both together."""
    plan = make_plan(open_source(source), Selection(["price", "city"]), weighed=True)
    plan = replace(plan, states={**plan.states, PAIR: Both.new()})
    rolls, _ = take_census(plan.source, groupby, None, Reader(), Silent(), ()) if groupby else ([], {})
    return run(plan, 3, Silent(), tables=Tables(groupby, tabulate(rolls, plan, None, like)))


def test_run__a_state_of_several_columns_gets_them_together(lake):
    expected = sum(None not in pair for pair in zip(*(TABLE[name].to_pylist() for name in PAIR[1]), strict=True))
    found = [joined(source).states[PAIR] for source in (lake, TABLE)]
    assert [(state.rows.tolist(), state.valid.tolist()) for state in found] == [([ROWS], [expected])] * 2


def test_run__of_several_columns_what_a_file_lacks_is_null(lake):
    pq.write_table(TABLE.slice(1, 699).drop_columns(["price"]), lake / "1.parquet")
    pq.write_table(TABLE.slice(700, 1).drop_columns(["price", "city"]), lake / "2.parquet")
    profile = joined(lake)
    state, price = profile.states[PAIR], profile.state("price")
    assert (state.rows.tolist(), price.rows.tolist()) == ([ROWS - 1], [ROWS - 700])
    assert state.valid[0] < price.valid[0]


def test_run__a_state_of_several_columns_is_kept_by_group(lake):
    by = GroupBy.of(["paid", "clicks", ("paid", "text")])
    profile = joined(lake, by)
    paid, clicks, many = profile.groupings
    for key, grouping in (("paid", paid), ("clicks", clicks)):
        table = TABLE.to_pandas()
        table["both"] = table["price"].notna() & table["city"].notna()
        counted = table.groupby(key, dropna=False)["both"].agg(["size", "sum"])
        state = grouping.states[PAIR]
        assert sorted(zip(state.rows, state.valid, strict=True)) == sorted(counted.itertuples(index=False, name=None))
    assert PAIR not in many.states
    assert joined(lake, by, like=profile).groupings[0].states.keys() == paid.states.keys()


def test_check__groups_of_several_columns_sum_to_the_whole(lake):
    profile = joined(lake, GroupBy.of("paid"))
    profile.groupings[0].states[PAIR].null[0] += 1
    with pytest.raises(InvariantError, match="do not sum to the whole lake"):
        profile.check()


def test_run__a_failing_worker_ends_the_run(lake):
    source = open_source(lake)
    plan = Plan(
        source,
        make_plan(source, Selection(["price"])).features,
        MappingProxyType({("presence", ("price",)): Broken.new()}),
        None,
    )
    before = threading.active_count()
    with pytest.raises(MemoryError, match="no room"):
        run(plan, 3, Silent())
    assert threading.active_count() == before


def test_run__a_failing_file_ends_the_run(lake):
    plan = make_plan(open_source(lake), Selection())
    (lake / "3.parquet").write_bytes(b"PAR1 gone PAR1")
    before = threading.active_count()
    with pytest.raises(UnreadableFileError, match=r"3\.parquet"):
        run(plan, 3, Silent())
    assert threading.active_count() == before


def test_run__a_plan_runs_again(lake):
    plan = make_plan(open_source(lake), Selection())
    assert states(run(plan, 2, Silent())) == states(run(plan, 2, Silent()))


def test_default_threads__is_one_at_least():
    assert default_threads() >= 1


class Interrupt:
    """Raises KeyboardInterrupt at the n-th step, a line or a return, of whatever Python code is called from now on."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __call__(self, frame, event, argument):
        del frame, argument
        if event in ("line", "return"):
            self.steps -= 1
            if self.steps == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self


def interrupted(steps: int, heard: list[int]) -> None:
    """Note the number if an interrupt comes while columns are put, and the crew ends all the same."""
    key = ("presence", ("x",))
    batch = pa.table({"x": range(3)})
    try:
        with _Crew({key: Presence.new()}, 2, Tables(GroupBy(), ())) as crew:
            sys.settrace(Interrupt(steps))
            for _ in range(4):
                crew.put(batch, frozenset({"x"}), ())
            sys.settrace(None)
    except KeyboardInterrupt:
        heard.append(steps)


def test_crew__ends_wherever_it_is_interrupted(request):
    """A lock that Python code held when the interrupt came would stay locked, and the end wait for it for ever."""
    gc.disable()  # the callbacks of a collection are steps too, and an interrupt in one of them is printed, not raised
    request.addfinalizer(gc.enable)
    heard: list[int] = []
    for steps in range(1, 200):
        thread = threading.Thread(target=interrupted, args=(steps, heard), daemon=True)
        thread.start()
        thread.join(timeout=20)
        assert not thread.is_alive(), f"it hangs when interrupted at step {steps}"
        if steps not in heard:
            break
    assert len(heard) >= 10
