"""A peer: another way to measure drift, run on the same files in an environment of its own.

`peers/NAME.py` is how it is used, as its documentation says; `runner.py` says what such a file has. `peers/NAME.txt` pins its
environment; without one, it runs in the project's own.

    python -m benchmarks.peer [NAME ...]      make the environments of these peers, by default of all
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import cache
from benchmarks.lakes import LakeOnDisk

__all__ = ["FOLDER", "MEMORY_SHARE", "Outcome", "Peer", "peers"]

FOLDER = Path(__file__).with_name("peers")
RUNNER = Path(__file__).with_name("runner.py")
READY = "ready"  # a file of an environment that is written last
PYTHON = "python3.11"  # the latest that every peer runs on
MEMORY_SHARE = 0.6  # of the machine, so that a peer runs out of memory before the machine does
QUIET = {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "WHYLOGS_NO_ANALYTICS": "True", "MPLBACKEND": "agg"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a peer got on with a lake.

    Attributes
    ----------
    version
        Of the peer; empty where it did not get that far.
    load_seconds, compute_seconds
        Of every run. In the first one, much is loaded and compiled.
    peak_bytes
        The most memory that its process held.
    statistics
        By name of the statistic, a number a column.
    error
        Why there is no result, else empty.
    """

    version: str = ""
    load_seconds: list[float] = field(default_factory=list)
    compute_seconds: list[float] = field(default_factory=list)
    peak_bytes: int | None = None
    statistics: dict[str, dict[str, float | None]] = field(default_factory=dict)
    error: str = ""

    @property
    def seconds(self) -> float:
        """The median time of loading and computing, without the first run where there is more than one."""
        return statistics.median([load + compute for load, compute in self._warm])

    @property
    def seconds_from_memory(self) -> float:
        """The median time of computing alone."""
        return statistics.median([compute for _, compute in self._warm])

    @property
    def columns(self) -> int:
        """How many columns it has a number for."""
        return len(set().union(*self.statistics.values()))

    @property
    def _warm(self) -> list[tuple[float, float]]:
        runs = list(zip(self.load_seconds, self.compute_seconds, strict=True))
        return runs[1:] or runs


@dataclass(frozen=True, slots=True)
class Peer:
    """A file of `peers/`, by its name."""

    name: str

    @property
    def what(self) -> str:
        """What it does, in one line."""
        tree = ast.parse((FOLDER / f"{self.name}.py").read_text(encoding="utf-8"))
        return (ast.get_docstring(tree) or "").splitlines()[0]

    @property
    def python(self) -> Path:
        """The interpreter of its environment, which may not have been made."""
        pins = FOLDER / f"{self.name}.txt"
        if not pins.exists():
            return Path(sys.executable)
        digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
        return cache.folder("environments") / f"{self.name}-{digest}" / "bin" / "python"

    @property
    def is_ready(self) -> bool:
        """Whether it can run."""
        return self.python == Path(sys.executable) or (self.python.parent / READY).exists()

    def make_environment(self) -> None:
        """Install what `peers/NAME.txt` pins, unless that was done before; raise CalledProcessError where that fails."""
        if self.is_ready:
            return
        root = self.python.parents[1]
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run([shutil.which(PYTHON) or sys.executable, "-m", "venv", str(root)], check=True)
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--requirement", str(FOLDER / f"{self.name}.txt")], check=True)
        (self.python.parent / READY).touch()

    def run(self, lake: LakeOnDisk, *, runs: int, seconds: float, timeout: float) -> Outcome:
        """Run it on a lake `runs` times, or fewer where `seconds` are over, and end it after `timeout` seconds."""
        if not self.is_ready:
            return Outcome(error=f"not installed: python -m benchmarks.peer {self.name}")
        memory = int(MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        job = {"reference": lake.reference, "current": lake.current, "runs": runs, "seconds": seconds, "memory": memory}
        with tempfile.TemporaryDirectory() as scratch:
            given, result, errors = (Path(scratch) / name for name in ("job", "result", "errors"))
            given.write_text(json.dumps(job), encoding="utf-8")
            command = [str(word) for word in (self.python, "-I", RUNNER, self.name, given, result)]
            code = _run(command, errors, timeout)
            if code is None:
                return Outcome(error=f"not done after {timeout:.0f} s")
            if code or not result.exists():
                return Outcome(error=_reason(code, errors.read_text(encoding="utf-8", errors="replace")))
            return Outcome(**json.loads(result.read_text(encoding="utf-8")))


def peers() -> list[Peer]:
    """Return all, in alphabetical order."""
    return [Peer(file.stem) for file in sorted(FOLDER.glob("*.py"))]


def _run(command: list[str], errors: Path, timeout: float) -> int | None:
    """Run a process and return its exit code; where it takes too long, end it and all it started, and return None."""
    nowhere = subprocess.DEVNULL
    with errors.open("w") as stderr:
        process = subprocess.Popen(command, stdout=nowhere, stderr=stderr, env=os.environ | QUIET, start_new_session=True)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.returncode is None:  # not waited for yet, so the number of its group is still its own
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _reason(code: int, errors: str) -> str:
    """Return the last line of a traceback, without paths."""
    last = next((line for line in reversed(errors.splitlines()) if line.strip()), "")
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return re.sub(r"(?:/[^\s/'\"]+)+/", "…/", last)[:200] or f"exit code {code}"


def main() -> None:
    wanted = sys.argv[1:] or [peer.name for peer in peers()]
    for name in wanted:
        print(f"{name}: {Peer(name).what}")
        try:
            Peer(name).make_environment()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: no environment: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
