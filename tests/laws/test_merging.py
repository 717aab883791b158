"""Merging profiles, saved and loaded in between: any split of a lake by files is the lake, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_format import frame

import lakedrift as ld
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.profiles import Profile

FILES = 6
BY = {"by": ["country"], "time": "at", "every": "1d"}
FILTER = {"where": "items > 3 AND country IS NOT NULL"}
MODEL = {"roles": {"label": "paid", "score": "score", "value": "price"}, "correlations": ["price", "items", "score"]}
few = settings(max_examples=10)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    for number in range(FILES):
        frame(number, 40 + number).with_columns(score=pl.col("items") / 9).write_parquet(folder / f"{number}.parquet")
    return folder


@pytest.fixture(scope="module")
def whole(lake: Path) -> Profile:
    return ld.profile(lake, **BY)


@pytest.fixture(scope="module", params=[BY, BY | FILTER, MODEL, MODEL | FILTER | BY], ids=["by", "filter", "model", "all"])
def any_whole(lake: Path, request: pytest.FixtureRequest) -> tuple[Profile, dict[str, object]]:
    """Return the profile of the lake, and the options that it was made with; on its own grids it is the same."""
    whole = ld.profile(lake, **request.param)
    assert ld.profile(lake, like=whole, **request.param).to_bytes() == whole.to_bytes()
    return whole, request.param


PARTS: dict[tuple[object, ...], Profile] = {}


def part(lake: Path, whole: Profile | None, numbers: tuple[int, ...], options: Mapping[str, object] = BY) -> Profile:
    """Return the profile of some files, on the grids of the whole or its own."""
    key = (lake, whole is None, numbers, repr(options))
    if key not in PARTS:
        paths = [lake / f"{number}.parquet" for number in numbers]
        PARTS[key] = stored(ld.profile(paths, like=whole, **options))
    return PARTS[key]


def stored(profile: Profile) -> Profile:
    return Profile.from_bytes(profile.to_bytes())


def added(*profiles: Profile, **options: bool) -> Profile:
    return stored(ld.merge(profiles, **options))


SPLITS = st.lists(st.integers(0, 2), min_size=FILES, max_size=FILES).map(
    lambda owners: [tuple(number for number in range(FILES) if owners[number] == owner) for owner in set(owners)]
)


@few
@given(split=SPLITS, data=st.data())
def test_merge__any_split_by_files_is_the_whole(lake, any_whole, split, data):
    whole, options = any_whole
    parts = [part(lake, whole, numbers, options) for numbers in split]
    merged = added(*data.draw(st.permutations(parts)))
    assert replace(merged, name=whole.name).to_bytes() == whole.to_bytes()
    assert added(merged, whole.empty()).rows == merged.rows


@few
@given(order=st.permutations(range(3)), coarsen=st.booleans())
def test_merge__is_associative_and_commutative(lake, whole, order, coarsen):
    like = None if coarsen else whole  # each part has grids of its own
    parts = [part(lake, like, numbers) for numbers in ((0, 1), (2, 3), (4, 5))]
    one, other, last = (parts[place] for place in order)
    left = added(added(one, other, coarsen=coarsen), last, coarsen=coarsen)
    right = added(one, added(other, last, coarsen=coarsen), coarsen=coarsen)
    assert left.to_bytes() == right.to_bytes() == added(*parts, coarsen=coarsen).to_bytes()


def test_merge__coarsened_counts_are_those_of_the_rows(lake, whole):
    parts = [part(lake, None, numbers) for numbers in ((0, 1), (2, 3), (4, 5))]
    with pytest.raises(IncompatibleProfilesError, match="--coarsen"):
        ld.merge(parts)
    merged = ld.merge(parts, coarsen=True)
    fine, coarse = whole.state("price"), merged.state("price")
    shared = np.intersect1d(fine.binning.edges, coarse.binning.edges)
    below = [np.append(0, np.cumsum(state.cells[0]))[np.searchsorted(state.binning.edges, shared)] for state in (fine, coarse)]
    assert below[0].tolist() == below[1].tolist()
    assert len(shared) > 10
    assert (coarse.valid, coarse.null) == (fine.valid, fine.null)
    assert (coarse.extremes == fine.extremes).all()


def test_profile__like_one_of_joined_cells_counts_in_those_that_were_joined(lake, whole):
    merged = ld.merge([part(lake, None, numbers) for numbers in ((0, 1), (2, 3), (4, 5))], coarsen=True)
    assert len(merged.state("price").binning.kept)
    found = ld.profile(lake, like=merged, **BY)
    assert found.state("price").binning == merged.state("price").binning.fine
    both = ld.merge([found, merged], coarsen=True, allow_duplicates=True).state("price")
    assert both.cells.tolist() == (2 * merged.state("price").cells).tolist()
    assert ld.sweep(merged, lake, min_rows=1, **BY).profiles[1].state("price").valid == merged.state("price").valid


def test_merge__coarsening_what_is_on_one_grid_changes_nothing(lake, whole):
    parts = [part(lake, whole, numbers) for numbers in ((0, 1, 2), (3, 4, 5))]
    assert ld.merge(parts, coarsen=True).to_bytes() == ld.merge(parts).to_bytes()


def test_merge__a_file_twice_is_refused_unless_asked_for(lake, whole, monkeypatch):
    one, both = part(lake, whole, (0,)), part(lake, whole, (0, 1))
    with pytest.raises(IncompatibleProfilesError, match=r"0\.parquet"):
        ld.merge([one, both])
    twice = ld.merge([one, both], allow_duplicates=True)
    assert twice.rows == one.rows + both.rows
    with pytest.raises(IncompatibleProfilesError, match=r"0\.parquet"):
        ld.merge([twice, one])
    monkeypatch.chdir(lake)
    with pytest.raises(IncompatibleProfilesError, match=r"0\.parquet"):
        ld.merge([one, ld.profile("0.parquet", like=whole, **BY)])
