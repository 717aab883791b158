"""How often each text occurs in a sample."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.occurrences import text_counts

WORDS = ["", "a", "b", "ü", "a longer text than fits a view", None]


def dictionary(texts: list[str | None], index: pa.DataType) -> pa.Array:
    return pa.array(texts, pa.string()).dictionary_encode().cast(pa.dictionary(index, pa.string()))


def encoded(texts: list[str | None], how: str) -> pa.Array:
    if how in ("int8", "int32"):
        return dictionary(texts, pa.type_for_alias(how))
    return pa.array(texts, {"string": pa.string(), "large": pa.large_string(), "view": pa.string_view()}[how])


@given(st.lists(st.tuples(st.lists(st.sampled_from(WORDS)), st.sampled_from(["int8", "int32", "string", "large", "view"]))))
def test_text_counts__however_the_texts_are_encoded(parts):
    sample = [encoded(texts, how) for texts, how in parts]
    assert text_counts(sample) == Counter(text for texts, _ in parts for text in texts if text is not None)


def test_text_counts__a_dictionary_that_repeats_a_text_and_has_null_and_unused_ones():
    array = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 2, None, 3, 0], pa.int32()), pa.array(["a", "b", "a", None, "never"])
    )
    assert text_counts([array]) == {"a": 3, "b": 1}
    assert text_counts([array, array]) == {"a": 6, "b": 2}


def test_text_counts__dictionaries_that_need_wider_codes_together():
    parts = [[f"{place}-{number}" for number in range(100)] for place in range(4)]
    assert text_counts([dictionary(texts, pa.int8()) for texts in parts]) == {text: 1 for texts in parts for text in texts}


@pytest.mark.parametrize(("values", "texts"), [([True, False, True, None], {"true": 2, "false": 1}), ([0.0, -0.0], {"0": 2})])
def test_text_counts__other_types_as_text(values, texts):
    assert text_counts([pa.array(values)]) == texts
