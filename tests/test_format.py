"""The format of profiles: nothing is lost, nothing is believed that was not checked, and anybody can query it."""

from __future__ import annotations

import datetime
import io
import json
import tracemalloc
from dataclasses import replace
from types import MappingProxyType

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sealing import edited, resealed

import lakedrift as ld
from lakedrift import container, longform
from lakedrift.errors import (
    CorruptProfileError,
    IncompatibleProfilesError,
    ProfileVersionError,
    SourceNotFoundError,
    StoreError,
)
from lakedrift.format import kinds
from lakedrift.observer import Silent
from lakedrift.profiles import Profile, Unread
from lakedrift.refinement import doubts, refine
from lakedrift.sources import open_source
from lakedrift.summaries.frequencies import Frequencies

ROWS = 300


def frame(seed: int = 1, rows: int = ROWS) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    start = datetime.datetime(2026, 8, 1)
    return pl.DataFrame(
        {
            "price": np.where(random.random(rows) < 0.02, np.inf, random.lognormal(size=rows) * 1e3),
            "far": np.where(random.random(rows) < 0.02, 1e300, random.normal(size=rows)),
            "items": random.integers(0, 9, rows),
            "hash": random.integers(-(2**63), 2**63 - 1, rows),
            "country": random.choice(["AT", "DE", "ä=/%", ""], rows),
            "order": [f"order-{seed}-{number}" for number in range(rows)],
            "paid": random.random(rows) < 0.4,
            "at": [start + datetime.timedelta(minutes=int(step)) for step in random.integers(0, 9_999, rows)],
            "nested": [[1]] * rows,
            "nothing": pl.Series([None] * rows, dtype=pl.Float64),
        }
    ).with_columns(pl.when(pl.int_range(rows) % 7 > 0).then(pl.col("price", "country")))


@pytest.fixture(scope="module")
def whole() -> Profile:
    return ld.profile(frame())


@pytest.fixture(scope="module")
def rich() -> bytes:
    """A profile as those of lakes are: every kind of column, groups and windows, correlations, a state that nobody knows."""
    random = np.random.default_rng(9)
    rows = frame(1, 500).with_columns(distance=pl.Series(random.gamma(2.0, 300.0, 500).round(1)))
    profile = ld.profile(rows, by=["country", "paid"], time="at", every="1d", correlations=["price", "items", "distance"])
    return replace(profile, unread=unknown(profile).unread).to_bytes()


@pytest.fixture(scope="module")
def small() -> bytes:
    return ld.profile(pl.DataFrame({"x": [0.5, 0.25, None], "word": ["a", "b", "b"]})).to_bytes()


def same(one: Profile, other: Profile) -> None:
    for key, state in one.states.items():
        assert state.to_arrow().equals(other.states[key].to_arrow(), check_metadata=True), key
    for name in ("name", "rows", "filtered", "features", "fragments", "groups", "time", "every"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.to_bytes() == other.to_bytes()


def test_kinds__are_those_of_the_summaries():
    assert set(kinds()) >= {"distinct", "frequencies", "numeric", "presence", "values"}


def test_from_bytes__gives_what_was_written(whole):
    same(whole, Profile.from_bytes(whole.to_bytes()))


def test_from_bytes__of_a_second_scan_and_of_no_rows(whole):
    comparison = ld.sweep(frame(1), frame(2), min_rows=1)
    (wanted,) = doubts(comparison, exact=True, memory=1 << 30, threads=2)
    states = {name: sides[0] for name, sides in wanted.items()}
    refined = refine(comparison.profiles[0], open_source(frame(1)), states, None, 1, Silent())
    assert any(kind == "values" for kind, _ in refined.states)
    same(refined, Profile.from_bytes(refined.to_bytes()))
    same(whole.empty(), Profile.from_bytes(whole.empty().to_bytes()))


def test_from_bytes__names_that_are_no_utf8_and_very_many_values():
    values = [b"ab\xff", b"ab", b"\x00\n", "é".encode() * 200] * 5
    odd = Frequencies.new(["ab", "ab\udcff"])
    odd.update(pa.array(values).view(pa.string()))
    plain = ld.profile(pl.DataFrame({"word": ["a"] * 20}))
    many = ld.profile(pl.DataFrame({"word": [f"a word {number % 70_000}" for number in range(150_000)]}))
    for profile in (replace(plain, states=MappingProxyType({("frequencies", ("word",)): odd})), many):
        same(profile, Profile.from_bytes(profile.to_bytes()))
    assert many.state("word").buckets is not None


def test_to_bytes__are_the_same_every_time():
    words = pl.DataFrame({"word": [f"some word of many {number % 50_000}" for number in range(60_000)]})
    profile = ld.profile(words)
    assert (
        len({profile.to_bytes() for _ in range(5)} | {ld.profile(words, threads=threads).to_bytes() for threads in (1, 3)}) == 1
    )


def test_provenance__tells_where_the_rows_came_from(tmp_path):
    (tmp_path / "day=1").mkdir()
    frame().write_parquet(tmp_path / "day=1" / "a.parquet")
    profile = ld.profile(tmp_path, where="items > 3")
    (entry,) = Profile.from_bytes(profile.to_bytes()).fragments
    status = (tmp_path / "day=1" / "a.parquet").stat()
    assert (entry.uri, entry.bytes, entry.modified) == (
        str(tmp_path / "day=1" / "a.parquet"),
        status.st_size,
        status.st_mtime_ns,
    )
    assert (entry.rows, entry.filtered, entry.deleted) == (ROWS, ROWS - frame().filter(pl.col("items") > 3).height, 0)
    several = [frame(seed, 100 * seed) for seed in range(1, 4)]
    for number, part in enumerate(several):
        part.write_parquet(tmp_path / f"{number}.parquet")
    entries = ld.profile(sorted(tmp_path.glob("*.parquet")), where="items > 3").fragments
    assert [one.filtered for one in entries] == [part.filter(pl.col("items") <= 3).height for part in several]
    assert entry.partition == (("day", "1"),)
    assert ("price", "double") in entry.schema
    assert "olars" in (entry.writer or "")


def test_save__and_load(whole, tmp_path):
    path = tmp_path / "deep" / "jan.profile"
    whole.save(path)
    same(whole, ld.load(path))
    whole.empty().save(path)
    same(whole.empty(), ld.load(path))
    assert [found.name for found in path.parent.iterdir()] == ["jan.profile"]
    with pytest.raises(SourceNotFoundError, match="feb"):
        ld.load(tmp_path / "feb.profile")


def test_load__does_not_read_what_is_larger_than_any_profile(tmp_path):
    with (tmp_path / "a.profile").open("wb") as file:
        file.truncate(1 << 42)
    with pytest.raises(StoreError, match=r"a\.profile.*too large"):
        ld.load(tmp_path / "a.profile")


def test_load__names_the_file(tmp_path):
    (tmp_path / "a.profile").write_bytes(b"no profile")
    with pytest.raises(CorruptProfileError, match=r"a\.profile") as caught:
        ld.load(tmp_path / "a.profile")
    assert caught.value.exit_code == 4


def refuses(data: bytes) -> bool:
    try:
        Profile.from_bytes(data)
    except CorruptProfileError:
        return True
    return False


def test_from_bytes__one_bit_flipped_anywhere_is_an_error(rich):
    """Every bit of the last kilobyte, which is looked at first, and one of every other byte."""
    flipped, arrow = bytearray(rich), pa.total_allocated_bytes()
    tracemalloc.start()
    for place in range(len(rich)):
        for bit in range(8) if place >= len(rich) - 1_000 else [place % 8]:
            flipped[place] ^= 1 << bit
            assert refuses(bytes(flipped)), (place, bit)
            flipped[place] ^= 1 << bit
    assert tracemalloc.get_traced_memory()[1] < 10 * len(rich) + (1 << 20)
    assert pa.total_allocated_bytes() == arrow
    tracemalloc.stop()
    assert not refuses(bytes(flipped))


def test_from_bytes__every_truncation_is_an_error(small, rich):
    for data in (small, rich):
        for size in range(len(data)):
            assert refuses(data[:size]), size
    with pytest.raises(CorruptProfileError):
        Profile.from_bytes(small + small)
    with pytest.raises(CorruptProfileError):
        Profile.from_bytes(small + b"PAR1")


def test_from_bytes__any_other_parquet_file_is_an_error():
    sink = io.BytesIO()
    pq.write_table(pa.table({"x": [1]}), sink)
    with pytest.raises(CorruptProfileError, match="no profile"):
        Profile.from_bytes(sink.getvalue())


def test_from_bytes__a_later_version_is_told(small):
    later = resealed(small.replace(b"lakedrift-profile-1", b"lakedrift-profile-2"))
    with pytest.raises(ProfileVersionError, match="version 2"):
        Profile.from_bytes(later)


def at(kind: str, field: str) -> pl.Expr:
    return (pl.col("kind") == kind) & (pl.col("field") == field)


def changed(column: str, kind: str, field: str, value: object) -> pl.Expr:
    return pl.when(at(kind, field)).then(value).otherwise(pl.col(column)).alias(column)


def grid(kind: str, old: str, new: str) -> pl.Expr:
    return changed("value", kind, "grid", pl.col("value").str.replace(old, new))


def header(old: str, new: str) -> pl.Expr:
    return changed("value", "profile", "header", pl.col("value").str.replace(old, new))


IMPOSSIBLE = {
    "negative count": changed("count", "numeric", "cells", -pl.col("count")),
    "cells that sum to more": changed("count", "numeric", "cells", pl.col("count") + 1),
    "cells in another order": lambda rows: pl.concat(
        [rows.filter(pl.col("state") < 1), rows.filter(pl.col("state") >= 1).reverse()]
    ),
    "a cell that there is not": changed("place", "numeric", "cells", pl.col("place") + (1 << 40)),
    "a negative cell": changed("place", "numeric", "cells", pl.col("place") - (1 << 40)),
    "a cell twice": changed("place", "numeric", "cells", pl.lit(7)),
    "more nulls than rows": changed("count", "numeric", "null", pl.lit(1 << 40)),
    "rows beyond those of the lake": changed("count", "presence", "rows", pl.lit(1 << 40)),
    "extremes elsewhere": changed("place", "numeric", "extremes", 1 - pl.col("place")),
    "extremes outside": changed("count", "numeric", "extremes", pl.lit(0)),
    "a group that there is not": changed("group", "numeric", "cells", pl.lit(7)),
    "a negative group": changed("group", "numeric", "cells", pl.lit(-1)),
    "a digit": changed("count", "numeric", "near", pl.lit(1 << 40)),
    "moments of more": changed("count", "numeric", "near", pl.col("count") + 1),
    "many groups": changed("group", "numeric", "rows", pl.lit(1 << 30)),
    "zero": changed("count", "numeric", "cells", pl.lit(0)),
    "huge": changed("count", "numeric", "cells", pl.lit((1 << 63) - 1)),
    "a field twice": changed("field", "numeric", "null", pl.lit("cells")),
    "an unknown field": changed("field", "numeric", "cells", pl.lit("sells")),
    "null counts": changed("count", "numeric", "cells", pl.lit(None)),
    "a category twice": changed("value", "frequencies", "values", pl.lit("a")),
    "a category of no name": changed("value", "frequencies", "values", pl.lit(None)),
    "long category": changed("value", "frequencies", "values", pl.col("value") + "x" * 300),
    "a negative category": changed("count", "frequencies", "values", -pl.col("count")),
    "a register too high": changed("count", "distinct", "registers", pl.lit(200)),
    "no register": changed("place", "distinct", "registers", pl.lit(16_384)),
    "no grid": changed("value", "numeric", "grid", pl.lit(None)),
    "an unknown axis": grid("numeric", "double", "single"),
    "an endless scale": grid("numeric", "0x1[^,]*p\\+0", "inf"),
    "windows in disorder": grid("numeric", r'windows\\":\[\[', r"windows\":[[99,0,0,0],["),
    "a huge window": grid("numeric", r'windows\\":\[\[(\d+),(\d+),(\d+),(\d+)', r"windows\":[[$1,$2,$3,16000000"),
    "an endless window": grid(
        "numeric", r'windows\\":\[\[(\d+),(\d+),(\d+),(\d+)', r"windows\":[[$1,$2,$3,18446744073709551615"
    ),
    "octaves in disorder": grid("numeric", r'octaves\\":\[', r"octaves\":[4095,"),
    "linear cells of huge blocks": grid("numeric", r'linear\\":\[(-?\d+),(-?\d+),(\d+)', r"linear\":[$1,$2,62"),
    "linear cells of huge units": grid("numeric", r'linear\\":\[(-?\d+),', r"linear\":[5000,"),
    "linear cells far out": grid("numeric", r'linear\\":\[(-?\d+),(-?\d+),', r"linear\":[$1,9007199254740993,"),
    "linear cells of words": grid("numeric", r'linear\\":\[(-?\d+),', r"linear\":[\"a\","),
    "a list beside other edges": grid("numeric", r'\}","extremes', r',\"listed\":[0]}","extremes'),
    "a grid of words": grid("numeric", r'octaves\\":\[', r'octaves\":["a",'),
    "fewer rows": header('"rows":300', '"rows":299'),
    "negative rows": header('"rows":300', '"rows":-300'),
    "rows of no number": header('"rows":300', '"rows":"300"'),
    "another kind of feature": header('"numeric","double"', '"number","double"'),
    "another feature": header('"price","numeric"', '"prize","numeric"'),
    "a feature twice": header('"price","numeric"', '"far","numeric"'),
    "an unknown word": header('"rows"', '"cows"'),
    "a state of no grouping": header('"states":\\[\\[0', '"states":[[7'),
    "a state of another kind": header('"numeric",\\["price"\\]', '"presence",["price"]'),
    "no header": lambda rows: rows.filter(~at("profile", "header")),
    "two headers": lambda rows: pl.concat([rows.head(1), rows]),
    "no rows": lambda rows: rows.head(0),
    "a state too few": lambda rows: rows.filter(pl.col("state") < pl.col("state").max()),
    "a gap": pl.when(pl.col("state") > 3).then(pl.col("state") + 1).otherwise(pl.col("state")).alias("state"),
    "no schema": lambda rows: rows.filter(~at("profile", "schema")),
}


@pytest.mark.parametrize("how", IMPOSSIBLE)
def test_from_bytes__impossible_content_under_a_right_checksum_is_an_error(how, whole):
    before = whole.to_bytes()
    after = edited(before, IMPOSSIBLE[how])
    assert after != before
    with pytest.raises(CorruptProfileError):
        Profile.from_bytes(after)


def test_edited__changes_nothing_by_itself(whole):
    same(whole, Profile.from_bytes(edited(whole.to_bytes())))


def test_from_bytes__damage_under_a_right_checksum_never_crashes(small, rich):
    """One bit of every byte of a small profile, and of one byte in 199 of a large one."""
    for data, places in ((small, range(4, len(small) - 8)), (rich, range(4, len(rich) - 8, 199))):
        for place in places:
            flipped = bytearray(data)
            flipped[place] ^= 1 << place % 8
            try:
                profile = Profile.from_bytes(resealed(bytes(flipped)))
            except StoreError:
                continue
            profile.check()  # a bit that says the same, or something else that can be


def test_from_bytes__pages_that_promise_too_much_are_not_decompressed():
    rows = 30_000_000
    sink = io.BytesIO()
    nothing = {field.name: pa.nulls(rows, field.type) for field in container.SCHEMA}
    pq.write_table(pa.table(nothing), sink, compression="zstd", store_schema=False)
    table = Profile.from_bytes
    data = sink.getvalue()
    forged = data  # its footer lacks the mark
    with pytest.raises(CorruptProfileError):
        table(forged)
    with pytest.raises(CorruptProfileError, match="more"):
        container._check_sizes(data)


def unknown(whole: Profile, word: str = "sum") -> Profile:
    table = pa.table(
        {"field": pa.array([word]).cast(longform.FIELD), "group": pa.array([0], pa.int32()), "place": [3], "count": [-5]}
    )
    part = Unread(0, "sorcery", ("price", "paid"), table.replace_schema_metadata({"spell": "9"}))
    return Profile(
        *(getattr(whole, name) for name in ("name", "fragments", "rows", "filtered", "features", "states")), unread=(part,)
    )


def test_unknown_kind__survives_load_merge_and_save(whole):
    once = Profile.from_bytes(unknown(whole).to_bytes())
    assert [(part.kind, part.columns) for part in once.unread] == [("sorcery", ("price", "paid"))]
    assert once.to_bytes() == unknown(whole).to_bytes()
    other = Profile.from_bytes(unknown(whole, "product").to_bytes())
    merged = ld.merge([other, once])
    again = Profile.from_bytes(merged.to_bytes())
    assert [part.table["field"].to_pylist() for part in again.unread] == [["product"], ["sum"]]
    assert again.unread[0].table["count"].to_pylist() == [-5]
    assert again.unread[0].table.schema.metadata == {b"spell": b"9"}
    assert ld.merge([once, other]).to_bytes() == merged.to_bytes()
    assert ld.compare(once, other).verdict


def test_unknown_kind__of_groups_survives_too_and_moves_with_them():
    whole = ld.profile(frame(), by=["country", "paid"])

    def grouped(rows: pl.DataFrame, word: str) -> Profile:
        profile = ld.profile(rows, like=whole, by=["country", "paid"])
        groups = np.arange(len(profile.groupings[0]), dtype=np.int32)
        fields = pa.array([word] * len(groups)).cast(longform.FIELD)
        counts = profile.groupings[0].rows
        table = pa.table({"field": fields, "group": groups, "place": np.zeros_like(counts), "count": counts})
        return replace(profile, unread=(Unread(1, "sorcery", ("price",), table),))

    austria = pl.col("country") == "AT"
    parts = [grouped(frame().filter(austria), "one"), grouped(frame().filter(~austria.fill_null(value=False)), "other")]
    parts = [Profile.from_bytes(part.to_bytes()) for part in parts]
    merged = Profile.from_bytes(ld.merge(parts).to_bytes())
    assert merged.to_bytes() == ld.merge(parts[::-1]).to_bytes()
    rows = pl.DataFrame(pq.read_table(io.BytesIO(merged.to_bytes())))
    found = dict(rows.filter(kind="sorcery").filter(pl.col("field") != "grid").select("segment", "count").iter_rows())
    assert found == dict(zip(merged.groupings[0].labels(), merged.groupings[0].rows.tolist(), strict=True))
    with pytest.raises(CorruptProfileError, match="groups that there are not"):
        Profile.from_bytes(edited(parts[0].to_bytes(), changed("group", "sorcery", "one", pl.lit(7))))


def test_unknown_kind__whose_segments_are_folded_is_refused():
    sizes = [{"a": 5, "b": 4, "c": 3, "d": 2}, {"a": 5, "c": 4, "b": 3, "d": 2}]
    lakes = [pl.DataFrame({"k": [key for key, rows in one.items() for _ in range(rows)]}).with_columns(x=1.5) for one in sizes]
    parts = [ld.profile(rows, by="k", features=["x"], max_segments=2, fold=True) for rows in lakes]
    word = pa.array(["sum"]).cast(longform.FIELD)
    table = pa.table({"field": word, "group": pa.array([2], pa.int32()), "place": [0], "count": [7]})  # of b
    unread = replace(parts[0], unread=(Unread(1, "sorcery", ("x",), table),))
    assert ld.merge(parts, coarsen=True).grouping(["k"]).folded
    with pytest.raises(IncompatibleProfilesError, match="sorcery"):
        ld.merge([unread, parts[1]], coarsen=True)


def test_queries__by_duckdb_and_polars(whole, tmp_path):
    path = tmp_path / "jan.profile"
    whole.save(path)
    sql = """
        SELECT feature, sum(count) FILTER (field = 'null') / sum(count) FILTER (field = 'rows') AS share
        FROM read_parquet(?) WHERE segment = '' AND kind = 'numeric' GROUP BY feature
    """
    shares = dict(duckdb.execute(sql, [str(path)]).fetchall())
    assert shares["price"] == pytest.approx(frame()["price"].null_count() / ROWS)
    rows = pl.read_parquet(path)
    words = rows.filter(feature="country", field="values").select("value", "count")
    assert dict(words.iter_rows()) == dict(frame()["country"].drop_nulls().value_counts().iter_rows())
    cells = rows.filter(feature="items", field="cells")
    assert dict(cells.select("low", "count").iter_rows()) == {
        float(low): n for low, n in frame()["items"].value_counts().iter_rows()
    }
    entry = json.loads(rows.filter(kind="profile", field="fragment")["value"][0])
    assert entry["rows"] == ROWS
