"""Several processes that audit one lake into one store at once: `python writing.py LAKE STORE WORKER`, five of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from killing import audit
from test_format import frame

__all__ = ["ROWS", "WORKERS", "five_writers", "write"]

COLUMNS = ["price", "country", "items"]
ROWS, WORKERS, TURNS = 50, 5, 3


def write(lake: Path, number: int) -> None:
    """Add a file to a lake, whole or not at all."""
    lake.mkdir(exist_ok=True)
    beside = lake / f".{number}"
    frame(number, ROWS).select(COLUMNS).write_parquet(beside)
    beside.rename(lake / f"{number:04}.parquet")


def five_writers(lake: Path, store: object) -> int:
    """Let five processes at once add files and audit the lake; return how many files they added."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, __file__, str(lake), str(store)]
    workers = [subprocess.Popen([*command, str(worker)], env=environment) for worker in range(1, WORKERS + 1)]
    assert [worker.wait() for worker in workers] == [0] * WORKERS
    return WORKERS * TURNS


def main(lake: str, store: str, worker: str) -> None:
    for turn in range(TURNS):
        write(Path(lake), 10 * int(worker) + turn)
        audit(Path(lake), store)


if __name__ == "__main__":
    main(*sys.argv[1:])
