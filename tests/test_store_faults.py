"""A store whose disk fails, whose writers are killed, and that five processes write at once: nothing that was kept is lost.

`make crashes` kills two hundred writers; without it twenty are.
"""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faults import every_failure, unfinished
from test_format import frame

import lakedrift as ld
from lakedrift.errors import StoreError
from lakedrift.profiles import Profile
from lakedrift.storages.folder import Folder

KILLS = int(os.environ.get("LAKEDRIFT_KILLS", "20"))
SEED = int(os.environ.get("LAKEDRIFT_SEED", "6"))
DEAD = 999_999_999  # no process has this number
COLUMNS = ["price", "country", "items"]


def write(lake: Path, number: int) -> None:
    lake.mkdir(exist_ok=True)
    beside = lake / f".{number}"
    frame(number, 50).select(COLUMNS).write_parquet(beside)
    beside.rename(lake / f"{number:04}.parquet")


def kept(store: Path) -> dict[str, bytes]:
    """Return every fragment that the store keeps, and assert that all it holds can be read."""
    found = {}
    for path in store.rglob("*.profile"):
        data = path.read_bytes()
        Profile.from_bytes(data).check()
        if "fragments" in path.parts:
            found[path.name] = data
    return found


def audit(lake: Path, store: object) -> Profile:
    return ld.profile(lake, store=store, threads=1)


@pytest.mark.parametrize(("code", "for_good"), [(errno.ENOSPC, False), (errno.EIO, True), (errno.ENOSPC, True)])
def test_failures__whatever_operation_fails_the_next_run_goes_on(code, for_good, tmp_path):
    lake, plain = tmp_path / "lake", tmp_path / "store"
    write(lake, 1)
    first = audit(lake, plain)
    number = 1
    for disk in every_failure(code, for_good=for_good):
        number += 1
        write(lake, number)
        if number > 3:
            (lake / f"{number - 2:04}.parquet").unlink()
        before = kept(plain)
        expected = ld.profile(lake, like=first, threads=1).to_bytes()
        found = attempted(lake, Folder(str(plain), disk, "unfinished"), os.strerror(code))
        assert found in (None, expected)
        after = kept(plain)
        assert len(before.keys() - after.keys()) <= 1  # that of the file that was deleted
        assert all(data == before[name] for name, data in after.items() if name in before)
        for path in unfinished(plain):  # whoever writes it lives: this process
            path.rename(path.with_name(path.name.replace(f"-{os.getpid()}-", f"-{DEAD}-")))
        assert audit(lake, plain).to_bytes() == expected
        assert not unfinished(plain)
    assert number > 10


def attempted(lake: Path, store: Folder, why: str) -> bytes | None:
    """Audit, and return what was found, None where that was refused with a reason."""
    try:
        return audit(lake, store).to_bytes()
    except StoreError as error:
        if why in error.message:
            return None
        raise


SAVING = """
import sys, lakedrift as ld
one, other = (ld.load(path) for path in sys.argv[2:4])
print("ready", flush=True)
while True:
    one.save(sys.argv[1])
    other.save(sys.argv[1])
"""
UPDATING = """
import sys, lakedrift as ld
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from test_store_faults import audit, write
lake, store = Path(sys.argv[1]), sys.argv[2]
audit(lake, store)
print("ready", flush=True)
number = int(max(lake.iterdir()).stem)
while True:
    number += 1
    write(lake, number)
    audit(lake, store)
    min(lake.iterdir()).unlink()
    audit(lake, store)
"""


def killed(program: str, *words: object, after: float) -> None:
    command = [sys.executable, "-c", program, *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(after)
        process.kill()


def test_kill__while_a_profile_is_saved(tmp_path):
    places = [tmp_path / name for name in ("one.profile", "other.profile")]
    profiles = [ld.profile(frame(seed)) for seed in (1, 2)]
    for place, profile in zip(places, profiles, strict=True):
        profile.save(place)
    moment = random.Random(SEED)
    folder = tmp_path / "saved"
    for _ in range(KILLS // 2):
        killed(SAVING, folder / "a.profile", *places, after=moment.random() * 0.05)
        if folder.exists() and (folder / "a.profile").exists():
            assert ld.load(folder / "a.profile").to_bytes() in [profile.to_bytes() for profile in profiles]
        profiles[0].save(folder / "a.profile")
        assert [path.name for path in folder.iterdir()] == ["a.profile"]


def test_kill__while_a_store_is_updated(tmp_path):
    lake, store = tmp_path / "lake", tmp_path / "store"
    for number in range(1, 4):
        write(lake, number)
    first = audit(lake, store)
    moment = random.Random(SEED)
    for _ in range(KILLS - KILLS // 2):
        before = kept(store)
        killed(UPDATING, lake, store, Path(__file__).parent, after=moment.random() * 0.4)
        after = kept(store)
        assert all(data == before[name] for name, data in after.items() if name in before)
        found = audit(lake, store)
        assert found.to_bytes() == ld.profile(lake, like=first, threads=1).to_bytes()
        assert not unfinished(store)


WRITING = """
import sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from test_store_faults import audit, write
lake, store, worker = Path(sys.argv[1]), sys.argv[2], int(sys.argv[4])
for turn in range(3):
    write(lake, 10 * worker + turn)
    audit(lake, store)
"""


def test_five_writers__lose_nothing(tmp_path):
    lake, store = tmp_path / "lake", tmp_path / "store"
    write(lake, 1)
    first = audit(lake, store)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    words = [str(lake), str(store), str(Path(__file__).parent)]
    workers = [
        subprocess.Popen([sys.executable, "-c", WRITING, *words, str(worker)], env=environment) for worker in range(1, 6)
    ]
    assert [worker.wait() for worker in workers] == [0] * 5
    assert len(kept(store)) == 16
    found = audit(lake, store)
    assert found.to_bytes() == ld.profile(lake, like=first, threads=1).to_bytes()
    assert found.rows == 16 * 50
    assert not unfinished(store)
