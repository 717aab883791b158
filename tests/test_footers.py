"""What the footers of files say comes back as it was, or not at all."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lakedrift import footers
from lakedrift.sources.parquet import ParquetFiles, open_files


@pytest.fixture
def files(tmp_path: Path) -> ParquetFiles:
    frame = pl.DataFrame({"n": [1, 2**62], "u": pl.Series([0, 2**64 - 1], dtype=pl.UInt64), "word": ["a", None]})
    for day, more in (("1", {}), ("2", {}), ("3", {"when": pl.lit(0).cast(pl.Datetime("ns", "Europe/Vienna"))})):
        (tmp_path / f"day={day}").mkdir()
        frame.with_columns(**more).write_parquet(tmp_path / f"day={day}" / "a.parquet", row_group_size=1)
    return open_files(tmp_path)


def test_from_bytes__gives_what_was_written(files):
    found = footers.from_bytes(footers.to_bytes(files.fragments))
    assert list(found) == [fragment.uri for fragment in files.fragments]
    assert list(found.values()) == list(files.fragments)
    assert len({id(fragment.schema) for fragment in found.values()}) == 2


def test_from_bytes__of_what_is_damaged_is_nothing(files):
    data = footers.to_bytes(files.fragments)
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        assert footers.from_bytes(bytes(flipped)) == {}
        assert footers.from_bytes(data[:place]) == {}


def test_open_files__what_is_known_is_not_read_again(files):
    known = {fragment.uri: fragment for fragment in files.fragments}
    again = open_files(files.name, known)
    assert all(one is known[one.uri] or one == known[one.uri] for one in again.fragments)
    first = Path(files.fragments[0].uri)
    pl.DataFrame({"n": [7]}).write_parquet(first)
    again = open_files(files.name, known)
    assert again.fragments[0].rows == 1
    assert again.fragments[0].etag != files.fragments[0].etag
    assert again.fragments[1:] == files.fragments[1:]
