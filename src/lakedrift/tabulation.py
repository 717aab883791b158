"""Which tables of counts by group a scan fills, which of them follow from others, and what they take."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from lakedrift.census import Roll
from lakedrift.coding import ROWS, labelled
from lakedrift.errors import SourceChangedError
from lakedrift.gathering import gathered, none_of, together
from lakedrift.groupby import GroupBy
from lakedrift.grouping import WINDOW, Grouping
from lakedrift.manifest import Span
from lakedrift.plan import Plan
from lakedrift.profiles import DISTINCT, VALUES, Profile
from lakedrift.resolution import grouped
from lakedrift.summaries.crosstab import Crosstab
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summary import Codes, Counts, Grouped, StateKey, Summary
from lakedrift.window import Every

__all__ = ["Tables", "Tabulation", "tabulate"]

TRUTHS = "false", "true"


@dataclass(frozen=True, eq=False)
class Tabulation:
    """A grouping to be.

    Attributes
    ----------
    roll
        Its groups.
    states
        A state of no groups for each feature.
    finer
        The tabulation whose counts add up to these; None where they are counted themselves.
    every
        The length of its windows.
    """

    roll: Roll
    states: Mapping[StateKey, Grouped]
    finer: Tabulation | None
    every: Every | None

    def begun(self) -> dict[StateKey, Grouped]:
        """Return states of no rows in all groups."""
        none = none_of(len(self.roll))
        return {key: state.gathered(*none) for key, state in self.states.items()}

    def blank(self) -> Grouping:
        """Return the grouping of no groups."""
        table = self.roll.table.clear()
        values = tuple(table[str(place)] for place in range(len(self.roll.keys)))
        nothing: Counts = np.empty(0, np.int64)
        fixed = MappingProxyType(dict(sorted(self.states.items())))
        return Grouping(self.roll.keys, values, nothing, nothing, fixed, self.every, self.roll.folded)

    def finished(self, states: Mapping[StateKey, Grouped], rows: Counts) -> Grouping:
        """Return the grouping of what was counted.

        Raises
        ------
        SourceChangedError
            If there are not as many rows in each group as the census found.
        """
        table = self.roll.table
        if (rows != table[ROWS].to_numpy()).any():
            msg = f"groups by {self.roll.keys} have other rows than a moment ago: the source changed while it was read"
            raise SourceChangedError(msg)
        values = tuple(table[str(place)] for place in range(len(self.roll.keys)))
        fixed = MappingProxyType(dict(sorted(states.items())))
        return Grouping(self.roll.keys, values, table[WINDOW].to_numpy(), rows, fixed, self.every, self.roll.folded)

    def joined(self, finer: Grouping) -> Grouping:
        """Return the grouping that follows from a finer one."""
        choice = together(self.roll.places, len(self.roll))
        states = {key: state.gathered(*choice) for key, state in finer.states.items()}
        return self.finished(states, gathered(finer.rows, *choice))


def tabulate(rolls: Sequence[Roll], plan: Plan, every: Every | None, like: Profile | None) -> list[Tabulation]:
    """Return the grouping to be of each roll, on the grids that `like` has for it, or on new ones."""
    finest = {roll.keys: _counted(roll, plan, every, like) for roll in rolls if roll.crossing.keys == roll.keys}
    tabulations = []
    for roll in rolls:
        finer = finest[roll.crossing.keys]
        pinned = _pinned(roll.keys, plan, like)
        if roll is finer.roll:
            tabulations.append(finer)
        elif finer.roll.folded or not _holds(finer, pinned, _kept(roll, plan)):
            tabulations.append(_counted(roll, plan, every, like))
        else:
            tabulations.append(Tabulation(roll, finer.states, finer, every))
    return tabulations


class Tables:
    """The counts by group that all threads of a scan share: each is changed by one thread at a time.

    `spans` says when the rows of each fragment happened, by path.
    """

    def __init__(
        self, groupby: GroupBy, tabulations: Sequence[Tabulation], spans: Mapping[str, Span] = MappingProxyType({})
    ) -> None:
        self.groupby = groupby
        self.spans = spans
        self._tabulations = tabulations
        self._counted = [one for one in tabulations if one.finer is None]
        self._coders = {one.roll.crossing.keys: one.roll.crossing.coder() for one in self._counted}
        self._rows = [np.zeros(len(one.roll), np.int64) for one in self._counted]
        self._states = [one.begun() for one in self._counted]
        self._own = [{_place(key): state for key, state in states.items()} for states in self._states]
        self._locks = [{place: threading.Lock() for place in own} for own in self._own]

    def codes(self, batch: pa.Table) -> list[Codes]:
        """Return the group of each row of a batch in each table, and note how many there are.

        Raises
        ------
        SourceChangedError
            If a row is in a group that the census did not find.
        """
        if not self._counted:
            return []
        columns = labelled(batch, self.groupby)
        exact = {keys: coder.codes(columns) for keys, coder in self._coders.items()}
        found = []
        for one, rows in zip(self._counted, self._rows, strict=True):
            codes = Codes.of(one.roll.coded(exact[one.roll.crossing.keys]), len(one.roll))
            rows += codes.rows
            found.append(codes)
        return found

    def add(self, key: StateKey, batch: Any, whole: Summary, codes: Sequence[Codes]) -> None:
        """Add the column of a state, or its columns, to that of the whole lake, and to every table that has one by group."""
        place = _place(key)
        tables = [one for one in zip(self._own, self._locks, codes, strict=bool(codes)) if place in one[0]]
        if not tables:
            whole.update(batch)
            return
        located = tables[0][0][place].located(batch, whole)
        for own, locks, coded in tables:
            with locks[place]:
                own[place].update_groups(located, coded)

    def groupings(self) -> tuple[Grouping, ...]:
        """Return what was counted, and what follows from it."""
        done = {
            id(one): one.finished(states, rows)
            for one, states, rows in zip(self._counted, self._states, self._rows, strict=True)
        }
        return tuple(done[id(one)] if one.finer is None else one.joined(done[id(one.finer)]) for one in self._tabulations)


def _kept(roll: Roll, plan: Plan) -> dict[StateKey, Grouped]:
    """Return the states of several columns by the groups of a roll: of too many groups there are some that keep none."""
    found = {key: joined.by_group(len(roll)) for key, joined in plan.joined.items()}
    return {key: state for key, state in found.items() if state is not None}


def _counted(roll: Roll, plan: Plan, every: Every | None, like: Profile | None) -> Tabulation:
    pinned = _pinned(roll.keys, plan, like)
    known = {_place(key): state for key, state in pinned.items()}
    states: dict[StateKey, Grouped] = {}
    for feature in plan.features:
        state = known.get((feature.name,))
        if state is None:
            fixed = TRUTHS if feature.kind == "boolean" else ()
            state = grouped(plan.weights[feature.name], len(roll), fixed=fixed)
        states[(state.KIND, (feature.name,))] = state
    states |= {key: pinned.get(key, state) for key, state in _kept(roll, plan).items()}
    return Tabulation(roll, states, None, every)


def _pinned(keys: tuple[str, ...], plan: Plan, like: Profile | None) -> dict[StateKey, Grouped]:
    """Return the states of no groups whose grids `like` gives."""
    before = next((one for one in like.groupings if one.keys == keys), None) if like is not None else None
    if like is None or before is None:
        return {}
    wholes = {_place(key): state for key, state in plan.states.items()}
    found = ((key, state, wholes[_place(key)]) for key, state in before.states.items() if _place(key) in wholes)
    return {
        key: state.gathered(*none_of(0))
        for key, state, whole in found
        if (_fits(state, whole) if len(key[1]) == 1 else _same_grid(like.states[key], whole))
    }


def _place(key: StateKey) -> tuple[Any, ...]:
    """Return what a state is found by: the column that it is the own state of, whatever its kind, or else its key."""
    kind, columns = key
    return key if len(columns) > 1 or kind in (VALUES, DISTINCT) else columns


def _fits(state: Grouped, whole: Summary) -> bool:
    """Whether groups of a column on the grid of a state add up to a state of the whole lake."""
    if isinstance(whole, Numeric):
        return isinstance(state, Numeric) and state.binning.fine == whole.binning
    return isinstance(state, Crosstab) == isinstance(whole, Frequencies) and not isinstance(state, Numeric)


def _holds(finer: Tabulation, pinned: Mapping[StateKey, Grouped], kept: Mapping[StateKey, Grouped]) -> bool:
    """Whether a tabulation has all states that a coarser one needs, those that are pinned on the same grid."""
    if not finer.states.keys() >= pinned.keys() | kept.keys():
        return False
    return all(_same_grid(state, finer.states[key]) for key, state in pinned.items())


def _same_grid(one: Any, other: Any) -> bool:
    grids = (state.gathered(*none_of(0)).to_arrow() for state in (one, other))
    return bool(next(grids).equals(next(grids), check_metadata=True))
