"""JSON, CSV and Parquet: another program reads back what the comparison holds."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math

import numpy as np
import polars as pl
import pytest
from small_lake import HOSTILE

from lakedrift import api
from lakedrift.comparison import Comparison
from lakedrift.report import Canvas, report


def written(name: str, comparison: Comparison) -> bytes:
    return b"".join(report(name).render(comparison, Canvas()))


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


@pytest.fixture(scope="module")
def grouped() -> Comparison:
    """Return 2,000 segments in which infinities and odd names turn up, two of the segmentations crossed."""
    random = np.random.default_rng(1)
    rows = 20_000
    sides = [
        pl.DataFrame(
            {
                "s": [f'{number % 1_000}\n"' for number in range(rows)],
                "t": ["a", None] * (rows // 2),
                "x": np.where(np.arange(rows) % 997 == 0, np.inf, random.normal(shift, 1, rows)),
                "at": [dt.datetime(2026, 3, 1 + number % 2, tzinfo=dt.UTC) for number in range(rows)],
            }
        )
        for shift in (0.0, 1.0)
    ]
    return api.sweep(*sides, by=["s", ("s", "t")], time="at", every="1d", features=["x"])


@pytest.mark.parametrize("name", ["json", "csv", "parquet"])
def test_machine_formats__are_written_in_pieces(grouped: Comparison, name: str) -> None:
    pieces = list(report(name).render(grouped, Canvas()))
    whole = b"".join(pieces)
    assert max(map(len, pieces)) < len(whole) / 2
    table = grouped.to_polars()
    if name == "json":
        assert json.loads(whole, parse_constant=refuse) == grouped.to_dict()
        assert any(row["statistic"] == "inf" for row in grouped.to_dict()["metrics"])
    elif name == "csv":
        assert len(pl.read_csv(whole, infer_schema=False)) == len(table)
    else:
        assert pl.read_parquet(whole).equals(table)


def test_tables__are_the_long_table_in_pieces_of_the_same_columns(grouped: Comparison, comparison: Comparison) -> None:
    for one in (grouped, comparison):
        tables = list(one.tables())
        assert {tuple(table.schema.items()) for table in tables} == {tuple(one.to_polars().schema.items())}
        assert pl.concat(tables).equals(one.to_polars())
    assert len(list(grouped.tables())) > 2
