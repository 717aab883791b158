from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import strings
from lakedrift_kernels.hashing import KEPT, LENGTH, START, STRING_WIDTH, TIMES

NO_BITMAP = np.empty(0, np.uint8)
ONCE = np.empty(0, np.int64)
SHORT = 12
CODES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]

# As plain Python, NumPy warns of the wrap-around that mixing bits rests on.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar:RuntimeWarning")


def view(text: str) -> list[int]:
    """Return the two words of Arrow's view of a string; those of a long one say where it is."""
    raw = text.encode()
    body = raw.ljust(SHORT, b"\0") if len(raw) <= SHORT else raw[:4] + b"\xff" * 8
    return np.frombuffer(len(raw).to_bytes(4, "little") + body, np.uint64).tolist()


def views(texts) -> np.ndarray:
    return np.array([view(text) for text in texts], np.uint64).reshape(-1, 2)


def short(texts) -> Counter[str]:
    return Counter(text for text in texts if len(text.encode()) <= SHORT)


def tally(table: np.ndarray) -> Counter[str]:
    found = Counter[str]()
    for first, second, count in table.tolist():
        if count:
            raw = first.to_bytes(8, "little") + second.to_bytes(8, "little")
            found[raw[4 : 4 + int.from_bytes(raw[:4], "little")].decode()] += count
    return found


def count(words: np.ndarray, validity=NO_BITMAP, offset=0, capacity=256) -> tuple[int, np.ndarray, int]:
    table, used = np.zeros((capacity, 3), np.uint64), np.zeros(2, np.int64)
    stopped = strings.count_views(words, validity, offset, ONCE, 0, table, used)
    return stopped, table, int(used[0])


def test_view__is_arrows_own():
    texts = ["", "a", "a\0", "☃", "twelve bytes"]
    buffer = pa.array(texts, pa.string_view()).buffers()[1]
    np.testing.assert_array_equal(np.frombuffer(buffer, np.uint64).reshape(-1, 2), views(texts))


@given(data=st.data(), texts=st.lists(strategies.STRINGS, max_size=40))
def test_count_views__counts_the_valid_short_strings(data, texts):
    valid = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    validity, offset = data.draw(strategies.bitmap(valid))
    stopped, table, used = count(views(texts), validity, offset)
    expected = short(text for text, kept in zip(texts, valid, strict=True) if kept)
    assert stopped == len(texts)
    assert tally(table) == expected
    assert used == len(expected)


@given(texts=st.lists(strategies.STRINGS, max_size=40))
def test_count_views__without_a_bitmap_every_string_is_valid(texts):
    assert tally(count(views(texts))[1]) == short(texts)


def test_count_views__what_lies_under_a_null_is_not_looked_at():
    words = np.array([[2**64 - 1, 2**64 - 1], view("a")], np.uint64)
    assert tally(count(words, np.array([0b10], np.uint8))[1]) == {"a": 1}


@given(texts=st.lists(st.text(max_size=3), min_size=1, max_size=60))
def test_count_views__stops_at_a_half_full_table_and_goes_on_in_a_larger_one(texts):
    table, used, done = np.zeros((4, 3), np.uint64), np.zeros(2, np.int64), 0
    while (done := strings.count_views(views(texts), NO_BITMAP, 0, ONCE, done, table, used)) < len(texts):
        assert used[0] == len(table) // 2
        larger = np.zeros((2 * len(table), 3), np.uint64)
        strings.move_views(table, larger)
        assert tally(larger) == tally(table) == short(texts[:done])
        table = larger
    assert tally(table) == short(texts)


def test_count_views__two_thousand_strings_share_one_table():
    texts = [f"key {number:04}" for number in range(2_000)]
    assert tally(count(views(texts * 2), capacity=4096)[1]) == dict.fromkeys(texts, 2)


def test_count_views__no_strings():
    assert count(views([]))[::2] == (0, 0)


@given(data=st.data(), texts=st.lists(strategies.STRINGS, max_size=60), capacity=st.sampled_from([2, 16, 256]))
def test_number_views__as_they_come_and_goes_on_in_a_larger_table(data, texts, capacity):
    words = views(texts)
    valid, offset = data.draw(strategies.bitmap([text != "a" for text in texts]))
    codes, firsts = np.empty(len(texts), np.int32), np.empty(len(texts), np.int64)
    table = np.zeros((capacity, 3), np.uint64)
    done, found = strings.number_views(words, valid, offset, 0, table, firsts, 0, codes)
    while done < len(texts):
        larger = np.zeros((4 * len(table), 3), np.uint64)
        strings.move_views(table, larger)
        table = larger
        done, found = strings.number_views(words, valid, offset, done, table, firsts, found, codes)
    seen = [tuple(word) for word, text in zip(words.tolist(), texts, strict=True) if text != "a"]
    different = list(dict.fromkeys(seen))
    assert [tuple(words[first].tolist()) for first in firsts[:found]] == different
    numbered = iter(seen)
    assert codes.tolist() == [-1 if text == "a" else different.index(next(numbered)) for text in texts]


@pytest.mark.parametrize("dtype", CODES)
@given(data=st.data())
def test_count_codes__counts_the_valid_and_reports_those_outside(dtype, data):
    limits = np.iinfo(dtype)
    code = st.one_of(st.integers(0, 5), st.sampled_from([int(limits.min), int(limits.max)]))
    batch = data.draw(st.lists(st.tuples(code, st.booleans()), max_size=40))
    validity, offset = data.draw(strategies.bitmap([valid for _, valid in batch]))
    counts = np.zeros(4, np.int64)
    outside = strings.count_codes(np.array([code for code, _ in batch], dtype), validity, offset, counts)
    kept = Counter(code for code, valid in batch if valid)
    assert counts.tolist() == [kept[code] for code in range(4)]
    assert outside == sum(kept.values()) - counts.sum()


def test_count_codes__without_a_bitmap_every_code_is_valid():
    counts = np.array([10, 0], np.int64)
    assert strings.count_codes(np.array([0, 1, 1], np.int32), NO_BITMAP, 0, counts) == 0
    assert counts.tolist() == [11, 2]


def valid_bits(texts: list[str | None]) -> np.ndarray:
    return np.packbits(np.array([text is not None for text in texts], bool), bitorder="little")


def located(texts: list[str | None], buffers: int = 1) -> tuple[np.ndarray, tuple[np.ndarray, int], list[bytes]]:
    """Return views of strings, the long ones in turn in one of several buffers, their bitmap, and the buffers."""
    data = [b"ab"] * buffers
    words = []
    for place, text in enumerate(texts):
        raw = (text or "").encode()
        words.append(view(text or ""))
        if len(raw) > SHORT:
            words[-1][1] = len(data[place % buffers]) << 32 | place % buffers
            data[place % buffers] += raw
        elif text is None:
            words[-1] = [2**64 - 1, 2**64 - 1]
    validity = valid_bits(texts)
    return np.array(words, np.uint64).reshape(-1, 2), (validity, 0), data


def read(data: bytes, rows: np.ndarray) -> Counter[str]:
    found = Counter[str]()
    for start, length, times in rows[:, [START, LENGTH, TIMES]].tolist():
        found[data[start : start + length].decode()] += times
    return found


LONG_OR_SHORT = st.lists(st.one_of(st.none(), strategies.STRINGS), max_size=20)


@given(texts=LONG_OR_SHORT, weighed=st.booleans())
def test_locate_short__in_the_views_themselves(texts, weighed):
    words, bitmap, _ = located(texts)
    times = np.arange(len(texts)) if weighed else ONCE
    rows = np.empty((len(texts), STRING_WIDTH), np.uint64)
    found = strings.locate_short(words, *bitmap, times, rows)
    expected = Counter[str]()
    for place, text in enumerate(texts):
        if text is not None and len(text.encode()) <= SHORT:
            expected[text] += place if weighed else 1
    assert read(words.tobytes(), rows[:found]) == expected
    assert (rows[:found, KEPT] == rows[:found, LENGTH]).all()


@given(texts=LONG_OR_SHORT, weighed=st.booleans(), buffers=st.integers(1, 3), twice=st.booleans())
def test_locate_long__buffer_by_buffer(texts, weighed, buffers, twice):
    words, (validity, offset), data = located(texts, buffers)
    if twice:  # the same views again, as a reader repeats those of a dictionary
        words, texts = np.tile(words, (2, 1)), texts * 2
        validity = valid_bits(texts)
    times = np.arange(1, len(texts) + 1) if weighed else ONCE
    counts, seen = np.empty(buffers, np.int64), np.empty((16, 3), np.uint64)
    assert strings.count_long(words, validity, offset, seen, counts) == 0
    ends, rows = np.cumsum(counts) - counts, np.empty((counts.sum(), STRING_WIDTH), np.uint64)
    strings.locate_long(words, validity, offset, times, seen, ends, rows)
    found, expected = Counter[str](), Counter[str]()
    for raw, part in zip(data, np.split(rows, ends[:-1]), strict=True):
        assert strings.keep_whole_characters(np.frombuffer(raw, np.uint8), part, np.uint64(1_000)) == 0
        assert (part[:, KEPT] == part[:, LENGTH]).all()
        found += read(raw, part)
    for place, text in enumerate(texts):
        if text is not None and len(text.encode()) > SHORT:
            expected[text] += place + 1 if weighed else 1
    assert found == expected


def test_locate_long__one_row_for_all_equal_views():
    words, _, _ = located(["thirteen chrs"])
    counts, seen, rows = np.empty(1, np.int64), np.empty((16, 3), np.uint64), np.empty((1, STRING_WIDTH), np.uint64)
    strings.count_long(np.repeat(words, 9, axis=0), NO_BITMAP, 0, seen, counts)
    assert counts.tolist() == [1]
    strings.locate_long(np.repeat(words, 9, axis=0), NO_BITMAP, 0, ONCE, seen, counts - 1, rows)
    assert rows[0, TIMES] == 9


def test_count_long__a_buffer_that_does_not_exist():
    words, _, _ = located(["thirteen chrs", "thirteen chr2"], 2)
    counts = np.empty(1, np.int64)
    assert strings.count_long(words, NO_BITMAP, 0, np.empty((16, 3), np.uint64), counts) == 1


@given(text=st.text("aä☃😀", min_size=1, max_size=12), most=st.integers(4, 20))
def test_keep_whole_characters__of_what_is_too_long(text, most):
    raw = text.encode()
    rows = np.array([[0, len(raw), 0, 1, 0, 0]], np.uint64)
    assert strings.keep_whole_characters(np.frombuffer(raw, np.uint8), rows, np.uint64(most)) == 0
    kept = raw[: int(rows[0, KEPT])]
    assert kept == (raw if len(raw) <= most else raw[:most].decode(errors="ignore").encode())


@pytest.mark.parametrize(("start", "length"), [(0, 4), (3, 1), (2**32, 1), (0, 2**32 - 1)])
def test_keep_whole_characters__what_lies_outside_is_not_read(start, length):
    rows = np.array([[start, length, 0, 1, 0, 0]], np.uint64)
    assert strings.keep_whole_characters(np.zeros(3, np.uint8), rows, np.uint64(2)) == 1
