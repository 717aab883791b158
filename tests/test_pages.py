"""Page headers are read as they were written, and whatever is no page header is a ValueError."""

from __future__ import annotations

import contextlib
import io
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakedrift.pages import Pages, look


def written(array: pa.Array, **options: object) -> tuple[io.BytesIO, int, int]:
    """Return a file of one column, and where its pages are."""
    file = io.BytesIO()
    pq.write_table(pa.table({"x": array}), file, **options)
    chunk = pq.read_metadata(file).row_group(0).column(0)
    start = min(offset for offset in (chunk.dictionary_page_offset, chunk.data_page_offset) if offset)
    return file, start, chunk.total_compressed_size


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
    assert look(io.BytesIO(b"PAR1"), 4, 0) == Pages(0, 0, only_codes=True)


@pytest.mark.parametrize(
    "raw", [b"", b"\0", b"\xff" * 100, b"\x1c" * 100_000, b"\x15" + b"\xff" * 30, b"\x19\xfc\xff\xff\xff\xff\x0f"]
)
def test_look__no_page_header(raw):
    with pytest.raises(ValueError, match=r"no page|no Thrift|64 bits"):
        look(io.BytesIO(raw), 0, 100)


def test_look__flipped_bits_are_a_value_error_or_sizes():
    file, start, length = written(pa.array(np.arange(50_000)), use_dictionary=False)
    raw, dice = file.getvalue(), random.Random(3)
    for _ in range(300):
        spoilt = bytearray(raw)
        spoilt[start + dice.randrange(40)] ^= 1 << dice.randrange(8)
        with contextlib.suppress(ValueError):
            assert look(io.BytesIO(spoilt), start, length).largest >= 0
