"""Disks that fail: a real one, whose N-th operation does not happen, or half."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lakedrift.disk import Disk

__all__ = ["FailingDisk", "every_failure"]

OPERATIONS = [name for name in vars(Disk) if not name.startswith("_")]


class FailingDisk(Disk):
    """A disk whose n-th operation fails, and, as a broken disk does, maybe every later one too."""

    def __init__(self, nth: int, code: int, *, for_good: bool = False) -> None:
        self.left = nth
        self.code = code
        self.for_good = for_good
        self.failed: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        real = super().__getattribute__(name)
        return self._counted(name, real) if name in OPERATIONS else real

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == 0 or (self.left < 0 and self.for_good and name != "close"):
                self.failed.append(name)
                if name == "write":  # a full disk takes what it can
                    descriptor, data = arguments
                    os.write(descriptor, data[: len(data) // 2])
                if name == "close":  # the descriptor is free all the same
                    real(*arguments)
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments)

        return call


def every_failure(code: int, *, for_good: bool) -> Iterator[FailingDisk]:
    """Yield disks that fail at their first, second, … operation, until one has come to its end without failing."""
    nth = 0
    while True:
        nth += 1
        disk = FailingDisk(nth, code, for_good=for_good)
        yield disk
        if not disk.failed:
            return


def unfinished(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.name.endswith(".tmp")]
