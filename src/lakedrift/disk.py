"""Everything that storing does to a disk, one system call a method, so that a test can make the N-th of them fail."""

from __future__ import annotations

import errno
import os
import stat

__all__ = ["Disk"]

LARGEST = 1 << 34  # bytes of a profile


class Disk:
    """A disk. Every method raises OSError as the call does that it is named after."""

    def create(self, path: str) -> int:
        """Create a file that must not exist, and return its descriptor."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)

    def write(self, descriptor: int, data: memoryview) -> int:
        """Write some bytes, at least one, and return how many."""
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """Have a file or a folder reach the disk itself."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """Close a file."""
        os.close(descriptor)

    def open_folder(self, path: str) -> int:
        """Return the descriptor of a folder."""
        return os.open(path, os.O_RDONLY)

    def link(self, path: str, name: str) -> None:
        """Give a file a second name, which must not exist."""
        os.link(path, name)

    def replace(self, path: str, name: str) -> None:
        """Give a file another name, whatever had it before."""
        os.replace(path, name)  # noqa: PTH105 -- names, as in every method here

    def remove(self, path: str) -> None:
        """Remove a file."""
        os.remove(path)  # noqa: PTH107

    def make_folder(self, path: str) -> None:
        """Create a folder, in one that exists."""
        os.mkdir(path)  # noqa: PTH102

    def is_folder(self, path: str) -> bool:
        """Return whether there is a folder."""
        try:
            return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116
        except FileNotFoundError:
            return False

    def remove_folder(self, path: str) -> None:
        """Remove a folder that is empty."""
        os.rmdir(path)  # noqa: PTH106

    def read(self, path: str) -> bytes:
        """Return what a file holds; EFBIG where that is more than any profile."""
        with open(path, "rb") as file:  # noqa: PTH123
            if os.fstat(file.fileno()).st_size > LARGEST:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            return file.read()

    def list(self, path: str) -> list[tuple[str, bool]]:
        """Return the names in a folder, and whether each is that of another folder."""
        with os.scandir(path) as found:
            return [(entry.name, entry.is_dir()) for entry in found]

    def age(self, path: str, now: float) -> float:
        """Return how many seconds before `now` a file was last changed."""
        return now - os.stat(path).st_mtime  # noqa: PTH116
