"""The running total of a lake: the sum of the profiles of its fragments, from which any of them can be taken away again.

Counts are integers, so that is exact. What counts cannot tell, such as the next extreme once a part that had one is gone, the
traces of the parts do. It is stored as a profile, with the traces as states of a kind that profiles do not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from lakedrift.grouping import Grouping
from lakedrift.longform import LongRows, LongTable
from lakedrift.merging import sum_of_groupings, sum_of_states
from lakedrift.profiles import Profile, Unread
from lakedrift.soundness import require
from lakedrift.summary import StateKey, Summary
from lakedrift.trace import Trace, Traces, sum_of_traces, without_traces

__all__ = ["Total"]

TRACES = "traces"
Columns = tuple[str, ...]


@dataclass(frozen=True)
class Total:
    """A sum of profiles of fragments on the same grids.

    Attributes
    ----------
    profile
        The sum.
    traces
        By columns, what the parts had that the sum cannot tell.
    """

    profile: Profile
    traces: Mapping[Columns, Traces]

    @classmethod
    def of(cls, part: Profile) -> Self:
        """Return the profile of a fragment as a sum."""
        traces: dict[Columns, dict[str, Trace]] = {}
        for (_, columns), state in part.states.items():
            traces.setdefault(columns, {}).update(state.traces())
        return cls(part, traces)

    @classmethod
    def from_stored(cls, stored: Profile) -> Self:
        """Return the sum that `stored` was given; CorruptProfileError where it says what cannot be."""
        traces = {part.columns: _read(part.table) for part in stored.unread if part.kind == TRACES}
        return cls(replace(stored, unread=()), traces)

    def stored(self) -> Profile:
        """Return the sum as a profile to store."""
        unread = [Unread(0, TRACES, columns, _table(traces)) for columns, traces in sorted(self.traces.items()) if traces]
        return replace(self.profile, unread=tuple(unread))

    def of_states(self, grids: Profile) -> Self:
        """Return the sum of those states only that a profile has too."""
        states = {key: state for key, state in self.profile.states.items() if key in grids.states}
        columns = {column for _, column in states}
        profile = replace(self.profile, states=MappingProxyType(states))
        return type(self)(profile, {column: traces for column, traces in self.traces.items() if column in columns})

    def plus(self, parts: Sequence[Total]) -> Total:
        """Return the sum with others."""
        profiles = [self.profile, *(part.profile for part in parts)]
        entries = sorted((entry for one in profiles for entry in one.fragments), key=lambda entry: entry.uri)
        total = replace(
            self.profile,
            fragments=tuple(entries),
            rows=sum(one.rows for one in profiles),
            filtered=sum(one.filtered for one in profiles),
            states=MappingProxyType(sum_of_states([one.states for one in profiles])),
            groupings=sum_of_groupings(profiles),
        )
        traces = [self.traces, *(part.traces for part in parts)]
        columns = sorted({column for one in traces for column in one})
        return Total(total, {column: sum_of_traces([one[column] for one in traces if column in one]) for column in columns})

    def without(self, parts: Sequence[Total]) -> tuple[Total, set[StateKey]]:
        """Return the sum less some of its parts, and the keys of the states of which that is not known, without these.

        Raises
        ------
        InvariantError
            If a part was never added.
        """
        away = {entry.identity for part in parts for entry in part.profile.fragments}
        traces = {
            columns: without_traces(known, [part.traces[columns] for part in parts if columns in part.traces])
            for columns, known in self.traces.items()
        }
        states, unknown = self._subtracted(parts, traces)
        profiles = [part.profile for part in parts]
        left = replace(
            self.profile,
            fragments=tuple(entry for entry in self.profile.fragments if entry.identity not in away),
            rows=self.profile.rows - sum(one.rows for one in profiles),
            filtered=self.profile.filtered - sum(one.filtered for one in profiles),
            states=MappingProxyType(states),
            groupings=tuple(_ungrouped(one, [part.grouping(one.keys) for part in profiles]) for one in self.profile.groupings),
        )
        return Total(left, traces), unknown

    def _subtracted(
        self, parts: Sequence[Total], traces: Mapping[Columns, Traces]
    ) -> tuple[dict[StateKey, Summary], set[StateKey]]:
        states: dict[StateKey, Any] = sum_of_states([self.profile.states])  # a copy
        unknown = set()
        for part in parts:
            for key, state in part.profile.states.items():
                if key not in unknown and not states[key].subtract(state, traces.get(key[1], {})):
                    unknown.add(key)
        return {key: state for key, state in states.items() if key not in unknown}, unknown


def _ungrouped(total: Grouping, parts: Sequence[Grouping]) -> Grouping:
    """Return a grouping less its parts, of the groups that still have rows."""
    left = total.take(np.arange(len(total)))  # a copy
    nothing = MappingProxyType({key: state.empty() for key, state in left.states.items()})
    for part in parts:
        spread = replace(left, rows=np.zeros_like(left.rows), states=nothing).merge(part)
        for key, state in spread.states.items():
            left.states[key].subtract(state, {})  # counts, which are known
        left = replace(left, rows=left.rows - spread.rows)
    return left.take(np.flatnonzero(left.rows))


def _table(traces: Traces) -> pa.Table:
    """Return traces as `lakedrift.longform` says: the integers as places."""
    table = LongTable()
    table.flat("rows", np.zeros(1, np.int64))
    for name, trace in sorted(traces.items()):
        table.entries(name, np.zeros_like(trace.keys), trace.keys, trace.counts)
    return table.table()


def _read(table: pa.Table) -> dict[str, Trace]:
    read, found = LongRows(table), {}
    read.flat("rows")
    for name in read.fields:
        _, keys, counts = read.entries(name)
        require((keys[1:] > keys[:-1]).all() and (counts > 0).all(), f"{name}: traces are not in order")
        found[name] = Trace(keys.copy(), counts.copy())
    return found
