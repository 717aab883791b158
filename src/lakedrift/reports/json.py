"""The whole comparison as strict JSON, for programs.

It is `Comparison.to_dict()`, `schema_version` first, in an order that does not change between runs; the rows, a line each, come
last. JSON has no NaN, which is written as null, and no infinity, which is text.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from lakedrift.comparison import Comparison, plain
from lakedrift.report import Canvas, Report
from lakedrift.text import encode

__all__ = ["REPORT"]

ISO = "%Y-%m-%dT%H:%M:%S%:z"
INDENT = b",\n    "


def render(comparison: Comparison, _canvas: Canvas) -> Iterator[bytes]:
    """Write the comparison as a JSON object."""
    yield encode(_dumped(comparison.summary(), indent=2).removesuffix("\n}"))
    tables = {
        "verdicts": comparison.verdict_tables(),
        "correlations": [comparison.correlations()],
        "metrics": comparison.tables(),
    }
    for name, found in tables.items():
        yield encode(f',\n  "{name}": [')
        yield from _items(found)
        yield b"]"
    yield b"\n}\n"


def _items(tables: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    before = INDENT[1:]
    for table in tables:
        lines = _lines(table)
        if lines:
            yield before + lines.replace(b"\n", INDENT)
            before = INDENT
    if before == INDENT:
        yield b"\n  "


def _lines(table: pl.DataFrame) -> bytes:
    """Return a line for each row. Polars writes them; but a row with an infinity it would call null."""
    buffer = io.BytesIO()
    table.with_columns(cs.datetime().dt.strftime(ISO)).write_ndjson(buffer)
    written = buffer.getvalue().removesuffix(b"\n")
    endless = np.flatnonzero(table.select(pl.any_horizontal(cs.float().is_infinite().fill_null(value=False))).to_series())
    if not len(endless):
        return written
    lines = written.split(b"\n")
    for at in endless.tolist():
        lines[at] = encode(_dumped(plain(table.row(at, named=True))))
    return b"\n".join(lines)


def _dumped(value: dict[str, Any], indent: int | None = None) -> str:
    spaced = (",", ":") if indent is None else None
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=spaced)


REPORT = Report(render)
