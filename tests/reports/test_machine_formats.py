"""JSON, CSV and Parquet: another program reads back what the comparison holds."""

from __future__ import annotations

import csv
import io
import json
import math

import polars as pl
from small_lake import HOSTILE

from lakedrift.comparison import Comparison
from lakedrift.report import Canvas, report


def written(name: str, comparison: Comparison) -> bytes:
    return report(name).render(comparison, Canvas())


def refuse(constant: str) -> None:
    raise AssertionError(constant)


def test_json__is_strict_and_whole(comparison: Comparison) -> None:
    found = json.loads(written("json", comparison), parse_constant=refuse)
    assert list(found)[:2] == ["schema_version", "verdict"]
    assert found["schema_version"] == 1
    assert found["verdict"] == comparison.verdict
    assert found["reference"]["rows"] == comparison.reference.rows
    assert [row["feature"] for row in found["verdicts"]] == comparison.verdicts()["feature"].to_list()
    assert len(found["metrics"]) == comparison.to_polars().height


def test_json__order_does_not_change(drifted: Comparison) -> None:
    assert written("json", drifted) == written("json", drifted)


def test_csv__is_the_long_table(comparison: Comparison) -> None:
    table = comparison.to_polars()
    header, *rows = csv.reader(io.StringIO(written("csv", comparison).decode()))
    assert header == table.columns
    assert len(rows) == table.height
    for position, name in enumerate(header):
        if table.schema[name] == pl.Float64:
            read = [float(row[position]) if row[position] else None for row in rows]
            assert all(
                ours == theirs or (ours is not None and theirs is not None and math.isnan(ours) and math.isnan(theirs))
                for ours, theirs in zip(table[name], read, strict=True)
            )


def test_csv__no_cell_is_a_formula(drifted: Comparison) -> None:
    assert HOSTILE.startswith("=")
    _, *rows = csv.reader(io.StringIO(written("csv", drifted).decode()))
    assert any(row[0] == "'" + HOSTILE for row in rows)
    assert not any(row[0].startswith(tuple("=+-@\t\r")) for row in rows)


def test_parquet__is_the_long_table_with_its_types(comparison: Comparison) -> None:
    assert pl.read_parquet(written("parquet", comparison)).equals(comparison.to_polars())
