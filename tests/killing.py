"""Processes to be killed: copies of one that has everything imported and compiled, so that each lives from its first moment on.

`python killing.py WORK WORD ...` warms up and then, for every line that it reads, forks a process that does its work for ever,
tells its number, and waits for its death. A copy has no threads but one, so the work must not need the pools of its libraries:
it reads with Arrow and one thread, and files are copied, not made.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

import lakedrift as ld
from lakedrift.profiles import Profile

__all__ = ["audit", "victims"]

ENOUGH = 4  # files


def audit(lake: Path, store: object, *, refit: bool = False) -> Profile:
    return ld.profile(lake, store=store, threads=1, engine="arrow", refit=refit)


def saving(path: str, *profiles: str) -> Iterator[None]:
    """Save two profiles at the same place in turn."""
    loaded = [ld.load(profile) for profile in profiles]
    while True:
        for profile in loaded:
            profile.save(path)
            yield


def updating(lake: str, store: str, refit: str) -> Iterator[None]:
    """Audit a lake to which files are added, and from which they are taken away; now and then on new grids."""
    home, beside = Path(lake), Path(lake) / ".next"
    while True:
        files = sorted(home.glob("*.parquet"))
        if len(files) > ENOUGH:
            files[0].unlink()
            audit(home, store)
        else:
            shutil.copyfile(files[0], beside)
            beside.rename(home / f"{int(files[-1].stem) + 1:04}.parquet")
            audit(home, store, refit=bool(refit))
        yield


WORKS: dict[str, Callable[..., Iterator[None]]] = {"saving": saving, "updating": updating}


@contextmanager
def victims(work: str, *words: object) -> Iterator[Callable[[float], None]]:
    """Start a process that forks; yield a function that lets a copy work for so many seconds, and kills it."""
    command = [sys.executable, __file__, work, *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, bufsize=1, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told, told_by = process.stdin, process.stdout
        assert told_by.readline() == "warm\n"

        def kill(after: float) -> None:
            told.write("\n")
            number = int(told_by.readline())
            time.sleep(after)
            os.kill(number, signal.SIGKILL)
            assert told_by.readline() == f"{-signal.SIGKILL}\n"  # it did not die by itself

        yield kill
        told.close()


def main(work: str, *words: str) -> None:
    pa.set_cpu_count(1)
    endless = WORKS[work](*words)
    next(endless)
    _tell("warm")
    for _ in sys.stdin:
        number = os.fork()
        if not number:
            for _ in endless:
                pass
        _tell(number)
        _, status = os.waitpid(number, 0)
        _tell(os.waitstatus_to_exitcode(status))


def _tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
