"""Writes a golden profile of this version of the format, and beside it what is in it: `python tests/write_golden.py NAME`.

Those that are there are never written again: they are what a reader has to read for ever.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
from test_format import GOLDEN, ROWS, frame

import lakedrift as ld
from lakedrift.profiles import Profile

__all__ = ["described"]


def described(profile: Profile) -> dict[str, Any]:
    """Return what a profile says, as JSON."""
    states = {
        feature.name: [
            (state := profile.state(feature.name)).KIND,
            *(int(getattr(state, field)[0]) for field in ("rows", "null", "nan", "valid")),
        ]
        for feature in profile.features
    }
    kinds = {kind for held in (profile, *profile.groupings) for kind, _ in held.states}
    return {
        "rows": profile.rows,
        "features": [feature.name for feature in profile.features],
        "states": states,
        "groupings": [[*grouping.keys, len(grouping)] for grouping in profile.groupings],
        "kinds": sorted(kinds),
        "fragments": [[Path(one.uri).name, one.rows, one.etag, one.events, one.windows] for one in profile.fragments],
    }


def main(name: str) -> None:
    path = GOLDEN / f"{name}.profile"
    if path.exists():
        sys.exit(f"{path} is there already")
    with tempfile.TemporaryDirectory() as lake:
        frame().write_parquet(Path(lake) / "1.parquet")
        frame(2, ROWS // 3).with_columns(pl.when(pl.col("items") > 1).then("at")).write_parquet(Path(lake) / "2.parquet")
        profile = ld.profile(lake, time="at", every="1w")
    profile.save(path)
    path.with_suffix(".json").write_text(json.dumps(described(profile), indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
