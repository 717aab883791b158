"""A store whose writers are killed, and that five processes write at once: nothing that was kept is lost.

`make crashes` kills a hundred writers of profiles, a hundred of stores, and fifty that replace grids; without it a tenth are.
"""

from __future__ import annotations

import os
import random

import pytest
from faults import unfinished
from killing import audit, victims
from test_format import frame
from test_store_faults import kept
from writing import ROWS, five_writers, write

import lakedrift as ld

KILLS = int(os.environ.get("LAKEDRIFT_KILLS", "20"))
SEED = int(os.environ.get("LAKEDRIFT_SEED", "6"))
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be copied here")


@needs_fork
def test_kill__while_a_profile_is_saved(tmp_path):
    places = [tmp_path / name for name in ("one.profile", "other.profile")]
    profiles = [ld.profile(frame(seed)) for seed in (1, 2)]
    for place, profile in zip(places, profiles, strict=True):
        profile.save(place)
    moment, folder = random.Random(SEED), tmp_path / "saved"
    with victims("saving", folder / "a.profile", *places) as kill:
        for _ in range(KILLS // 2):
            kill(moment.random() * 0.05)
            assert ld.load(folder / "a.profile").to_bytes() in [profile.to_bytes() for profile in profiles]
            profiles[0].save(folder / "a.profile")
            assert [path.name for path in folder.iterdir()] == ["a.profile"]


@needs_fork
def test_kill__while_a_store_is_updated(tmp_path):
    lake, store = tmp_path / "lake", tmp_path / "store"
    for number in range(1, 4):
        write(lake, number)
    first, moment = audit(lake, store), random.Random(SEED)
    with victims("updating", lake, store, "") as kill:
        for _ in range(KILLS // 2):
            before, there = kept(store), {path.name for path in lake.iterdir()}
            kill(moment.random() * 0.3)
            lost, after = {path.name for path in lake.iterdir()}, kept(store)
            assert all(data == before[name] for name, data in after.items() if name in before)
            assert len(before.keys() - after.keys()) <= len(there - lost)  # those of files that are gone
            found = audit(lake, store)
            assert found.to_bytes() == ld.profile(lake, like=first, threads=1).to_bytes()
            assert not unfinished(store)


@needs_fork
def test_kill__while_grids_are_replaced(tmp_path):
    lake, store = tmp_path / "lake", tmp_path / "store"
    for number in range(1, 4):
        write(lake, number)
    audit(lake, store)
    moment = random.Random(SEED)
    with victims("updating", lake, store, "refit") as kill:
        for _ in range(KILLS // 4):
            kill(moment.random() * 0.3)
            kept(store)
            found = audit(lake, store)
            assert found.to_bytes() == ld.profile(lake, like=found, threads=1).to_bytes()
            assert not unfinished(store)
            assert [len(list(fits.iterdir())) for fits in (store / "fragments").iterdir()] == [1]


def test_five_writers__lose_nothing(tmp_path):
    lake, store = tmp_path / "lake", tmp_path / "store"
    write(lake, 1)
    first = audit(lake, store)
    files = 1 + five_writers(lake, store)
    assert len(kept(store)) == files
    found = audit(lake, store)
    assert found.to_bytes() == ld.profile(lake, like=first, threads=1).to_bytes()
    assert found.rows == files * ROWS
    assert not unfinished(store)
