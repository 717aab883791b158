"""SQL straight from the files: approximate deciles of the reference, then one histogram a column and side, then PSI."""

from __future__ import annotations

import math
from typing import Any

import duckdb

PACKAGE = "duckdb"
DECILES = [step / 10 for step in range(1, 10)]


def load(files: list[str]) -> str:
    """Return the table function that reads the files: nothing is loaded."""
    return f"read_parquet({files!r}, hive_partitioning = false)"


def drift(reference: str, current: str) -> dict[str, dict[str, float]]:
    with duckdb.connect() as database:
        columns = database.sql(f"DESCRIBE FROM {reference}").fetchall()
        numbers = [name for name, dtype, *_ in columns if dtype != "VARCHAR"]
        deciles = ", ".join(f'approx_quantile("{name}", {DECILES})' for name in numbers)
        edges = dict(zip(numbers, _row(database, f"SELECT {deciles} FROM {reference}"), strict=True))
        counted = ", ".join(_histogram(name, edges.get(name)) for name, *_ in columns)
        sides = [_row(database, f"SELECT {counted} FROM {side}") for side in (reference, current)]
    return {"psi": {name: psi(before, after) for (name, *_), before, after in zip(columns, *sides, strict=True)}}


def psi(before: dict[Any, int], after: dict[Any, int]) -> float:
    bins = sorted(before.keys() | after.keys())
    n, m = (sum(side.values()) + len(bins) / 2 for side in (before, after))
    shares = [((before.get(name, 0) + 0.5) / n, (after.get(name, 0) + 0.5) / m) for name in bins]
    return math.fsum((p - q) * math.log(p / q) for p, q in shares)


def _histogram(name: str, edges: list[float] | None) -> str:
    return f'histogram("{name}")' if edges is None else f'histogram("{name}", {sorted(set(edges))})'


def _row(database: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = database.execute(query).fetchone()
    assert row is not None
    return row
