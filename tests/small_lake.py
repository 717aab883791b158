"""A lake of a few thousand orders, written to disk: one month like the other, one drifted, one too short to judge."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["HOSTILE", "SmallLake", "write_lake"]

HOSTILE = "=evil|`<b>\x1b[31m\n\u202e@team"
ROWS = 4_000


@dataclass(frozen=True)
class SmallLake:
    """Where the months are.

    Attributes
    ----------
    old
        What is normal.
    like
        Another month of the same kind.
    new
        Dearer prices, another country, missing, retyped and emptied columns.
    few
        As old, with 40 rows only.
    times
        Nothing that can be judged.
    """

    old: str
    like: str
    new: str
    few: str
    times: str


def write_lake(root: Path) -> SmallLake:
    """Write the lake below `root`."""
    old = _orders(1, ROWS)
    months = {
        "old": old,
        "like": _orders(2, ROWS),
        "new": _drifted(_orders(3, ROWS)),
        "few": old.head(40),
        "times": old.select("created_at"),
    }
    for name, frame in months.items():
        (root / name).mkdir()
        frame.write_parquet(root / name / "part.parquet")
    return SmallLake(**{name: str(root / name) for name in months})


def _orders(seed: int, rows: int) -> pl.DataFrame:
    start = datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC)
    row = np.arange(rows)
    return pl.DataFrame(
        {
            "order_id": [f"order-{seed}-{number:06}" for number in row],
            "created_at": [start + datetime.timedelta(minutes=int(number)) for number in row],
            "price": np.exp(3.0 + _bell(rows, seed, 7)),
            "country": np.array(["AT", "DE", "CH"])[(row * 7 + seed) % 3],
            "coupon": (row * 11 + seed) % 4 == 0,
            **{name: _bell(rows, seed, step) for step, name in enumerate(("gone", "retyped", "flooded", HOSTILE), start=13)},
            **{f"steady_{index}": _bell(rows, seed, 23 + index) for index in range(3)},
        }
    )


def _bell(rows: int, seed: int, step: int) -> NDArray[np.float64]:
    """Return the quantiles of a logistic distribution of spread about 1, (rows,), shuffled by arithmetic: nothing is random."""
    share = ((np.arange(rows) * step * 101 + seed) % 4_001 + 0.5) / 4_001
    return 0.5 * np.log(share / (1.0 - share))


def _drifted(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.drop("gone").with_columns(
        pl.col("price") * 2.0,
        pl.col("country").replace("CH", "FR"),
        pl.col("retyped").round(2).cast(pl.String),
        pl.when(pl.int_range(pl.len()) % 5 < 2).then(pl.col("flooded")).alias("flooded"),
        pl.col(HOSTILE) + 1.0,
        pl.lit(1.0).alias("fresh"),
    )
