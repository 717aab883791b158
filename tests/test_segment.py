"""Labels of segments: injective, and safe in a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.discovery import NULL_PARTITION
from lakedrift.segment import NULL, label, parse

TEXTS = st.one_of(
    st.sampled_from(["", NULL, "a/b", "a=b", "100%", "%5F", "\0", "\x7f\x85", "ä☃", "\udc80", ".", "null", "None"]),
    st.text(st.characters(exclude_categories=["Cs"])),
)
PAIRS = st.lists(st.tuples(TEXTS, st.none() | TEXTS), max_size=4)


@given(PAIRS)
def test_parse__gives_back_what_was_labelled(pairs):
    keys, values = (tuple(part) for part in zip(*pairs, strict=True)) if pairs else ((), ())
    assert parse(label(keys, values)) == (keys, values)


@given(PAIRS)
def test_label__is_a_path_of_printable_folders(pairs):
    text = label([key for key, _ in pairs], [value for _, value in pairs])
    folders = text.split("/") if text else []
    assert len(folders) == len(pairs)
    assert all(folder.count("=") == 1 and not set(folder) & set('\0\n\x85"#*?\\') for folder in folders)


@pytest.mark.parametrize(
    ("keys", "values", "text"),
    [
        ((), (), ""),
        (("carrier", "origin"), ("AA", "JFK"), "carrier=AA/origin=JFK"),
        (("carrier",), ("",), "carrier="),
        (("carrier",), (None,), "carrier=__HIVE_DEFAULT_PARTITION__"),
        (("carrier",), ("__HIVE_DEFAULT_PARTITION__",), "carrier=%5F_HIVE_DEFAULT_PARTITION__"),
        (("a=b",), ("1/2 é",), "a%3Db=1%2F2 é"),
        (("key",), ("\u0085",), "key=%C2%85"),
    ],
)
def test_label__by_hand(keys, values, text):
    assert label(keys, values) == text


def test_null__is_that_of_paths():
    assert NULL == NULL_PARTITION
