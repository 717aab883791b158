"""Under one grid, a profile is a function of the multiset of rows: of no file, row group, order, encoding or thread."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hard_columns import SHAPES
from hypothesis import given, settings
from hypothesis import strategies as st

import lakedrift as ld
from lakedrift.errors import IncompatibleProfilesError, InvariantError
from lakedrift.profiles import Profile

ROWS = 1_200


def every_kind() -> pl.DataFrame:
    random = np.random.default_rng(5)
    hard = {name: pl.Series(shape(random, ROWS)) for name, shape in SHAPES.items()}
    words = random.choice(["a", "b", "ä", "twelve bytes", "thirteen chrs", ""], ROWS).tolist()
    start = datetime.datetime(2026, 8, 1)
    others = {
        "words": pl.Series(words),
        "codes": pl.Series(words, dtype=pl.Categorical),
        "truth": pl.Series(random.random(ROWS) < 0.3),
        "when": pl.Series([start + datetime.timedelta(minutes=int(step)) for step in random.integers(0, 9_999, ROWS)]),
        "key": pl.Series([f"order-{number}" for number in range(ROWS)]),
        "nested": pl.Series([[1]] * ROWS),
        "nothing": pl.Series([None] * ROWS, dtype=pl.Float64),
    }
    frame = pl.DataFrame({f"hard {name}": series for name, series in hard.items()} | others)
    missing = random.random((len(frame.columns), ROWS)) < 0.1
    return frame.with_columns(
        pl.when(pl.Series(gone)).then(None).otherwise(pl.col(name)).alias(name)
        for name, gone in zip(frame.columns, missing, strict=True)
    )


FRAME = every_kind()
SHUFFLED = FRAME.sample(fraction=1.0, shuffle=True, seed=3)


def written(folder: Path, parts: Iterable[pl.DataFrame], **options) -> list[str]:
    folder.mkdir()
    paths = []
    for number, part in enumerate(parts):
        paths.append(str(folder / f"part-{number}.parquet"))
        part.write_parquet(paths[-1], **options)
    return paths


def cut(frame: pl.DataFrame, *at: int) -> list[pl.DataFrame]:
    return [frame[start:end] for start, end in itertools.pairwise([0, *at, frame.height])]


def assert_same(one: Profile, other: Profile) -> None:
    assert set(one.states) == set(other.states)
    for key, state in one.states.items():
        assert state.to_arrow().equals(other.states[key].to_arrow(), check_metadata=True), key
    assert one.rows == other.rows


@pytest.fixture(scope="module")
def whole() -> Profile:
    return ld.profile(FRAME, threads=1)


def test_profile__has_a_state_for_every_column_that_adds_up(whole):
    assert [feature.name for feature in whole.features] == FRAME.columns
    for name in set(FRAME.columns) - {"nested"}:  # only named
        state = whole.state(name)
        assert (state.rows[0], state.null[0]) == (ROWS, FRAME[name].null_count())
        assert state.rows == state.null + state.nan + state.valid


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_profile__no_number_of_threads_changes_it(threads, whole):
    assert_same(ld.profile(FRAME, threads=threads), whole)


LAYOUTS = {
    "one file": ([FRAME], {}),
    "files of any size": (cut(FRAME, 1, 2, 700, 700), {}),
    "row groups of 13": ([FRAME], {"row_group_size": 13}),
    "another order": (cut(SHUFFLED, 400), {"row_group_size": 100}),
    "no compression": ([FRAME], {"compression": "uncompressed", "statistics": False}),
    "columns in another order": ([FRAME.select(reversed(FRAME.columns))], {}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("threads", [1, 3])
def test_profile__no_layout_changes_it(layout, threads, whole, tmp_path):
    parts, options = LAYOUTS[layout]
    paths = written(tmp_path / "lake", parts, **options)
    assert_same(ld.profile(tmp_path / "lake", like=whole, threads=threads), whole)
    assert_same(ld.profile(paths[::-1], like=whole, threads=threads), whole)


@pytest.mark.parametrize(
    "encoding", [{"use_dictionary": False}, {"use_dictionary": True, "data_page_version": "2.0"}, {"data_page_size": 64}]
)
def test_profile__no_encoding_changes_it(encoding, whole, tmp_path):
    pq.write_table(FRAME.to_arrow(), tmp_path / "part.parquet", **encoding)
    assert_same(ld.profile(tmp_path, like=whole), whole)


def test_profile__a_fresh_fit_of_the_same_files_is_the_same(tmp_path):
    paths = written(tmp_path / "lake", cut(FRAME, 300, 900), row_group_size=50)
    assert_same(ld.profile(tmp_path / "lake", threads=1), ld.profile(paths, threads=8))


def test_profile__columns_beside_it_do_not_matter(whole):
    names = ["hard normal", "words"]
    alone = ld.profile(FRAME.select(names), like=whole)
    for name in names:
        assert alone.state(name).to_arrow().equals(whole.state(name).to_arrow(), check_metadata=True)


@settings(max_examples=6)
@given(at=st.lists(st.integers(0, ROWS), min_size=2, max_size=2).map(sorted), order=st.permutations(range(3)))
def test_merge__of_the_parts_is_the_whole_in_any_order(whole, at, order):
    parts = [ld.profile(part, like=whole) for part in cut(FRAME, *at)]
    assert_same(ld.merge(parts), whole)
    one, other, last = (parts[place] for place in order)
    assert_same(ld.merge([ld.merge([one, other]), last]), whole)
    assert_same(ld.merge([one, ld.merge([other, last])]), whole)
    assert_same(ld.merge([whole.empty(), whole]), whole)


def test_merge__leaves_its_parts_as_they_were(whole):
    part = ld.profile(FRAME[:100], like=whole)
    before = {key: state.to_arrow() for key, state in part.states.items()}
    ld.merge([part, part, whole])
    assert all(state.to_arrow().equals(before[key], check_metadata=True) for key, state in part.states.items())


def test_merge__of_two_grids_names_the_feature():
    one, other = (ld.profile(pl.DataFrame({"price": [0.5 * factor] * 9})) for factor in (1, 3))
    with pytest.raises(IncompatibleProfilesError, match="'price'"):
        ld.merge([one, other])


@pytest.mark.parametrize("condition", ["truth", '"hard normal" > 0', "words = 'a' AND NOT truth", "false"])
def test_conservation__rows_read_and_kept_back_are_the_rows_declared(condition, tmp_path):
    written(tmp_path / "lake", cut(FRAME, 500))
    profile = ld.profile(tmp_path / "lake", where=condition)
    kept = FRAME.filter(pl.sql_expr(condition).fill_null(value=False))
    assert (profile.rows, profile.filtered) == (kept.height, ROWS - kept.height)
    assert_same(profile, ld.profile(kept, like=profile))


def broken(profile: Profile, name: str, **changes) -> Profile:
    """Return a profile in which the state of one column lost or gained something."""
    states = {key: type(state).from_arrow(state.to_arrow()) for key, state in profile.states.items()}
    state = states[profile.state(name).KIND, (name,)]
    for attribute, change in changes.items():
        getattr(state, attribute)[..., 0] += change
    return dataclasses.replace(profile, states=MappingProxyType(states))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("hard normal", {"cells": 1}),
        ("hard normal", {"null": -1}),
        ("hard normal", {"nan": 1}),
        ("hard normal", {"rows": 1}),
        ("words", {"rows": -1}),
        ("truth", {"null": 1}),
        ("key", {"rows": 1, "null": 1}),
    ],
)
def test_conservation__a_broken_state_is_no_result(name, changes, whole):
    broken(whole, name).check()
    with pytest.raises(InvariantError) as caught:
        broken(whole, name, **changes).check()
    assert name in caught.value.message
    assert caught.value.exit_code == 70


@pytest.mark.parametrize("changes", [{"rows": ROWS + 1}, {"rows": ROWS - 1}, {"filtered": 1}])
def test_conservation__rows_other_than_declared_are_no_result(changes, whole):
    whole.check()
    with pytest.raises(InvariantError):
        dataclasses.replace(whole, **changes).check()
