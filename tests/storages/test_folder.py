"""A folder: old or new whatever fails, put once whoever races, and nothing left behind."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading

import pytest
from faults import every_failure, unfinished

from lakedrift.disk import Disk
from lakedrift.errors import StoreError, StoreWriteError
from lakedrift.storages.folder import Folder

OLD, NEW = b"old" * 1_000, b"new" * 2_000
CODES = [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EDQUOT]


def test_put__replaces_and_get_reads(tmp_path):
    folder = Folder(str(tmp_path / "deep" / "er"))
    assert folder.get("a") is None
    folder.put("a", OLD)
    folder.put("a", NEW)
    folder.put("b/c", OLD)
    assert (folder.get("a"), folder.get("b/c"), folder.get("a/x")) == (NEW, OLD, None)
    assert (folder.names("b"), folder.names("nowhere")) == (["c"], [])
    folder.remove("a")
    folder.remove("a")
    assert folder.get("a") is None
    folder.put("b/d/e", NEW)
    folder.put("bd/e", NEW)
    assert (folder.names("b"), folder.folders("b"), folder.folders("nowhere")) == (["c"], ["d"], [])
    folder.remove_folder("b")
    folder.remove_folder("nowhere")
    assert (folder.names("b"), folder.folders("b"), folder.get("bd/e")) == ([], [], NEW)
    assert not (tmp_path / "deep" / "er" / "b").exists()
    assert not unfinished(tmp_path)


def test_put_new__puts_once(tmp_path):
    folder = Folder(str(tmp_path))
    assert folder.put_new("a", OLD)
    assert not folder.put_new("a", NEW)
    assert folder.get("a") == OLD


def test_put_new__of_fifty_threads_one_wins(tmp_path):
    folder, won, start = Folder(str(tmp_path)), [], threading.Barrier(50)

    def race(number):
        start.wait()
        if folder.put_new("a", bytes([number]) * 5_000):
            won.append(number)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = won
    assert folder.get("a") == bytes([winner]) * 5_000
    assert not unfinished(tmp_path)


def refused(folder: Folder, verb: str) -> StoreWriteError | None:
    """Write, and return the error if that cannot be done."""
    try:
        getattr(folder, verb)("x/a", NEW)
    except StoreWriteError as error:
        return error
    return None


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("scratch", [None, "unfinished"])
@pytest.mark.parametrize("verb", ["put", "put_new"])
def test_put__whatever_operation_fails_it_is_old_or_new(verb, scratch, code, for_good, tmp_path):
    failed = set()
    for number, disk in enumerate(every_failure(code, for_good=for_good)):
        root = tmp_path / str(number)
        before = OLD if verb == "put" else None
        if before:
            Folder(str(root)).put("x/a", before)
        error = refused(Folder(str(root), disk, scratch), verb)
        if error is None:
            assert set(disk.failed) <= {"remove"}  # what is unfinished can be swept
        else:
            assert (error.exit_code, os.strerror(code) in error.message) == (4, True)
        failed.update(disk.failed[:1])
        sound = Folder(str(root), scratch=scratch)
        assert sound.get("x/a") in (before, NEW)
        getattr(sound, verb)("x/a", NEW)  # and the next run goes on
        assert sound.get("x/a") == NEW
    publish = "replace" if verb == "put" else "link"
    made = {"make_folder"} if verb == "put_new" or scratch else set()
    assert failed >= {"is_folder", *made, "create", "write", "fsync", "close", publish, "open_folder", "remove"}


@pytest.mark.parametrize("scratch", [None, "unfinished"])
def test_put__new_folders_reach_the_disk_too(scratch, tmp_path):
    opened, synced = {}, []

    class Watching(Disk):
        def open_folder(self, path: str) -> int:
            descriptor = super().open_folder(path)
            opened[descriptor] = path
            return descriptor

        def fsync(self, descriptor: int) -> None:
            synced.append(opened.pop(descriptor, ""))
            super().fsync(descriptor)

    Folder(str(tmp_path / "a"), Watching(), scratch).put("b/c/d", NEW)
    assert {str(tmp_path / name) for name in ("", "a", "a/b", "a/b/c")} <= set(synced)
    synced.clear()
    Folder(str(tmp_path / "a"), Watching(), scratch).put("b/c/d", OLD)
    assert synced == ["", str(tmp_path / "a/b/c")]


def test_put__where_a_file_is_in_the_way_is_typed(tmp_path):
    (tmp_path / "a").write_bytes(OLD)
    with pytest.raises(StoreWriteError, match="a/b"):
        Folder(str(tmp_path)).put("a/b/c", NEW)


def test_put__a_failed_fsync_is_a_failed_write(tmp_path):
    class Lying(Disk):
        synced = 0

        def fsync(self, _: int) -> None:
            self.synced += 1
            raise OSError(errno.EIO, "lost")

    disk = Lying()
    with pytest.raises(StoreWriteError, match="lost"):
        Folder(str(tmp_path), disk).put("a", NEW)
    assert disk.synced == 1
    assert list(tmp_path.iterdir()) == []


def test_put_new__on_a_disk_without_links(tmp_path):
    class Plain(Disk):
        def link(self, *_: str) -> None:
            raise OSError(errno.EPERM, "no links")

    folder = Folder(str(tmp_path), Plain())
    assert folder.put_new("a", OLD)
    assert not folder.put_new("a", NEW)
    assert folder.get("a") == OLD
    assert not unfinished(tmp_path)


@pytest.mark.parametrize("verb", ["get", "names", "folders", "remove"])
def test_failures__are_typed(verb, tmp_path):
    Folder(str(tmp_path)).put("x/a", OLD)
    (disk,) = (disk for disk, _ in zip(every_failure(errno.EIO, for_good=True), range(1), strict=False))
    with pytest.raises(StoreError):
        getattr(Folder(str(tmp_path), disk), verb)("x/a" if verb in ("get", "remove") else "x")


LEAVE = """
import os, stat, sys
from lakedrift.storages.folder import Folder
from lakedrift.disk import Disk
class Dying(Disk):
    def fsync(self, descriptor):
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.kill(os.getpid(), 9)
Folder(sys.argv[1], Dying(), sys.argv[2] or None).put("a", b"half")
"""


@pytest.mark.parametrize("scratch", ["", "unfinished"])
def test_sweep__removes_what_the_dead_left_and_nothing_of_the_living(scratch, tmp_path):
    ran = subprocess.run([sys.executable, "-c", LEAVE, str(tmp_path), scratch], check=False)
    assert ran.returncode == -9
    (orphan,) = unfinished(tmp_path)
    mine = orphan.with_name(orphan.name.replace(f"-{orphan.name.split('-')[1]}-", f"-{os.getpid()}-"))
    other = orphan.with_name(".a.00000000-1-abc.tmp")
    aged = orphan.with_name(".a.00000000-2-abc.tmp")
    for path in (mine, other, aged):
        path.write_bytes(b"")
    os.utime(aged, (1, 1))
    Folder(str(tmp_path), scratch=scratch or None).sweep("a")
    assert set(unfinished(tmp_path)) == {mine, other}
