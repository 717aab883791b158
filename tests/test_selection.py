"""Parts of a profile, and profiles by group that are saved and loaded."""

from __future__ import annotations

import datetime

import polars as pl
import pytest
from sealing import edited
from test_format import at, changed, frame, same

import lakedrift as ld
from lakedrift.errors import CorruptProfileError, UnknownNameError
from lakedrift.profiles import Profile

BY = ["country", ("country", "paid")]


@pytest.fixture(scope="module")
def grouped() -> Profile:
    return ld.profile(frame(), by=BY, time="at", every="1d")


def test_from_bytes__groups_are_as_they_were(grouped):
    again = Profile.from_bytes(grouped.to_bytes())
    same(grouped, again)
    for one, other in zip(grouped.groupings, again.groupings, strict=True):
        assert one.table().equals(other.table())
        for key, state in one.states.items():
            assert state.to_arrow().equals(other.states[key].to_arrow(), check_metadata=True)
    same(grouped.empty(), Profile.from_bytes(grouped.empty().to_bytes()))


def test_merge__of_saved_parts_is_the_whole(grouped, tmp_path):
    cuts = [frame()[:100], frame()[100:130], frame()[130:]]
    for number, part in enumerate(cuts):
        ld.profile(part, like=grouped, by=BY, time="at", every="1d").save(tmp_path / f"{number}.profile")
    merged = ld.merge([ld.load(path) for path in sorted(tmp_path.iterdir(), reverse=True)])
    assert merged.groupings[0].states.keys() == grouped.groupings[0].states.keys()
    whole = ld.profile(frame(), like=grouped, by=BY, time="at", every="1d")
    for one, other in zip(merged.groupings, whole.groupings, strict=True):
        assert one.table().equals(other.table())
        for key, state in one.states.items():
            assert state.to_arrow().equals(other.states[key].to_arrow(), check_metadata=True), key


@pytest.mark.parametrize("paid", [True, False])
def test_select__a_segment_has_its_rows(grouped, paid):
    part = grouped.select(segment=f"country=AT/paid={str(paid).lower()}")
    rows = frame().filter(pl.col("country") == "AT", pl.col("paid") == paid)
    assert part.rows == rows.height
    assert part.state("price").null[0] == rows["price"].null_count()
    assert Profile.from_bytes(part.to_bytes()).to_bytes() == part.to_bytes()


def test_select__windows_and_segments_in_them(grouped):
    day = datetime.date(2026, 8, 3)
    rows = frame().filter(pl.col("at").dt.date() == day)
    assert grouped.select(window="2026-08-03").rows == grouped.select(window=day).rows == rows.height
    assert (
        grouped.select(window=datetime.datetime(2026, 8, 3, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))).rows
        == rows.height
    )
    within = grouped.select(segment="country=DE", window=day)
    assert within.rows == rows.filter(country="DE").height
    assert grouped.select() is grouped


@pytest.mark.parametrize(
    "words",
    [{"segment": "country=XX"}, {"segment": "paid=true"}, {"window": "2020-01-01"}, {"window": "soon"}, {"segment": "%ff"}],
)
def test_select__what_there_is_not_gets_the_nearest(grouped, words):
    with pytest.raises(UnknownNameError):
        grouped.select(**words)


IMPOSSIBLE = {
    "a group of no rows": changed("count", "groups", "rows", pl.lit(0)),
    "more rows in groups": changed("count", "groups", "rows", pl.col("count") + 1),
    "a label of another key": changed("segment", "groups", "rows", pl.lit("city=AT")),
    "a label that is none": changed("segment", "groups", "rows", pl.lit("AT")),
    "a label written otherwise": changed("segment", "groups", "rows", pl.col("segment").str.replace("A", "%41")),
    "windows in disorder": changed("window", "groups", "rows", pl.lit(None)),
    "a table of other buckets": changed(
        "value", "crosstab", "grid", pl.col("value").str.replace('"bits":"\\d+"', '"bits":"60"')
    ),
    "categories elsewhere": changed("place", "crosstab", "values", pl.col("place") + 1),
    "another length": changed("value", "profile", "header", pl.col("value").str.replace('"1d"', '"9z"')),
    "another zone": changed("value", "profile", "header", pl.col("value").str.replace('"UTC"', '"Nowhere"')),
    "fewer joined cells": changed("value", "numeric", "grid", pl.col("value").str.replace(r'kept\\":\[0,', r"kept\":[")),
    "no groups": lambda rows: rows.filter(~at("groups", "rows")),
}


@pytest.mark.parametrize("how", IMPOSSIBLE)
def test_from_bytes__impossible_groups_are_an_error(how, grouped):
    before = grouped.to_bytes()
    after = edited(before, IMPOSSIBLE[how])
    assert after != before
    with pytest.raises(CorruptProfileError):
        Profile.from_bytes(after)
