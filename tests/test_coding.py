"""The group of each row: by tables or by search, against a dictionary; what the census did not find is an error."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift import coding
from lakedrift.coding import ROWS, Coder, labelled, tallied
from lakedrift.errors import SchemaError, SourceChangedError
from lakedrift.groupby import GroupBy
from lakedrift.grouping import sorted_groups
from lakedrift.window import Every

ROW = st.tuples(st.none() | st.sampled_from(["", "a", "b", "c" * 20]), st.none() | st.integers(0, 3), st.integers(0, 5))
ROWS_OF = st.lists(ROW, max_size=30)
BY = GroupBy((("p", "q"),), "at", Every.parse("1d"))
DAY = 86_400_000_000


def batch(rows: list[tuple[str | None, int | None, int]], encoding: str = "string") -> pa.Table:
    p, q, days = ([row[place] for row in rows] for place in range(3))
    texts = pa.array(p, pa.string())
    text = texts.dictionary_encode() if encoding == "dictionary" else texts.cast(pa.type_for_alias(encoding))
    return pa.table(
        [text, pa.array(q, pa.int8()), pa.array([day * DAY + 5 for day in days], pa.timestamp("us"))], names=["p", "q", "at"]
    )


def counted(table: pl.DataFrame) -> Counter[tuple[object, ...]]:
    found = Counter[tuple[object, ...]]()
    for *group, rows in table.iter_rows():
        found[tuple(group)] += rows
    return found


def spoken(rows: list[tuple[str | None, int | None, int]]) -> list[tuple[str | None, str | None, int]]:
    return [(p, None if q is None else str(q), day * DAY) for p, q, day in rows]


@pytest.mark.parametrize("dense", [0, 1 << 20], ids=["by search", "by tables"])
@pytest.mark.parametrize("encoding", ["string", "large_string", "string_view", "dictionary"])
@given(rows=ROWS_OF, data=st.data())
def test_codes__are_the_places_of_the_groups(dense, encoding, rows, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coding, "DENSE", dense)
        found = tallied(labelled(batch(rows, encoding), BY), ("p", "q"))
        assert counted(found) == Counter(spoken(rows))
        table = sorted_groups(found.drop(ROWS))
        coder = Coder(("p", "q"), table)
        part = data.draw(st.permutations(rows))[: len(rows) // 2]
        places = {group: place for place, group in enumerate(table.iter_rows())}
        assert coder.codes(labelled(batch(part, encoding), BY)).tolist() == [places[group] for group in spoken(part)]


@pytest.mark.parametrize("dense", [0, 1 << 20], ids=["by search", "by tables"])
@pytest.mark.parametrize("row", [("z", 1, 0), ("a", None, 0), ("a", 2, 0), ("b", 1, 0), (None, 1, 0), ("b", 2, 9), ("b", 2, 0)])
def test_codes__of_a_group_that_was_not_there_before(monkeypatch, dense, row):
    monkeypatch.setattr(coding, "DENSE", dense)
    known = [("a", 1, 0), ("a", 1, 1), ("b", 2, 1)]
    table = sorted_groups(tallied(labelled(batch(known), BY), ("p", "q")).drop(ROWS))
    coder = Coder(("p", "q"), table)
    assert coder.codes(labelled(batch(known), BY)).tolist() == [0, 1, 2]
    with pytest.raises(SourceChangedError, match="the source changed while it was read"):
        coder.codes(labelled(batch([*known, row]), BY))


def test_labelled__text_that_is_not_utf8_names_its_column():
    views = pa.array([b"\xff"], pa.binary()).view(pa.string())
    rows = pa.table([views], names=["p"])
    with pytest.raises(SchemaError, match="cannot group by 'p'"):
        labelled(rows, GroupBy((("p",),)))
