"""Peak memory of one work, in a process of its own that has only imported polars and lakedrift before.

`python -m benchmarks.lake.memory WORK FOLDER` prints it in bytes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.lake.works import WORKS
from benchmarks.lakes import LakeOnDisk

__all__ = ["peak_of"]

ROOT = Path(__file__).parents[2]
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
FORGET_PEAK = "5"


def peak_of(work: str, lake: LakeOnDisk) -> int | None:
    """Return the most resident bytes above those after the imports; None where the system does not tell."""
    if not CLEAR.exists():
        return None
    command = [sys.executable, "-m", "benchmarks.lake.memory", work, str(lake.root)]
    return int(subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout)


def _status(field: str) -> int:
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def main() -> None:
    work, folder = sys.argv[1:]
    CLEAR.write_text(FORGET_PEAK, encoding="ascii")
    before = _status("VmRSS")
    WORKS[work](LakeOnDisk(Path(folder)))
    print(_status("VmHWM") - before)


if __name__ == "__main__":
    main()
