"""`KSTest` of each numeric column, from memory, one after the other."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from frouros.detectors.data_drift import KSTest
from numpy.typing import NDArray

PACKAGE = "frouros"
Columns = dict[str, NDArray[Any]]


def load(files: list[str]) -> Columns:
    table = pa.concat_tables([pq.read_table(file, partitioning=None) for file in files])
    names = [field.name for field in table.schema if pa.types.is_integer(field.type) or pa.types.is_floating(field.type)]
    return {name: table.column(name).drop_null().to_numpy() for name in names}


def drift(reference: Columns, current: Columns) -> dict[str, dict[str, float]]:
    found = {}
    for name, values in reference.items():
        detector = KSTest()
        detector.fit(X=values)
        result, _ = detector.compare(X=current[name])
        found[name] = float(result.statistic)
    return {"ks": found}
