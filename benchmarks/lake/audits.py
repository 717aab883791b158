"""Audits of a lake of daily files with a store: the first reads everything, a later one what is new, and no other footer.

    python -m benchmarks.lake.audits [--files 365] [--rows 40000] [--columns 13] [--runs 5]

Prints the seconds of each kind of audit, in the median of the runs but for the first, of which there is one, and how many times
the first takes those of each. What is found is compared, byte by byte, with a profile of the same files that no store was used
for.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import lakedrift as ld
from benchmarks import cache
from benchmarks.lakes import Lake, build

__all__ = ["Audits", "measure"]


@dataclass(frozen=True, slots=True)
class Audits:
    """Seconds of audits.

    Attributes
    ----------
    first
        Of the first one, which fills the store; kernels were compiled before.
    later
        Of later ones by what had happened, the medians of some runs.
    """

    first: float
    later: dict[str, float]


def measure(lake: Lake, runs: int, folder: Path | None = None) -> Audits:
    """Return what audits of the reference side of a lake cost; days of its current side are added.

    Everything is written below `folder`, by default that of the cache.

    Raises
    ------
    RuntimeError
        If an audit finds something else than a profile without a store does.
    """
    built = build(lake, folder)
    with tempfile.TemporaryDirectory(dir=folder or cache.folder("audits")) as scratch:
        home, store = Path(scratch) / "lake", Path(scratch) / "store"
        days = [_placed(home, f"1-{Path(file).parent.name}", file) for file in built.reference]
        ld.profile(days[0], store=Path(scratch) / "warm")
        first = _seconds(lambda: ld.profile(home, store=store))
        found: dict[str, list[float]] = {}
        for turn, new in enumerate(built.current[:runs]):
            changes: dict[str, Callable[[], object]] = {
                "nothing is new": lambda: None,
                "a file is new": lambda: _placed(home, f"2-{turn}", new),  # noqa: B023 -- called at once
                "a file is gone": days[turn].unlink,
                "several files are new": lambda: [_placed(home, f"3-{turn}-{of}", new) for of in range(8)],  # noqa: B023
            }
            for name, change in changes.items():
                change()
                found.setdefault(name, []).append(_seconds(lambda: ld.profile(home, store=store)))
            found.setdefault("without a store", []).append(_seconds(lambda: ld.profile(home)))
        _check(home, store)
    return Audits(first, {name: median(seconds) for name, seconds in found.items()})


def _placed(home: Path, day: str, file: str) -> Path:
    """Copy a file of a built lake to another."""
    home.mkdir(parents=True, exist_ok=True)
    placed = home / f"{day}.parquet"
    shutil.copyfile(file, placed)
    return placed


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _check(home: Path, store: Path) -> None:
    found = ld.profile(home, store=store)
    if found.to_bytes() != ld.profile(home, like=found).to_bytes():
        msg = "an audit with a store finds something else than one without"
        raise RuntimeError(msg)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lake.audits", description="Measure audits with a store.")
    parser.add_argument("--files", type=int, default=365)
    parser.add_argument("--rows", type=int, default=40_000, help="of a file")
    parser.add_argument("--columns", type=int, default=13)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args(words)
    lake = Lake(given.files * given.rows, given.columns, given.files)
    found = measure(lake, given.runs)
    print(f"{given.files} files of {given.rows:,} rows and {given.columns} columns: the first audit took {found.first:.2f} s")
    for name, seconds in found.later.items():
        print(f"{name}: {seconds:.3f} s, 1/{found.first / seconds:.0f} of the first")


if __name__ == "__main__":
    main()
