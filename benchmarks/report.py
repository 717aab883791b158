"""Measures everything and writes docs/benchmarks.md.

    python -m benchmarks.report [--only SECTION ...] [--rows N ...] [--tiny] ...

What was measured is kept in the cache, so that `--only` measures some sections anew and leaves the others as they were.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import cache, page
from benchmarks.lake import pairs, start
from benchmarks.lakes import Lake, build
from benchmarks.peer import Peer, peers

__all__ = ["FULL", "SECTIONS", "TINY", "Extent", "main"]

ROOT = Path(__file__).parents[1]
VERSIONS = ("lakedrift", "numba", "numpy", "polars", "pyarrow")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes
    ----------
    rows
        Of each side, of the lakes of 21 columns.
    columns, columns_rows
        Of the lakes of `columns_rows` rows.
    others
        Lakes of other shapes, by their names.
    peers, peer_rows
        Which peers, on how many rows of each side.
    small
        The lake on which starting up is measured.
    runs, lake_seconds, peer_seconds, timeout
        Of a work or a peer; a lake or a peer begins no further run after so many seconds, and a peer is ended after `timeout`.
    values
        That a kernel is given at a time.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    columns_rows: int
    others: dict[str, Lake]
    peer_rows: tuple[int, ...]
    small: Lake
    peers: tuple[str, ...] = tuple(peer.name for peer in peers())
    runs: int = 5
    lake_seconds: float = 120.0
    peer_seconds: float = 60.0
    timeout: float = 300.0
    values: int = 100_000


FULL = Extent(
    rows=(10_000, 100_000, 1_000_000, 10_000_000, 100_000_000),
    columns=(10, 50, 200),
    columns_rows=1_000_000,
    others={
        "one file": Lake(10_000_000, files=1),
        "1,000 files": Lake(10_000_000, files=1000),
        "wide and short": Lake(10_000, columns=1000, files=1),
        "distinct strings": Lake(1_000_000, columns=5, kinds=("key",)),
    },
    peer_rows=(10_000, 1_000_000, 10_000_000),
    small=Lake(10_000, files=1),
)
TINY = Extent(
    rows=(1000,),
    columns=(),
    columns_rows=1000,
    others={},
    peer_rows=(2000,),
    small=Lake(1000, columns=1, files=1, kinds=("category",)),  # whose kernels are few: the first sweep ever compiles them
    runs=1,
    values=1000,
)


def measure_kernels(extent: Extent) -> list[dict[str, Any]]:
    """Return for each kernel benchmark its name, and the nanoseconds each value, cell or bin takes, in the median."""
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "kernels.json"
        options = ["-q", "-p", "no:cacheprovider", f"--values={extent.values}", f"--benchmark-json={result}"]
        if extent.runs == 1:
            options += ["--benchmark-max-time=0.001", "--benchmark-min-rounds=1"]
        command = [sys.executable, "-m", "pytest", "benchmarks/kernels", *options]
        alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
        subprocess.run(command, check=True, cwd=ROOT, stdout=sys.stderr, env=alone)
        found = json.loads(result.read_text(encoding="utf-8"))["benchmarks"]
    return [
        {
            "name": benchmark["name"],
            "of": benchmark["extra_info"]["of"],
            "nanoseconds": 1e9 * benchmark["stats"]["median"] / benchmark["extra_info"]["count"],
        }
        for benchmark in found
    ]


def measure_lakes(extent: Extent) -> list[dict[str, Any]]:
    """Return for each lake what it is, its bytes, and the cost of each work."""
    lakes = {f"{rows:,} rows": Lake(rows) for rows in extent.rows}
    lakes |= {f"{columns} columns": Lake(extent.columns_rows, columns) for columns in extent.columns}
    found = []
    for name, lake in (lakes | extent.others).items():
        _say(f"lake: {name}")
        size, costs = pairs.measure(lake, extent.runs, extent.lake_seconds)
        shape = {"rows": lake.rows, "columns": lake.columns, "files": lake.files, "bytes": size}
        found.append({"name": name, **shape, "costs": {work: dataclasses.asdict(cost) for work, cost in costs.items()}})
    return found


def measure_start(extent: Extent) -> dict[str, Any]:
    """Return what the small lake is, and the seconds of whole processes."""
    lake = extent.small
    return {"rows": lake.rows, "columns": lake.columns, "seconds": start.measure(lake, extent.runs)}


def measure_peers(extent: Extent) -> list[dict[str, Any]]:
    """Return for each lake what became of each peer."""
    found = []
    for rows in extent.peer_rows:
        lake = build(Lake(rows))
        outcomes = {}
        for name in extent.peers:
            _say(f"peer: {name}, {rows:,} rows")
            outcome = Peer(name).run(lake, runs=extent.runs, seconds=extent.peer_seconds, timeout=extent.timeout)
            outcomes[name] = {"what": Peer(name).what, **dataclasses.asdict(outcome)}
        shape = {"rows": rows, "columns": Lake(rows).columns, "bytes": lake.bytes, "timeout": extent.timeout}
        found.append({**shape, "outcomes": outcomes})
    return found


SECTIONS: dict[str, Callable[[Extent], Any]] = {
    "lakes": measure_lakes,
    "peers": measure_peers,
    "start": measure_start,
    "kernels": measure_kernels,
}


def conditions(extent: Extent) -> dict[str, Any]:
    """Return what a figure depends on, besides the code."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": _processor(),
        "cores": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
        "runs": extent.runs,
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description="Measure, and write docs/benchmarks.md.")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="measure these sections anew")
    parser.add_argument("--rows", nargs="+", type=int, help="rows of each side; the largest lake takes 20 GB of disk")
    parser.add_argument("--peers", nargs="+", help="only these peers")
    parser.add_argument("--peer-rows", nargs="+", type=int, help="rows of each side that peers are given")
    parser.add_argument("--runs", type=int, help="how often each work is timed")
    parser.add_argument("--timeout", type=float, help="seconds after which a peer is ended")
    parser.add_argument("--tiny", action="store_true", help="next to nothing, to see that it runs")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md", help="the page; its plots go beside it")
    parser.add_argument("--results", type=Path, default=None, help="where what was measured is kept")
    given = parser.parse_args(words)
    options = {name: getattr(given, name) for name in ("rows", "peers", "peer_rows", "runs", "timeout")}
    changes: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in options.items() if value is not None
    }
    extent: Extent = dataclasses.replace(TINY if given.tiny else FULL, **changes)
    kept: Path = given.results or cache.folder("results") / "results.json"
    results = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for section in given.only:
        around = conditions(extent)
        results[section] = {"conditions": around, "found": SECTIONS[section](extent)}
        kept.write_text(json.dumps(results, indent=1), encoding="utf-8")
    for name, text in page.write(results, given.output.stem).items():
        (given.output.parent / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
