"""`lakedrift show`: what is in a saved profile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from lakedrift.cli import output as outputs
from lakedrift.text import count, encode, plural, shorten, size, visible

if TYPE_CHECKING:
    import polars as pl

    from lakedrift.profiles import Profile

__all__ = ["show"]

SCHEMA_VERSION = 1
NAME, KIND = 24, 11  # cells of a feature's name and kind


def show(
    profile: str,
    /,
    *,
    format: Annotated[Literal["table", "json"], Parameter(metavar="NAME")] = "table",  # noqa: A002 -- the name of the option
) -> int:
    """Say what is in a saved profile: where its rows came from, and what they are like.

    Parameters
    ----------
    profile
        The profile.
    format
        How to say it: table or json.
    """
    from lakedrift import api
    from lakedrift.overview import overview

    found = api.load(profile)
    features = overview(found)
    written = _object(found, features) if format == "json" else _page(found, features, outputs.canvas(None).width)
    outputs.write([encode(written)], None)
    return 0


def _object(profile: Profile, features: pl.DataFrame) -> str:
    told = {
        "schema_version": SCHEMA_VERSION,
        "name": profile.name,
        "rows": profile.rows,
        "filtered": profile.filtered,
        "fragments": [
            {name: getattr(entry, name) for name in ("uri", "rows", "filtered", "bytes", "modified", "writer")}
            for entry in profile.fragments
        ],
        "time": profile.time,
        "every": None if profile.every is None else str(profile.every),
        "groupings": [{"by": list(grouping.keys), "groups": len(grouping)} for grouping in profile.groupings],
        "features": list(features.iter_rows(named=True)),
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _page(profile: Profile, features: pl.DataFrame, width: int) -> str:
    stored = size(sum(entry.bytes for entry in profile.fragments))
    facts = f"{count(profile.rows)} rows · {plural(len(profile.fragments), 'fragment')} · {stored}"
    lines = [f"{shorten(visible(profile.name), max(width - len(facts) - 2, 12))}  {facts}", ""]
    for row in features.iter_rows(named=True):
        missing = f"null {row['null'] / row['rows']:.1%}" if row["rows"] and row["null"] else ""
        name = shorten(visible(row["feature"]), NAME)
        lines.append(f"{name:{NAME}}  {row['kind']:{KIND}}  {missing:10}  {_values(row)}".rstrip())
    lines += [f"by {visible(one.described)}: {plural(len(one), 'group')}" for one in profile.groupings]
    return "\n".join([*lines, ""])


def _values(row: dict[str, Any]) -> str:
    """Say where the values of a feature lie."""
    if row["median"] is not None and row["kind"] == "numeric":
        return " … ".join("" if row[name] is None else f"{row[name]:.6g}" for name in ("least", "median", "greatest"))
    several = "" if row["values"] is None else plural(row["values"], "value")
    if row["commonest"] is None or row["kind"] == "identifier":
        return several
    return ", ".join(
        part
        for part in (several, f"{shorten(visible(row['commonest']), NAME)} {row['commonest_rows'] / row['rows']:.1%}")
        if part
    )
