"""Sides that were folded apart are compared on the segments that both know by name, and nothing else is gone or new."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import lakedrift as ld
from lakedrift.folding import on_common_segments
from lakedrift.profiles import Profile

SIZES = {"a": 4_000, "b": 3_000, "c": 2_000, "d": 1_000, "e": 600}
LATER = SIZES | {"b": 500, "e": 2_500}


def lake(sizes: dict[str, int], seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    keys = [key for key, rows in sizes.items() for _ in range(rows)]
    return pl.DataFrame({"k": keys, "day": np.arange(len(keys)) % 2, "x": random.normal(size=len(keys))})


def folded(sizes: dict[str, int], most: int, seed: int = 1, **options) -> Profile:
    return ld.profile(lake(sizes, seed), by=["k", ("k", "day")], max_segments=most, fold=True, features=["x"], **options)


def findings(comparison: ld.Comparison) -> dict[str, tuple[str, int, int]]:
    """Return the status and the rows of either side of every segment by the first key."""
    of_one_key = pl.col("segment").str.count_matches("=") == 1
    rows = comparison.to_polars().filter(of_one_key, metric="segment_share")
    return {row["segment"].removeprefix("k="): (row["status"], row["n_reference"], row["n_current"]) for row in rows.to_dicts()}


def test_compare__folded_apart_nothing_is_gone_or_new():
    reference, current = folded(SIZES, 3), folded(LATER, 3, 2)
    found = findings(ld.compare(reference, current))
    assert found == {"a": ("ok", 4_000, 4_000), "c": ("ok", 2_000, 2_000), "__other__": ("ok", 4_600, 4_000)}


def test_compare__one_side_folded_the_other_is_folded_alike():
    reference, current = folded(SIZES, 3), ld.profile(lake(LATER, 2), by=["k", ("k", "day")], features=["x"])
    expected = {key: ("ok", SIZES[key], LATER[key]) for key in "abc"} | {"__other__": ("ok", 1_600, 3_500)}
    assert findings(ld.compare(reference, current)) == expected
    turned = {key: (status, now, before) for key, (status, before, now) in expected.items()}
    assert findings(ld.compare(current, reference)) == turned


def test_compare__joined_groups_are_those_of_joined_rows():
    reference, current = folded(SIZES, 3), ld.profile(lake(LATER, 2), by=["k", ("k", "day")], features=["x"])
    sides = on_common_segments(reference.grouping(["k"]), current.grouping(["k"]))
    named = pl.when(pl.col("k").is_in(list("abc"))).then("k").otherwise(pl.lit("__other__"))
    rows = lake(LATER, 2).with_columns(named.alias("k"))
    expected = ld.profile(rows, like=current, by=["k"], features=["x"]).grouping(["k"])
    assert sides[1].table().equals(expected.table())
    assert sides[1].rows.tolist() == expected.rows.tolist()
    assert sides[1].state("x").to_arrow().equals(expected.state("x").to_arrow())


@pytest.mark.parametrize("saved", [False, True])
def test_compare__what_both_name_and_one_lacks_is_gone(saved):
    reference = folded(SIZES, 4)
    current = folded({key: rows for key, rows in LATER.items() if key != "c"}, 4, 2, like=reference)
    if saved:
        current = Profile.from_bytes(current.to_bytes())
    assert current.grouping(["k"]).absent == {"k=c"}
    found = findings(ld.compare(reference, current))
    assert found["c"] == ("gone_segment", 2_000, 0)
    assert {status for status, _, _ in found.values()} == {"ok", "gone_segment"}


def test_sweep__still_finds_what_is_gone_and_new():
    before, now = lake(SIZES), lake({key: rows for key, rows in SIZES.items() if key != "b"} | {"z": 900}, 2)
    found = findings(ld.sweep(before, now, by="k", features=["x"], max_segments=5, fold=True))
    assert (found["b"][0], found["z"][0]) == ("gone_segment", "new_segment")


def test_merge__knows_what_all_parts_name():
    reference = folded(SIZES, 4)
    parts = [folded({"a": 500, other: 400}, 4, 3, like=reference) for other in "bc"]
    assert [sorted(part.grouping(["k"]).absent) for part in parts] == [["k=c", "k=d"], ["k=b", "k=d"]]
    assert ld.merge(parts).grouping(["k"]).absent == {"k=d"}
    assert parts[0].empty().grouping(["k"]).absent == reference.grouping(["k"]).named


def spoken(profile: Profile) -> dict[str, int]:
    grouping = profile.grouping(["k"])
    return dict(zip(grouping.values[0].to_list(), grouping.rows.tolist(), strict=True))


@pytest.mark.parametrize("most", [3, 5], ids=["folded too", "not folded"])
@pytest.mark.parametrize("turned", [False, True])
def test_merge__a_segment_that_one_part_may_have_joined_is_joined_in_all(most, turned):
    parts = [folded(SIZES, 3), folded(LATER, most, 2)]
    merged = ld.merge(parts[::-1] if turned else parts, coarsen=True)
    kept = "ac" if most == 3 else "abc"
    total = {key: SIZES[key] + LATER[key] for key in SIZES}
    rest = sum(rows for key, rows in total.items() if key not in kept)
    assert spoken(merged) == {"__other__": rest} | {key: total[key] for key in kept}
    assert merged.grouping(["k"]).folded


def test_bins__of_joined_segments_add_up():
    comparison = ld.compare(folded(SIZES, 3), folded(LATER, 3, 2))
    reference, current = comparison.bins("x", segment="k=__other__")
    assert (reference.counts.sum(), current.counts.sum()) == (4_600, 4_000)
