"""Page headers are read as they were written, and whatever is no page header is a ValueError."""

from __future__ import annotations

import contextlib
import io
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakedrift.pages import Chunk, Pages, chunks, head, look


def written(array: pa.Array, **options: object) -> tuple[io.BytesIO, Chunk]:
    """Return a file of one column, and its chunk."""
    file = io.BytesIO()
    pq.write_table(pa.table({"x": array}), file, **options)
    ((chunk,),) = chunks(file)
    return file, chunk


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_look__one_long_value_among_short_ones(version, compression):
    values = pa.array(["short"] * 5_000 + ["x" * 5_000_000] + ["short"] * 5_000)
    options = {"use_dictionary": False, "compression": compression, "data_page_version": version}
    pages = look(*written(values, **options))
    assert not pages.only_codes
    assert 5_000_000 < pages.largest < 5_100_000
    assert pages.value_bytes >= 5_000_000 // 10_001


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_look__codes(version):
    pages = look(*written(pa.array(["x" * 1_000, "y" * 3_000] * 500), data_page_version=version))
    assert pages.only_codes
    assert pages.largest == 4_008
    assert pages.value_bytes == 2_004


def test_look__dictionary_that_became_too_large():
    values = pa.array([f"{row:0100}" for row in range(20_000)])
    assert look(*written(values)).only_codes is False
    assert look(*written(values, dictionary_pagesize_limit=1 << 30)).only_codes is True


def test_look__long_statistics_in_a_header():
    values = pa.array([letter * 4_000 for letter in "abc"])
    options = {"use_dictionary": False, "data_page_version": "2.0"}
    assert look(*written(values, **options)) == Pages(12_012 + 2, 4_005, only_codes=False)


def test_look__no_pages():
    assert look(io.BytesIO(b"PAR1"), Chunk("x", 0, 0, 4)) == Pages(0, 0, only_codes=True)


@pytest.mark.parametrize(
    "raw", [b"", b"\0", b"\xff" * 100, b"\x1c" * 100_000, b"\x15" + b"\xff" * 30, b"\x19\xfc\xff\xff\xff\xff\x0f"]
)
def test_look__no_page_header(raw):
    with pytest.raises(ValueError, match=r"no page|no Thrift|64 bits"):
        look(io.BytesIO(raw), Chunk("x", 100, 100, 0))


def test_look__flipped_bits_are_a_value_error_or_sizes():
    file, chunk = written(pa.array(np.arange(50_000)), use_dictionary=False)
    raw, dice = file.getvalue(), random.Random(3)
    for _ in range(300):
        spoilt = bytearray(raw)
        spoilt[chunk.start + dice.randrange(40)] ^= 1 << dice.randrange(8)
        with contextlib.suppress(ValueError):
            assert look(io.BytesIO(spoilt), chunk).largest >= 0


def test_chunks__as_arrow_sees_them():
    file = io.BytesIO()
    table = pa.table(
        {"x": range(500), "word": ["a", "b"] * 250, "in.side": [{"y": row} for row in range(500)], "ü\0": [1.5] * 500}
    )
    pq.write_table(table, file, row_group_size=200)
    footer = pq.read_metadata(file)
    groups = [footer.row_group(number) for number in range(3)]
    expected = [[group.column(place) for place in range(footer.num_columns)] for group in groups]
    assert chunks(file) == [
        [
            Chunk(
                column.path_in_schema,
                column.total_uncompressed_size,
                column.total_compressed_size,
                min(offset for offset in (column.dictionary_page_offset, column.data_page_offset) if offset),
            )
            for column in group
        ]
        for group in expected
    ]


@pytest.mark.parametrize(
    "raw", [b"", b"PAR1", b"\0" * 8, b"\xff" * 50, b"\x19" * 40 + b"\x28\0\0\0PAR1", b"\x1c" * 99_992 + b"\x98\x86\1\0PAR1"]
)
def test_chunks__no_footer(raw):
    with pytest.raises((OSError, ValueError)):
        chunks(io.BytesIO(raw))


def test_chunks__flipped_bits_are_a_value_error_or_sizes():
    raw, dice = written(pa.array(["a", "b"] * 50))[0].getvalue(), random.Random(3)
    footer = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    for _ in range(1_000):
        spoilt = bytearray(raw)
        spoilt[dice.randrange(footer, len(raw))] ^= 1 << dice.randrange(8)
        with contextlib.suppress(OSError, ValueError):
            assert all(isinstance(chunk.start, int) for group in chunks(io.BytesIO(spoilt)) for chunk in group)


def footer(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    raw = file.getvalue()
    return raw[-int.from_bytes(raw[-8:-4], "little") - 8 :]


def test_head__is_the_same_for_the_same_columns_only():
    rows, more = pa.table({"x": [1], "y": ["a"]}), pa.table({"x": [2, 3], "y": ["b", None]})
    others = [rows.select(["x"]), rows.rename_columns(["x", "z"]), rows.cast(pa.schema({"x": pa.int32(), "y": pa.string()}))]
    assert footer(more).startswith(head(footer(rows)))
    assert head(footer(rows))
    assert not any(footer(other).startswith(head(footer(rows))) for other in others)


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\x15\x02\x00", b"\x15\x02\x26\x02\x00", footer(pa.table({"x": [1]}))[:20]])
def test_head__no_schema_at_the_beginning(raw):
    assert head(raw) == b""
