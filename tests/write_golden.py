"""Writes golden profiles of this version of the format, and beside each what is in it: `python tests/write_golden.py NAME`.

Those that are there are never written again: they are what a reader has to read for ever. `SHA256SUMS` says what their bytes
are, so that whoever changes one has to say so.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from test_format import ROWS, frame, unknown

import lakedrift as ld
from lakedrift.profiles import Profile, Unread

__all__ = ["GOLDEN", "RECIPES", "SUMS", "contents", "main"]

GOLDEN = Path(__file__).parent / "golden"
SUMS = "SHA256SUMS"


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
        "contents": contents(profile),
    }


def contents(profile: Profile) -> list[list[Any]]:
    """Return of every state, also of those that are not known, the sum of each field, and of the places in it."""
    known = [
        Unread(number, *key, state.to_arrow())
        for number, held in enumerate((profile, *profile.groupings))
        for key, state in sorted(held.states.items())
    ]
    return [[*part[:2], list(part.columns), _sums(pl.DataFrame(part.table))] for part in [*known, *profile.unread]]


def _sums(rows: pl.DataFrame) -> dict[str, list[int]]:
    sums: dict[str, list[int]] = {}
    for field, place, count in rows.select(pl.col("field").cast(pl.String), "place", "count").iter_rows():
        before = sums.get(field, [0, 0])
        sums[field] = [before[0] + place, before[1] + count]
    return sums


def _lake(**options: Any) -> Profile:
    with tempfile.TemporaryDirectory() as lake:
        frame().write_parquet(Path(lake) / "1.parquet")
        frame(2, ROWS // 3).with_columns(pl.when(pl.col("items") > 1).then("at")).write_parquet(Path(lake) / "2.parquet")
        return ld.profile(lake, **options)


def _identifiers() -> Profile:
    unsigned = np.random.default_rng(7).integers(0, 2**64 - 1, ROWS, dtype=np.uint64)
    steps = pl.Series("steps", unsigned // np.uint64(2**58) + np.uint64(2**63))
    return ld.profile(frame().with_columns(pl.Series("unsigned", unsigned), steps, number=pl.int_range(7_000, 7_000 + ROWS)))


def _heavy() -> Profile:
    random = np.random.default_rng(8)
    prices = np.where(random.random(4_000) < 0.3, 19.99, random.lognormal(size=4_000) ** 5)
    return ld.profile(pl.DataFrame({"price": np.where(random.random(4_000) < 0.2, random.normal(20, 1e-9, 4_000), prices)}))


def _unknown() -> Profile:
    profile, (whole,) = ld.profile(frame(), by="country"), unknown(ld.profile(frame())).unread
    return replace(profile, unread=(whole, Unread(1, *whole[1:])))


def _fourths() -> Profile:
    random = np.random.default_rng(9)
    label = random.gamma(2.0, 30.0, ROWS)
    said = label + random.normal(0.0, 5.0, ROWS)
    country = np.where(random.random(ROWS) < 0.3, "fr", "de")
    return ld.profile(
        pl.DataFrame({"y": label, "said": said, "c": country}), roles={"label": "y", "prediction": "said"}, by="c"
    )


RECIPES: dict[str, Callable[[], Profile]] = {
    "version-1-dated": lambda: _lake(time="at", every="1w"),
    "version-1-filtered": lambda: _lake(where="items > 3", by=["country", ("country", "paid")]),
    "version-1-identifiers": _identifiers,
    "version-1-private": lambda: _lake(private=10),
    "version-1-folded": lambda: _lake(by="country", max_segments=2, fold=True, time="at", every="1w"),
    "version-1-coarsened": lambda: ld.merge([ld.profile(frame(seed)) for seed in (1, 2)], coarsen=True),
    "version-1-heavy": _heavy,
    "version-1-unknown": _unknown,
    "version-1-fourths": _fourths,
}


def main(name: str) -> None:
    """Write a golden profile under a new name."""
    path = GOLDEN / f"{name}.profile"
    if path.exists():
        sys.exit(f"{path} is there already")
    if name not in RECIPES:
        sys.exit(f"there is no recipe for {name}")
    profile = RECIPES[name]()
    profile.save(path)
    path.with_suffix(".json").write_text(json.dumps(described(profile), indent=1) + "\n")
    with (GOLDEN / SUMS).open("a") as sums:
        for file in (path.with_suffix(".json"), path):
            sums.write(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
