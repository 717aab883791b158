"""A profile: what a scan of a lake leaves behind, small, comparable with any other, and mergeable.

The module is not called `profile` because `lakedrift.profile` is the public verb.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa

from lakedrift import container
from lakedrift.errors import (
    InvariantError,
    SourceNotFoundError,
    StoreError,
)
from lakedrift.feature import Feature
from lakedrift.grouping import Grouping
from lakedrift.manifest import Entry
from lakedrift.storages import locate
from lakedrift.summary import StateKey, Summary
from lakedrift.window import NO_TIME, Every

__all__ = ["WHOLE_LAKE", "Profile", "StateKey", "Unread"]

WHOLE_LAKE = ""
SUFFIX = ".profile"
VALUES, DISTINCT = "values", "distinct"  # the kinds of state that stand beside a feature's own


class Unread(NamedTuple):
    """A state of a kind that this version does not know: kept as it was written, for one that does.

    How such states add up is not known either, so a merged profile holds those of its parts side by side.
    """

    grouping: int
    kind: str
    columns: tuple[str, ...]
    table: pa.Table


@dataclass(frozen=True)
class Profile:
    """Summaries of a source, and where they came from. It is finished: nothing in it changes any more.

    Attributes
    ----------
    name
        What was profiled.
    fragments
        The files, or the frame, that were read.
    rows, filtered
        How many rows were summarised, and how many a filter kept back.
    features
        The columns watched, in the order of the source.
    groups
        The segment of each state of `states`: the whole lake, "".
    states
        By kind and columns, the mergeable state of the whole lake.
    groupings
        The same by segment and window, one for each segmentation that was asked for; with a column of time also the whole lake
        by window, of no keys.
    time
        The column that windows are made of, None where there is none.
    every
        The length of the windows.
    unread
        States of kinds that this version does not know.
    private
        No value in it is shared by fewer rows than this; None where nobody saw to that.
    """

    name: str
    fragments: tuple[Entry, ...]
    rows: int
    filtered: int
    features: tuple[Feature, ...]
    states: Mapping[StateKey, Summary]
    groups: tuple[str, ...] = (WHOLE_LAKE,)
    groupings: tuple[Grouping, ...] = ()
    time: str | None = None
    every: Every | None = None
    unread: tuple[Unread, ...] = ()
    private: int | None = None

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {self.rows:,} rows, {len(self.fragments)} fragments, {len(self.features)} features)"

    def __contains__(self, name: str) -> bool:
        return name in self._features

    def feature(self, name: str) -> Feature:
        """Return the feature of that name; KeyError where there is none."""
        return self._features[name]

    def state(self, name: str) -> Summary:
        """Return the state of the feature of that name; KeyError where there is none."""
        return self._own[name]

    @functools.cached_property
    def _features(self) -> dict[str, Feature]:
        return {feature.name: feature for feature in self.features}

    @functools.cached_property
    def _own(self) -> dict[str, Summary]:
        """The state of each feature that is its own, by its name."""
        beside = (VALUES, DISTINCT)
        return {columns[0]: state for (kind, columns), state in self.states.items() if len(columns) == 1 and kind not in beside}

    def values(self, name: str) -> Summary | None:
        """Return the exact values that a second scan kept of a feature, None where there was none."""
        return self.states.get((VALUES, (name,)))

    def distinct(self, name: str) -> Summary | None:
        """Return how many values of a feature differ, None where it never looked like an identifier."""
        return self.states.get((DISTINCT, (name,)))

    def grouping(self, keys: Sequence[str]) -> Grouping:
        """Return the grouping of that segmentation; KeyError where there is none."""
        for grouping in self.groupings:
            if grouping.keys == tuple(keys):
                return grouping
        raise KeyError(tuple(keys))

    @property
    def grouped_by(self) -> tuple[str, ...]:
        """The columns that groups are of, that of time the last."""
        keys = (key for grouping in self.groupings for key in grouping.keys)
        return tuple(dict.fromkeys([*keys, *([] if self.time is None else [self.time])]))

    def lacks(self, column: str) -> bool:
        """Whether nothing that was read has a column of that name, watched or not; False where that is not known."""
        return bool(self.fragments) and column not in self._columns

    @functools.cached_property
    def _columns(self) -> set[str]:
        return {name for fragment in self.fragments for name, _ in (*fragment.schema, *fragment.partition)}

    @property
    def untimed(self) -> int:
        """How many rows are in no window, because their time is null or cannot be read; 0 where there is no column of time."""
        return sum(int(one.rows[one.windows == NO_TIME].sum()) for one in self.groupings if not one.keys)

    def only(self, names: Sequence[str]) -> Profile:
        """Return the profile of these features, in the order of the source."""
        wanted = set(names)
        features = tuple(feature for feature in self.features if feature.name in wanted)
        states = MappingProxyType({key: state for key, state in self.states.items() if wanted.issuperset(key[1])})
        groupings = tuple(
            replace(
                one, states=MappingProxyType({key: state for key, state in one.states.items() if wanted.issuperset(key[1])})
            )
            for one in self.groupings
        )
        unread = tuple(part for part in self.unread if wanted.issuperset(part.columns))
        return replace(self, features=features, states=states, groupings=groupings, unread=unread)

    def empty(self) -> Profile:
        """Return a profile on the same grids with no rows."""
        states = {key: state.empty() for key, state in self.states.items()}
        groupings = tuple(grouping.empty() for grouping in self.groupings)
        fixed = MappingProxyType(states)
        return replace(self, fragments=(), rows=0, filtered=0, states=fixed, groupings=groupings, unread=())

    def select(self, *, segment: str | None = None, window: str | datetime.date | None = None) -> Profile:
        """Return the profile of one segment, of one window, or of one segment in one window.

        Its states are those of the groups added up: counts in coarser cells, without moments and exact values.

        Parameters
        ----------
        segment
            Its label, such as `carrier=AA/origin=JFK`; the whole lake where there is none.
        window
            When it starts: a time or a date, or the same as ISO text. Where no zone is said, that of the windows is meant.

        Raises
        ------
        UnknownNameError
            If the profile has no such segment or window.
        """
        from lakedrift.selection import selected  # it makes profiles

        return selected(self, segment, window)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the profile to a file, or to an `s3://` address: whole or not at all, whatever happens meanwhile.

        Raises
        ------
        StoreWriteError
            If it cannot be written; what was there before is then as it was.
        """
        storage, name = locate(path)
        storage.put(name, self.to_bytes())
        storage.sweep(name)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Profile:
        """Return the profile that was saved there.

        Raises
        ------
        SourceNotFoundError
            If there is nothing.
        StoreError
            If it cannot be read, or is no sound profile.
        """
        storage, name = locate(path)
        data = storage.get(name)
        if data is None:
            msg = f"no such profile: {os.fspath(path)!r}"
            raise SourceNotFoundError(msg)
        try:
            return cls.from_bytes(data)
        except StoreError as error:
            msg = f"cannot read the profile {os.fspath(path)!r}: {error.message}"
            raise type(error)(msg, hint=error.hint) from error

    @staticmethod
    def is_at(what: object) -> bool:
        """Return whether something is the path of a saved profile: by its suffix `.profile` or, of a file, by its content."""
        if not isinstance(what, str | os.PathLike):
            return False
        path = os.fspath(what)
        if path.endswith(SUFFIX):
            return path.startswith("s3://") or Path(path).is_file()
        with contextlib.suppress(OSError, ValueError), Path(path).open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - container.TAIL, 0))
            return container.is_marked(file.read())
        return False

    def to_bytes(self) -> bytes:
        """Return the profile as the bytes of a file: a Parquet table that any reader can query, the same for equal profiles.

        `docs/format.md` describes it.
        """
        from lakedrift import format as profile_format  # it makes profiles

        return profile_format.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Profile:
        """Return the profile that `to_bytes` wrote.

        Raises
        ------
        CorruptProfileError
            If the bytes are not those that were written, are no profile, or say what cannot be.
        ProfileVersionError
            If they are of a later version of the format.
        """
        from lakedrift import format as profile_format

        return profile_format.decode(data)

    def check(self) -> None:
        """Assert the conservation of rows.

        Raises
        ------
        InvariantError
            If rows delivered and filtered are not what the fragments declare, a feature's rows are not its null, NaN and valid
            ones together, or groups do not sum to the whole lake.
        """
        declared = [fragment.rows for fragment in self.fragments]
        if declared and None not in declared and sum(rows or 0 for rows in declared) != self.rows + self.filtered:
            msg = (
                f"{self.name}: {sum(rows or 0 for rows in declared)} rows declared, {self.rows} + {self.filtered} filtered read"
            )
            raise InvariantError(msg)
        for (_, columns), state in self.states.items():
            if (state.rows != state.null + state.nan + state.valid).any() or (state.rows > self.rows).any():
                msg = f"{columns[0]!r}: rows are not null + NaN + valid"
                raise InvariantError(msg)
        for grouping in self.groupings:
            self._check_sums(grouping)

    def _check_sums(self, grouping: Grouping) -> None:
        if grouping.rows.sum() != self.rows:
            msg = f"{grouping.described}: {grouping.rows.sum()} rows in groups, {self.rows} in all"
            raise InvariantError(msg)
        for key, state in grouping.states.items():
            _, columns = key
            if (state.rows != state.null + state.nan + state.valid).any() or (state.rows > grouping.rows).any():
                msg = f"{columns[0]!r} by {grouping.described}: rows are not null + NaN + valid"
                raise InvariantError(msg)
            if not state.sums_to(self._whole(key)):
                msg = f"{columns[0]!r}: groups by {grouping.described} do not sum to the whole lake"
                raise InvariantError(msg)

    def _whole(self, key: StateKey) -> Summary:
        """Return the state of the whole lake that groups sum to; that of a single column may be of another kind than theirs."""
        _, columns = key
        found = self._own.get(columns[0]) if len(columns) == 1 else self.states.get(key)
        if found is None:
            msg = f"{', '.join(map(repr, columns))}: there are groups, and no whole lake"
            raise InvariantError(msg)
        return found
