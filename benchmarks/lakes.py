"""Lakes to measure on, made from a seed: a reference and a current side, partitioned by day.

Kinds of columns take turns: of 21, 6 are normal, 3 each exponential, prices in cents with 1 % nulls, zero-inflated with 2 %
nulls, small integers, and strings of 40 skewed categories. On the current side every fifth column stays as it is, every fifth
drifts by a third of a standard deviation, and the others little. A column is a function of its kind, its place and the seed, so
a narrow lake has the first columns of a wider one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import cache

__all__ = ["STANDARD", "Lake", "LakeOnDisk", "build"]

Make = Callable[[np.random.Generator, int, float], Any]

EDITION = 1  # other data for the same parameters need another one
DRIFTS = (0.0, 0.025, 0.05, 0.1, 0.35)
CATEGORIES = pa.array([f"cat_{code}" for code in range(40)])


def _normal(rng: np.random.Generator, rows: int, drift: float) -> Any:
    return rng.normal(drift, 1.0, rows)


def _exponential(rng: np.random.Generator, rows: int, drift: float) -> Any:
    return rng.exponential(1.0 + drift, rows)


def _cents(rng: np.random.Generator, rows: int, drift: float) -> Any:
    prices = np.round(rng.gamma(2.0, 20.0 * (1.0 + drift), rows), 2)
    return pa.array(prices, mask=rng.random(rows) < 0.01)


def _inflated(rng: np.random.Generator, rows: int, drift: float) -> Any:
    amounts = np.where(rng.random(rows) < 0.6, 0.0, rng.lognormal(drift, 1.0, rows))
    return pa.array(amounts, mask=rng.random(rows) < 0.02)


def _integer(rng: np.random.Generator, rows: int, drift: float) -> Any:
    return rng.poisson(20.0 * (1.0 + 0.2 * drift), rows)


def _category(rng: np.random.Generator, rows: int, drift: float) -> Any:
    codes = np.minimum(rng.geometric(0.1, rows), 40) - 1
    return CATEGORIES.take(pa.array(np.where(rng.random(rows) < drift, 39, codes)))


def _key(rng: np.random.Generator, rows: int, drift: float) -> Any:
    del drift
    return pa.array(rng.integers(10**17, 10**18, rows)).cast(pa.string())


KINDS: dict[str, Make] = {
    "normal": _normal,
    "exponential": _exponential,
    "cents": _cents,
    "inflated": _inflated,
    "integer": _integer,
    "category": _category,
    "key": _key,
}
STANDARD = ("normal", "exponential", "category", "normal", "cents", "integer", "inflated")

REPEATED = ("category", "cents", "integer")


@dataclass(frozen=True, slots=True)
class Lake:
    """What a lake is made of.

    Attributes
    ----------
    rows, files
        Of each side.
    columns
        How many; their kinds are those of `kinds`, over and over.
    row_group
        Rows of a row group: as many are in memory while the lake is written.
    """

    rows: int
    columns: int = 21
    files: int = 10
    row_group: int = 250_000
    kinds: tuple[str, ...] = STANDARD
    seed: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, such as `normal_0`."""
        return tuple(f"{self.kinds[place % len(self.kinds)]}_{place}" for place in range(self.columns))

    @property
    def folder(self) -> str:
        """The name of its folder: two lakes that differ have different ones."""
        kinds = "" if self.kinds == STANDARD else "-" + "-".join(self.kinds)
        shape = f"{self.rows}-rows-{self.columns}-columns-{self.files}-files-{self.row_group}-a-group"
        return f"{shape}{kinds}-seed-{self.seed}-edition-{EDITION}"


@dataclass(frozen=True, slots=True)
class LakeOnDisk:
    """A lake that was written, and the files of its sides."""

    root: Path

    @property
    def reference(self) -> list[str]:
        """The files of the reference, in order."""
        return sorted(str(file) for file in (self.root / "reference").glob("*/*.parquet"))

    @property
    def current(self) -> list[str]:
        """The files of the current side, in order."""
        return sorted(str(file) for file in (self.root / "current").glob("*/*.parquet"))

    @property
    def bytes(self) -> int:
        """What both sides take on disk."""
        return sum(Path(file).stat().st_size for file in self.reference + self.current)


def build(lake: Lake, folder: Path | None = None) -> LakeOnDisk:
    """Write the lake below `folder`, by default that of the cache, unless it is there."""
    home = folder or cache.folder("lakes")
    root = home / lake.folder
    if not root.exists():
        with tempfile.TemporaryDirectory(dir=home, prefix="unfinished-") as scratch:
            for side in ("reference", "current"):
                for part in range(lake.files):
                    _write_file(lake, side, part, Path(scratch) / "lake" / side / f"day={part + 1:04}")
            (Path(scratch) / "lake").rename(root)
    return LakeOnDisk(root)


def _write_file(lake: Lake, side: str, part: int, day: Path) -> None:
    day.mkdir(parents=True)
    groups = _row_groups(lake, side, part)
    first = next(groups)
    repeated = [name for name in lake.names if name.startswith(REPEATED)]  # trying the others costs half the time
    with pq.ParquetWriter(day / "part-0.parquet", first.schema, compression="zstd", use_dictionary=repeated) as writer:
        writer.write_table(first)
        for group in groups:
            writer.write_table(group)


def _row_groups(lake: Lake, side: str, part: int) -> Iterator[pa.Table]:
    """Yield the row groups of a file; one without rows has one that is empty."""
    rows = lake.rows * (part + 1) // lake.files - lake.rows * part // lake.files
    for group, start in enumerate(range(0, max(rows, 1), lake.row_group)):
        size = min(lake.row_group, rows - start)
        columns = {}
        for place, name in enumerate(lake.names):
            rng = np.random.default_rng([lake.seed, side == "current", part, group, place])
            drift = DRIFTS[place % len(DRIFTS)] if side == "current" else 0.0
            columns[name] = KINDS[lake.kinds[place % len(lake.kinds)]](rng, size, drift)
        yield pa.table(columns)
