"""Compiling every kernel ahead of time, by sweeping a little of everything.

Numba compiles a kernel for the types that it is called with: so the columns below are of every type, with and without nulls, on
disk and in memory, read by readers that differ.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from lakedrift.api import sweep
from lakedrift.multiset import AT_A_TIME, Multiset
from lakedrift.summaries.comoments import ALL_ROWS, Comoments
from lakedrift.summaries.frequencies import MOST_VALUES
from lakedrift.unit import Unit
from lakedrift_kernels import mark_complete

__all__ = ["warm"]

ROWS = 4_000
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")


def warm() -> None:
    """Have every kernel compiled into the cache."""
    sides = _columns(1.0), _columns(1.1)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("reference.parquet", "current.parquet")]
        for file, side in zip(files, sides, strict=True):
            pl.DataFrame(side).write_parquet(file)
        for engine in ("polars", "arrow"):
            sweep(*files, exact=True, min_rows=1, threads=2, engine=engine)
        sweep(*files, exact=True, min_rows=1, threads=2, engine="arrow", where="double > 0 OR double <= 0 OR double IS NULL")
    sweep(*sides, exact=True, min_rows=1, threads=2, correlations=True)
    _sample_rows()
    _count_repeated()
    sweep(*map(pl.DataFrame, sides), exact=True, min_rows=1, threads=2)
    sweep(*[_texts()] * 2, min_rows=1, threads=2)
    sweep(*sides, by=["word", "flag"], time="at", every="1h", min_rows=1, threads=2)
    for roles in (
        {"score": "p", "label": "y", "value": "amount", "attribution": "why_*"},
        {"prediction": "said", "label": "amount"},
    ):
        sweep(*[_model()] * 2, roles=roles, by="y", min_rows=1, threads=2)
    mark_complete()


def _sample_rows() -> None:
    """Add a row of so many columns that it may be left out."""
    state = Comoments.new([Unit(0.0, 1.0)] * (ALL_ROWS + 1))
    state.update([pa.array([0.0])] * len(state.units))


def _count_repeated() -> None:
    """Keep so many values that those which repeat are counted apart, and runs of them are merged."""
    kept = Multiset(1)
    for _ in range(3):
        kept.add(np.zeros(AT_A_TIME, np.uint64))
    Multiset(1).merge(kept)


def _model() -> pa.Table:
    """Return what a model said and what came true, with and without nulls."""
    random = np.random.default_rng(1)
    p, numbers = random.random(ROWS), random.normal(size=(5, ROWS))
    columns = dict(zip(("amount", "said", "x", "why_x", "why_y"), numbers, strict=True)) | {
        "p": p,
        "y": random.random(ROWS) < p,
    }
    thinned = pa.array(numbers[2], mask=np.arange(ROWS) % 7 == 0)
    return pa.table({**columns, "z": thinned, "c": [f"code {number % 5}" for number in range(ROWS)]})


def _texts() -> pa.Table:
    """Return short and long texts, all different and too many to be counted by value."""
    short = [f"{number:05}" for number in range(MOST_VALUES + 1)]
    return pa.table({"short": short, "long": [f"a text of more than twelve bytes {text}" for text in short]})


def _columns(factor: float) -> pa.Table:
    """Return columns that differ between two factors, so that a second scan has something to look for."""
    random = np.random.default_rng(round(factor * 10))
    row = np.arange(ROWS)
    bell = factor * random.normal(size=ROWS)
    numbers: dict[str, Any] = {name: random.integers(0, 100, ROWS).astype(name) for name in INTEGERS}
    numbers |= {name: bell.astype(name) for name in FLOATS}
    numbers |= {
        "double": bell,
        "scales": np.where(row % 2 == 0, bell, 1.03 + 1e-12 * bell),
        "far": np.where(row % 50 == 0, np.where(row % 100 == 0, np.inf, 1e300), bell),
        "wide": np.repeat(random.integers(-(2**63), 2**63 - 1, ROWS // 2), 2),
        "hash": random.integers(-(2**63), 2**63 - 1, ROWS),
        "atoms": np.where(row % 3 == 0, 0.0, bell),
    }
    others = {
        "flag": pa.array(row % 3 == 0),
        "word": pa.array([f"{int(10 * factor)}-{number % 3_000}" for number in row]),
        "text": pa.array([f"a text of more than twelve bytes {number % 9}" for number in row]),
        "code": pa.array([f"code {number % 5}" for number in row]).dictionary_encode(),
        "at": pa.array(row, pa.timestamp("us")),
        "day": pa.array(row.astype(np.int32), pa.date32()),
        "price": pa.array(np.round(bell, 2)).cast(pa.decimal128(12, 2), safe=False),
    }
    columns = {name: pa.array(values) for name, values in numbers.items()} | others
    thinned = {
        f"{name} or null": pa.array(column.to_pylist(), column.type, mask=row % 7 == 0) for name, column in columns.items()
    }
    return pa.table(columns | thinned)
