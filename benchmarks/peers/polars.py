"""Lazy expressions straight from the files: deciles of the reference, then the rows above each on both sides, then PSI."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import polars as pl

PACKAGE = "polars"
DECILES = [step / 10 for step in range(1, 10)]


def load(files: list[str]) -> pl.LazyFrame:
    """Return the scan of the files: nothing is loaded."""
    return pl.scan_parquet(files, hive_partitioning=False)


def drift(reference: pl.LazyFrame, current: pl.LazyFrame) -> dict[str, dict[str, float]]:
    schema = reference.collect_schema()
    numbers = [name for name, dtype in schema.items() if dtype.is_numeric()]
    (row,) = reference.select(pl.col(name).quantile(DECILES) for name in numbers).collect().iter_rows(named=True)
    edges = {name: sorted(set(row[name])) for name in numbers}
    sides = [side.select(_counts(schema, edges)).collect().row(0, named=True) for side in (reference, current)]
    return {"psi": {name: psi(*(_bins(side[name], name in edges) for side in sides)) for name in schema}}


def psi(before: Mapping[object, int], after: Mapping[object, int]) -> float:
    bins = before.keys() | after.keys()
    n, m = (sum(side.values()) + len(bins) / 2 for side in (before, after))
    shares = [((before.get(name, 0) + 0.5) / n, (after.get(name, 0) + 0.5) / m) for name in bins]
    return math.fsum((p - q) * math.log(p / q) for p, q in shares)


def _counts(names: Mapping[str, object], edges: Mapping[str, list[float]]) -> Iterator[pl.Expr]:
    """Yield for each column a list: of a number how many there are and how many above each edge, else the value counts."""
    for name in names:
        column = pl.col(name)
        if name in edges:
            yield pl.concat_list(column.count(), *((column > edge).sum() for edge in edges[name]), pl.lit(0)).alias(name)
        else:
            yield column.value_counts(name="n").implode()


def _bins(counted: list[Any], is_number: bool) -> dict[Any, int]:
    if is_number:
        return {place: above - further for place, (above, further) in enumerate(pairwise(counted))}
    return dict(row.values() for row in counted)
