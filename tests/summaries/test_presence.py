"""Rows and nulls of a column of any type."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lakedrift.summaries.presence import Presence


@pytest.mark.parametrize(
    ("array", "null"),
    [
        (pa.array([[1], None, []]), 1),
        (pa.array([{"a": 1}, None]), 1),
        (pa.array([None, None], pa.null()), 2),
        (pa.array([b"", None, b"x"])[1:], 1),
        (pa.array([], pa.string()), 0),
    ],
)
def test_update__counts_rows_and_nulls_of_any_type(array, null):
    state = Presence.new()
    state.update(array)
    state.update(array)
    assert (state.rows[0], state.null[0], state.valid[0], state.nan[0]) == (
        2 * len(array),
        2 * null,
        2 * (len(array) - null),
        0,
    )
