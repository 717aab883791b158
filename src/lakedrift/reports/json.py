"""The whole comparison as strict JSON, for programs.

The keys are those of `Comparison.to_dict()`, `schema_version` first, in an order that does not change between runs. JSON has
no NaN: it is written as null.
"""

from __future__ import annotations

import json
import math

from lakedrift.comparison import Comparison
from lakedrift.report import Canvas, Report
from lakedrift.text import encode

__all__ = ["REPORT"]


def render(comparison: Comparison, _canvas: Canvas) -> bytes:
    """Write the comparison as an indented JSON object."""
    return encode(json.dumps(_finite(comparison.to_dict()), ensure_ascii=False, allow_nan=False, indent=2) + "\n")


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


REPORT = Report(render)
