"""A folder on disk. A file is written beside its name, reaches the disk, and only then takes the name.

That is what SQLite, Git and LevelDB do: write under another name, `fsync` the file, `rename` or `link`, `fsync` the folder. A
failed `fsync` is a failed write, and is not tried again: after it the kernel may have dropped the pages and say all is well.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
import uuid
import zlib
from collections.abc import Callable
from pathlib import Path

from lakedrift.disk import Disk
from lakedrift.errors import StoreError, StoreWriteError

__all__ = ["Folder"]

UNFINISHED = ".tmp"
LEASE = 86_400  # seconds after which another machine's unfinished file is nobody's
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)


class Folder:
    """A folder.

    Parameters
    ----------
    path
        Where it is; it is created when something is put there.
    disk
        What does the work.
    scratch
        The folder in it where files are written first, which must be on the same disk; without one, beside their names.
    """

    def __init__(self, path: str, disk: Disk | None = None, scratch: str | None = None) -> None:
        self._path = path
        self._disk = disk or Disk()
        self._scratch = scratch

    def get(self, name: str) -> bytes | None:
        """Return what is there, None where nothing is."""
        path = self._of(name)
        try:
            return self._disk.read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            msg = f"cannot read {path!r}: {error.strerror}"
            raise StoreError(msg) from error

    def put(self, name: str, data: bytes) -> None:
        """Put bytes there; StoreWriteError where that cannot be done."""
        self._write(name, data, self._disk.replace)

    def put_new(self, name: str, data: bytes) -> bool:
        """Put bytes there unless something is; return whether they were put."""
        try:
            self._write(name, data, self._link)
        except _TakenError:
            return False
        return True

    def names(self, folder: str) -> list[str]:
        """Return the finished files of a folder, sorted."""
        return [name for name, is_folder in self._listed(folder) if not (is_folder or name.endswith(UNFINISHED))]

    def folders(self, folder: str) -> list[str]:
        """Return the folders in a folder, sorted."""
        return [name for name, is_folder in self._listed(folder) if is_folder]

    def _listed(self, folder: str) -> list[tuple[str, bool]]:
        path = self._of(folder)
        try:
            return sorted(self._disk.list(path))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            msg = f"cannot list {path!r}: {error.strerror}"
            raise StoreError(msg) from error

    def remove(self, name: str) -> None:
        """Remove a file, if there is one."""
        path = self._of(name)
        try:
            with contextlib.suppress(FileNotFoundError):
                self._disk.remove(path)
        except OSError as error:
            msg = f"cannot remove {path!r}: {error.strerror}"
            raise StoreWriteError(msg) from error

    def remove_folder(self, folder: str) -> None:
        """Remove a folder and all in it; where somebody puts something there meanwhile, that stays."""
        for name in self.folders(folder):
            self.remove_folder(f"{folder}/{name}")
        for name in self.names(folder):
            self.remove(f"{folder}/{name}")
        with contextlib.suppress(OSError):
            self._disk.remove_folder(self._of(folder))

    def sweep(self, name: str = "") -> None:
        """Remove what killed writers left of a name, or, where there is a scratch folder, of any.

        What cannot be removed now can be later.
        """
        folder, own = os.path.split(self._of(name))
        start, folder = (f".{own}.", folder) if self._scratch is None else (".", self._of(self._scratch))
        now = time.time()  # files of other machines have no other age
        with contextlib.suppress(OSError):
            for found, _ in self._disk.list(folder or os.curdir):
                if found.startswith(start) and found.endswith(UNFINISHED):
                    path = os.path.join(folder, found)  # noqa: PTH118
                    with contextlib.suppress(OSError):
                        if _is_orphan(found, self._disk.age(path, now)):
                            self._disk.remove(path)

    def _of(self, name: str) -> str:
        return str(Path(self._path, name))

    def _write(self, name: str, data: bytes, publish: Callable[[str, str], None]) -> None:
        path = self._of(name)
        folder, own = os.path.split(path)
        unfinished = f".{own}.{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:12]}{UNFINISHED}"
        first = folder if self._scratch is None else self._of(self._scratch)
        beside = os.path.join(first, unfinished)  # noqa: PTH118
        try:
            for needed in dict.fromkeys((folder, first)):
                self._make(needed)
            try:
                self._fill(beside, data)
                publish(beside, path)
            finally:
                with contextlib.suppress(OSError):
                    self._disk.remove(beside)
            self._settle(folder or os.curdir)
        except FileExistsError as error:
            raise _TakenError from error
        except OSError as error:
            msg = f"cannot write {path!r}: {error.strerror}"
            raise StoreWriteError(msg) from error

    def _make(self, folder: str) -> None:
        """Create a folder where there is none, and those above it; their names reach the disk as well."""
        if not folder or self._disk.is_folder(folder):
            return
        above = os.path.dirname(folder)  # noqa: PTH120
        self._make(above)
        try:
            self._disk.make_folder(folder)
        except FileExistsError:  # somebody else was first
            if not self._disk.is_folder(folder):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
        self._settle(above or os.curdir)

    def _fill(self, path: str, data: bytes) -> None:
        descriptor = self._disk.create(path)
        try:
            left = memoryview(data)
            while left:
                left = left[self._disk.write(descriptor, left) :]
            self._disk.fsync(descriptor)
        finally:
            self._disk.close(descriptor)

    def _link(self, path: str, name: str) -> None:
        try:
            self._disk.link(path, name)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            if os.path.lexists(name):
                raise FileExistsError from error
            self._disk.replace(path, name)  # a file system without links: the later of two writers of the same name wins

    def _settle(self, folder: str) -> None:
        """Have the names in a folder reach the disk."""
        descriptor = self._disk.open_folder(folder)
        try:
            self._disk.fsync(descriptor)
        finally:
            self._disk.close(descriptor)


class _TakenError(Exception):
    """Something is there already."""


def _machine() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def _is_orphan(name: str, age: float) -> bool:
    """Whether whoever wrote an unfinished file is gone: a process of this machine, or anybody after a day."""
    machine, _, rest = name.removesuffix(UNFINISHED).rsplit(".", 1)[-1].partition("-")
    process = rest.partition("-")[0]
    if age > LEASE or not process.isdigit():
        return age > LEASE
    if machine != _machine():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
