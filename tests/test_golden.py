"""Golden files: profiles that earlier versions wrote are read for ever, and nobody changes them unseen."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from write_golden import GOLDEN, RECIPES, SUMS, contents, main

import lakedrift as ld
from lakedrift import container
from lakedrift.feature import KINDS
from lakedrift.format import kinds
from lakedrift.profiles import Profile

FILES = sorted(GOLDEN.glob("*.profile"))


@pytest.fixture(scope="module")
def profiles() -> list[Profile]:
    return [ld.load(path) for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_golden__is_read_for_ever(path):
    told = json.loads(path.with_suffix(".json").read_text())
    profile = ld.load(path)
    assert (profile.rows, [feature.name for feature in profile.features]) == (told["rows"], told["features"])
    for name, expected in told["states"].items():
        state = profile.state(name)
        assert [state.KIND, *(int(getattr(state, field)[0]) for field in ("rows", "null", "nan", "valid"))] == expected
    assert [[*grouping.keys, len(grouping)] for grouping in profile.groupings] == told["groupings"]
    assert {kind for held in (profile, *profile.groupings) for kind, _ in held.states} == set(told["kinds"])
    if "fragments" in told:
        found = [[Path(one.uri).name, one.rows, one.etag, one.events, one.windows] for one in profile.fragments]
        assert json.loads(json.dumps(found)) == told["fragments"]
    if "contents" in told:
        assert json.loads(json.dumps(contents(profile))) == told["contents"]
    again = Profile.from_bytes(profile.to_bytes())
    assert contents(again) == contents(profile)
    assert again.fragments == profile.fragments


def test_golden__nobody_changed_a_byte():
    frozen = dict(line.split()[::-1] for line in (GOLDEN / SUMS).read_text().splitlines())
    held = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in GOLDEN.iterdir() if path.name != SUMS}
    assert held == frozen


@pytest.mark.parametrize("name", ["version-1", *RECIPES])
def test_write_golden__never_writes_what_is_there(name):
    with pytest.raises(SystemExit, match="is there already"):
        main(name)


def test_golden__there_is_every_kind_of_state_and_column(profiles):
    version = f"version-{container.VERSION}"
    assert all(path.name.startswith(version) for path in FILES)
    held = {kind for profile in profiles for one in (profile, *profile.groupings) for kind, _ in one.states}
    assert held == set(kinds())
    assert {feature.kind for profile in profiles for feature in profile.features} == set(KINDS)
    assert any(part.grouping for profile in profiles for part in profile.unread)
    assert any(not part.grouping for profile in profiles for part in profile.unread)


def test_golden__there_is_every_form_of_these(profiles):
    wholes = [state for profile in profiles for state in profile.states.values()]
    grids = [state.binning for state in wholes if state.KIND == "numeric"]
    words = [state for state in wholes if state.KIND == "frequencies"]
    assert {grid.axis for grid in grids} == {"double", "int64", "uint64"}
    assert any(grid.linear is not None for grid in grids)
    for form in ("windows", "nested", "kept", "listed"):
        assert any(len(getattr(grid, form)) for grid in grids), form
    assert {(state.buckets is not None, bool(state.names), state.nameless) for state in words} >= {
        (False, True, False),
        (True, True, False),
        (True, False, True),
    }
    assert any(profile.private for profile in profiles)
    assert any(one.folded for profile in profiles for one in profile.groupings)
    assert any(len(one.keys) == 2 for profile in profiles for one in profile.groupings)
    assert any(entry.filtered for profile in profiles for entry in profile.fragments)
    assert any(entry.windows for profile in profiles for entry in profile.fragments)
