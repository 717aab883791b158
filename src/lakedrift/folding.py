"""Two groupings on the segments that both know by name.

Where small segments were joined to one, `segment.OTHER`, a segment that is not named may be in it. So what one side keeps and
the other may have joined is joined on both sides before they are compared: nothing is called gone or new that nobody knows of.
Counts are integers, so joining is exact.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import polars as pl

from lakedrift import segment
from lakedrift.gathering import together
from lakedrift.grouping import Grouping, sorted_groups

__all__ = ["joined", "on_common_segments", "with_model"]


def on_common_segments(reference: Grouping, current: Grouping) -> tuple[Grouping, Grouping]:
    """Return both with every segment joined that a folded side does not name."""
    named = [side.named for side in (reference, current) if side.folded]
    if not named:
        return reference, current
    common = frozenset.intersection(*named)
    return joined(reference, common), joined(current, common)


def joined(grouping: Grouping, kept: Set[str]) -> Grouping:
    """Return a grouping with the segments of these labels, and all others as one."""
    other = ~grouping.labels().is_in(list(kept)).to_numpy()
    if not other.any() or (grouping.folded and grouping.named <= kept):
        return grouping
    table = grouping.table()
    values = [pl.when(pl.Series(other)).then(pl.lit(segment.OTHER)).otherwise(pl.col(name)) for name in table.columns[:-1]]
    called = table.with_columns(value.alias(name) for value, name in zip(values, table.columns[:-1], strict=True))
    groups = sorted_groups(called)
    at = called.join(groups.with_row_index("at"), on=groups.columns, how="left", nulls_equal=True, maintain_order="left")["at"]
    choice = together(at.cast(pl.Int64).to_numpy(), len(groups))
    rows = np.bincount(at.to_numpy(), weights=grouping.rows, minlength=len(groups))
    *keys, windows = groups.get_columns()
    return replace(
        grouping,
        values=tuple(keys),
        windows=windows.to_numpy(),
        rows=rows.astype(np.int64),
        states=MappingProxyType({key: state.gathered(*choice) for key, state in grouping.states.items()}),
        folded=True,
        absent=grouping.absent & kept,
    )


def with_model(grouping: Grouping, model: Grouping | None) -> Grouping:
    """Return a grouping that was folded like another with what it names as the other does, though it has no rows of it."""
    if model is None or not grouping.folded:
        return grouping
    return replace(grouping, absent=model.named - grouping.named)
