"""Words and figures: safe to show, within the width, and right."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lakedrift.text import blocks, clip, count, decimal, duration, encode, join, legible, plural, shorten, size, visible

ANY = st.text(st.characters(), max_size=40)


@given(ANY)
def test_visible__is_one_line_of_plain_signs(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown


@given(ANY)
def test_visible__is_valid_xml(text: str) -> None:
    element = ET.Element("x", {"name": visible(text)})
    assert ET.fromstring(ET.tostring(element)).get("name") == visible(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 ✓", "plain é 漢 ✓"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\udc80", r"\udc80"),
    ],
)
def test_visible__examples(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY.map(visible), st.integers(1, 30))
def test_shorten_and_clip__fit(text: str, width: int) -> None:
    for cut in (shorten, clip):
        assert cell_len(cut(text, width)) <= width
        assert cut(text, 200) == text


def test_shorten__keeps_both_ends() -> None:
    assert shorten("customer_lifetime_value_usd", 15) == "custome…lue_usd"
    assert clip("median 12 → 20", 9) == "median 1…"


@given(st.lists(st.text("abc", min_size=1, max_size=12), min_size=1, max_size=40), st.integers(30, 120))
def test_join__fits_and_counts_the_rest(names: list[str], width: int) -> None:
    listed = join(names, width)
    assert cell_len(listed) <= width
    shown, more, left = listed.partition(" and ")
    assert len(shown.split(", ")) + (int(left.split()[0]) if more else 0) == len(names)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (count(0), "0"),
        (count(29_425), "29,425"),
        (count(999_999), "999,999"),
        (count(20_000_000), "20.0 M"),
        (count(412_345_678), "412 M"),
        (count(1_250_000_000), "1.25 G"),
        (size(0), "0 B"),
        (size(999), "999 B"),
        (size(1_000), "1.00 kB"),
        (size(999_600), "1.00 MB"),
        (size(4.1e12), "4.10 TB"),
        (duration(0.00096), "under 0.1 s"),
        (duration(0.814), "0.81 s"),
        (duration(9.99), "10 s"),
        (duration(38.2), "38 s"),
        (duration(59.7), "1 min 0 s"),
        (duration(125), "2 min 5 s"),
        (duration(3840), "1 h 4 min"),
        (decimal(0.1), "0.1"),
        (decimal(0.31234), "0.312"),
        (decimal(1234.5), "1,234"),
        (plural(1, "column"), "1 column"),
        (plural(81, "column"), "81 columns"),
    ],
)
def test_figures__as_people_write_them(written: str, expected: str) -> None:
    assert written == expected


def test_blocks__one_scale_for_both_sides() -> None:
    assert blocks([0, 1, 99], [50, 50, 0]) == ("▁▂█", "▅▅▁")
    assert blocks([0, 0], [0, 0]) == ("▁▁", "▁▁")
    assert blocks([], []) == ("", "")


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=20))
def test_blocks__something_is_drawn_higher_than_nothing(counts: list[int]) -> None:
    drawn, _ = blocks(counts, counts)
    assert [sign == "▁" for sign in drawn] == [counted == 0 for counted in counts]


@given(ANY)
def test_encode__never_fails(text: str) -> None:
    assert encode(text).decode("utf-8") == text.encode("utf-8", "backslashreplace").decode()


@given(one=st.binary(max_size=6), other=st.binary(max_size=6))
def test_legible__tells_bytes_that_are_no_utf8_apart(one, other):
    names = [raw.decode("utf-8", "surrogateescape") for raw in (one, other)]
    shown = [legible(name) for name in names]
    assert (shown[0] == shown[1]) == (one == other)
    assert all(label.encode().decode() == label for label in shown)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", ""),
        ("ü\\xff".encode(), "ü\\xff"),
        (b"ab\xff", "ab\\xff (not UTF-8)"),
        (b"\\xff\xff", "\\\\xff\\xff (not UTF-8)"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80 (not UTF-8)"),
    ],
)
def test_legible__examples(raw, shown):
    assert legible(raw.decode("utf-8", "surrogateescape")) == shown
