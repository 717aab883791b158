"""A grouping: states of the segments of a lake, by window where there is a column of time.

The groups are one sparse axis, those that have rows, sorted by the values of their keys (null first, then by bytes) and then
by window; so equal data give equal groupings, however they were read. For every state the groups sum to the whole lake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import polars as pl

from lakedrift import segment
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.gathering import gathered, one_of_each, together
from lakedrift.summary import Counts, Grouped, StateKey
from lakedrift.window import Every, Instants

__all__ = ["Grouping", "sorted_groups"]

WINDOW = "window"


@dataclass(frozen=True, eq=False)
class Grouping:
    """The groups of one segmentation.

    Attributes
    ----------
    keys
        The segmentation: names of columns; () is the whole lake, by window.
    values
        (n_groups,) text of each key, as `columns.labels` writes it; null where the key is null.
    windows
        (n_groups,) start of the window in microseconds since 1970 UTC; `window.NO_TIME` for rows without a time, and
        `window.ALL_TIME` everywhere where there is no column of time.
    rows
        (n_groups,) how many rows each has.
    states
        By kind and columns, as in `Profile.states`, arrays over these groups; the grids are nested in those of the whole lake.
    every
        The length of the windows, None where there is no column of time.
    folded
        Whether small segments were joined to one, `segment.OTHER`; a key may have that value by itself.
    absent
        Where they were, the labels of segments that have no rows and would not have been joined: of those nothing is unknown.
    """

    keys: tuple[str, ...]
    values: tuple[pl.Series, ...]
    windows: Instants
    rows: Counts
    states: Mapping[StateKey, Grouped]
    every: Every | None = None
    folded: bool = False
    absent: frozenset[str] = frozenset()

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self.rows)

    @property
    def described(self) -> str:
        """What it is by, in words."""
        keys = ", ".join(map(repr, self.keys)) or "the whole lake"
        return keys if self.every is None else f"{keys} every {self.every} ({self.every.zone})"

    def state(self, name: str) -> Grouped:
        """Return the state of the feature of that name; KeyError where there is none."""
        return next(state for (_, columns), state in self.states.items() if columns == (name,))

    @property
    def named(self) -> frozenset[str]:
        """The labels of the segments that are not joined, whether they have rows or not."""
        return (frozenset(self.labels().unique()) | self.absent) - {segment.label(self.keys, [segment.OTHER] * len(self.keys))}

    def labels(self) -> pl.Series:
        """Return the label of each segment, (n_groups,)."""
        if not self.keys:
            return pl.Series("segment", [""] * len(self), pl.String)
        parts = [_part(place, key, values) for place, (key, values) in enumerate(zip(self.keys, self.values, strict=True))]
        return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator="/").alias("segment")).to_series()

    def table(self) -> pl.DataFrame:
        """Return what tells the groups apart: columns `0`, `1`, … of their values, and `window`."""
        return _table(self.values, self.windows)

    def places(self, groups: pl.DataFrame) -> Counts:
        """Return where each of some groups, as `table` tells them, is in this grouping, (n,), -1 where it is not."""
        return _places(groups, self.table())

    def take(self, places: Counts) -> Grouping:
        """Return the groups at these places, (n,), each at most once, in their order here."""
        places = np.sort(places)
        values = tuple(column.gather(places) for column in self.values)
        choice = one_of_each(places)
        states = {key: state.gathered(*choice) for key, state in self.states.items()}
        rows, windows = self.rows[places], self.windows[places]
        taken = replace(self, values=values, windows=windows, rows=rows, states=_fixed(states), absent=frozenset())
        return replace(taken, absent=self.named - taken.named) if self.folded else taken

    def empty(self) -> Grouping:
        """Return the same grouping with no groups."""
        return self.take(np.empty(0, np.int64))

    def merge(self, other: Grouping) -> Grouping:
        """Return the groups of both, those that are the same added up; a state that only one has is kept.

        A segment that one side may have joined to others is joined in both: what has a name is all there.

        Raises
        ------
        IncompatibleProfilesError
            If the two differ in their keys or windows, or in the grid of a state.
        """
        if (self.keys, self.every) != (other.keys, other.every):
            msg = f"groups by {self.described} and by {other.described} do not add"
            raise IncompatibleProfilesError(msg, hint="profile both with the same by=, time= and every=")
        named = [side.named for side in (self, other) if side.folded]
        kept = frozenset.intersection(*named) if named else None
        parts = [side if kept is None else side.joined(kept) for side in (self, other)]
        table = sorted_groups(pl.concat([part.table() for part in parts]))
        sides = [(part, *one_of_each(part.places(table))) for part in parts]
        rows = sum((gathered(side.rows, *choice) for side, *choice in sides), np.zeros(len(table), np.int64))
        states: dict[StateKey, Grouped] = {}
        for side, *choice in sides:
            for key, state in side.states.items():
                _add(states, key, state.gathered(*choice))
        values, windows = _columns(table)
        merged = Grouping(self.keys, values, windows, rows, _fixed(states), self.every, folded=kept is not None)
        return merged if kept is None else replace(merged, absent=kept - merged.named)

    def joined(self, kept: Set[str]) -> Grouping:
        """Return the segments of these labels, and all others as one, exactly: counts are integers."""
        other = ~self.labels().is_in(list(kept)).to_numpy()
        if not other.any() or (self.folded and self.named <= kept):
            return self
        table = self.table()
        values = [pl.when(pl.Series(other)).then(pl.lit(segment.OTHER)).otherwise(pl.col(name)) for name in table.columns[:-1]]
        called = table.with_columns(value.alias(name) for value, name in zip(values, table.columns[:-1], strict=True))
        groups = sorted_groups(called)
        at = _places(called, groups)
        choice = together(at, len(groups))
        columns, windows = _columns(groups)
        rows, states = gathered(self.rows, *choice), {key: state.gathered(*choice) for key, state in self.states.items()}
        return Grouping(self.keys, columns, windows, rows, _fixed(states), self.every, True, self.absent & kept)


def sorted_groups(table: pl.DataFrame) -> pl.DataFrame:
    """Return the different rows of a table of groups, nulls first, texts by their bytes."""
    return table.unique().sort(table.columns)


def _table(values: Sequence[pl.Series], windows: Instants) -> pl.DataFrame:
    named = [column.alias(str(place)) for place, column in enumerate(values)]
    return pl.DataFrame([*named, pl.Series(WINDOW, windows, pl.Int64)])


def _columns(table: pl.DataFrame) -> tuple[tuple[pl.Series, ...], Instants]:
    *values, windows = table.get_columns()
    return tuple(values), windows.to_numpy()


def _places(table: pl.DataFrame, among: pl.DataFrame) -> Counts:
    """Return where each group of a table is in another, whose groups are all different, -1 where it is not."""
    numbered = among.with_row_index("at")
    found = table.join(numbered, on=table.columns, how="left", nulls_equal=True, maintain_order="left")
    return found["at"].cast(pl.Int64).fill_null(-1).to_numpy()


def _add(states: dict[StateKey, Grouped], key: StateKey, state: Grouped) -> None:
    if key in states:
        states[key].merge(state)
    else:
        states[key] = state


def _part(place: int, key: str, values: pl.Series) -> pl.Series:
    """Return `key=value` for each value, (n_groups,); different ones are spelled once."""
    different = pl.DataFrame({"value": values.unique()})
    spelled = [segment.label([key], [value]) for value in different["value"].to_list()]
    labels = different.with_columns(pl.Series("label", spelled, pl.String))
    found = pl.DataFrame({"value": values}).join(labels, on="value", how="left", nulls_equal=True, maintain_order="left")
    return found["label"].alias(str(place))


def _fixed(states: Mapping[StateKey, Grouped]) -> Mapping[StateKey, Grouped]:
    return MappingProxyType(dict(sorted(states.items())))
