"""`--dry-run`: what a sweep would read, and about how long it would take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakedrift.cli import output as outputs
from lakedrift.errors import UsageError
from lakedrift.text import count, duration, encode, join, plural, shorten, size, visible

if TYPE_CHECKING:
    from lakedrift.drafting import DryRun

__all__ = ["describe"]

SCHEMA_VERSION = 1


def describe(sides: tuple[str, ...], options: dict[str, Any], form: str, path: Path | None) -> int:
    """Plan the sweep and write the plan down as a table or JSON; return the exit code."""
    from lakedrift import api

    if form not in ("table", "json"):
        msg = f"--dry-run has no format {form!r}"
        raise UsageError(msg, hint="--format table or --format json")
    outputs.check(path, binary=False)
    plan = api.plan_sweep(*sides, **options)
    written = _object(plan) if form == "json" else _page(plan, outputs.canvas(path).width)
    outputs.write([encode(written)], path)
    return 0


def _object(plan: DryRun) -> str:
    told = {
        "schema_version": SCHEMA_VERSION,
        **{
            role: {"name": side.name, "files": side.fragments, "bytes": side.bytes, "rows": side.rows}
            for role, side in zip(("reference", "current"), plan.sides, strict=False)
        },
        "features": [{"name": feature.name, "kind": feature.kind, "dtype": feature.dtype} for feature in plan.features],
        "seconds": plan.seconds,
        "memory": plan.memory,
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _page(plan: DryRun, width: int) -> str:
    lines = []
    for role, side in zip(("reference", "current"), plan.sides, strict=False):
        facts = f"{plural(side.fragments, 'file')} · {size(side.bytes)} · {count(side.rows)} rows"
        lines.append(f"{role:9}  {shorten(visible(side.name), max(width - len(facts) - 13, 12))}  {facts}")
    kinds: dict[str, list[str]] = {}
    for feature in plan.features:
        kinds.setdefault(feature.kind, []).append(visible(feature.name))
    lines.append(plural(len(plan.features), "column"))
    for kind, names in kinds.items():
        start = f"  {kind} ({len(names)}): "
        lines.append(start + join(names, max(width - len(start), 12)))
    if plan.seconds is not None:
        lines.append(f"estimated time: {duration(plan.seconds)}")
    lines.append(f"estimated memory: {size(plan.memory)}")
    lines.append("nothing was read but file footers and a sample")
    return "\n".join(lines) + "\n"
