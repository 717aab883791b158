"""A store whose disk fails, in every way and at every moment: nothing that was kept is lost, and the next run goes on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from faults import every_failure, unfinished
from killing import audit
from writing import write

import lakedrift as ld
from lakedrift.errors import StoreError
from lakedrift.profiles import Profile
from lakedrift.storages.folder import Folder

DEAD = 999_999_999  # no process has this number


def kept(store: Path) -> dict[str, bytes]:
    """Return every fragment that the store keeps, and assert that all it holds can be read."""
    found = {}
    for path in store.rglob("*.profile"):
        data = path.read_bytes()
        Profile.from_bytes(data).check()
        if "fragments" in path.parts:
            found[path.name] = data
    return found


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
