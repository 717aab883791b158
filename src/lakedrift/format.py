"""A profile as bytes and back: the rows of a table, and what they say.

The rows of state -1, of kind `profile`, are those of `lakedrift.header`. Those of every other state begin with its `grid`, as
JSON, and go on as in `lakedrift.longform`; of a grouping the first state, of kind `groups`, says which groups there are. The
header says of which grouping, kind and columns each state is; `kind`, `feature`, `segment` and `window` say it again for those
who query the table.
"""

from __future__ import annotations

import functools
import importlib
import json
import pkgutil
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, cast

import numpy as np
import polars as pl
import pyarrow as pa

from lakedrift import container, segment
from lakedrift.errors import ConfigError, CorruptProfileError, InvariantError
from lakedrift.feature import Feature
from lakedrift.grouping import Grouping, sorted_groups
from lakedrift.header import heard, parsed, texts, told, written
from lakedrift.longform import FIELD, LongRows, LongTable
from lakedrift.profiles import Profile, Unread
from lakedrift.soundness import require
from lakedrift.summary import Grouped, StateKey, Summary
from lakedrift.window import ALL_TIME, NO_TIME, Every

__all__ = ["decode", "encode", "kinds"]

PACKAGE = "lakedrift.summaries"
PROFILE, GROUPS = "profile", "groups"  # kinds of rows that are no state
FOLDED = {"folded": "true"}  # what a grouping says of itself where small segments were joined, and which are `absent`


class Sheet(NamedTuple):
    """The rows of one state, and what is said of them: of the whole lake, 0, or of which grouping, from 1."""

    grouping: int
    kind: str
    columns: tuple[str, ...]
    table: pa.Table


@functools.cache
def kinds() -> Mapping[str, type[Summary]]:
    """Return the summaries by the name of their kind: one a file of `summaries/`."""
    package = importlib.import_module(PACKAGE)
    found = (importlib.import_module(f"{PACKAGE}.{module.name}").SUMMARY for module in pkgutil.iter_modules(package.__path__))
    return {summary.KIND: summary for summary in found}


def encode(profile: Profile) -> bytes:
    """Return a profile as the bytes of a file, the same for equal profiles."""
    states = [Sheet(0, kind, columns, state.to_arrow()) for (kind, columns), state in profile.states.items()]
    states += [Sheet(*part) for part in profile.unread]
    for number, grouping in enumerate(profile.groupings, 1):
        states.append(Sheet(number, GROUPS, grouping.keys, _tallied(grouping)))
        states += [Sheet(number, kind, columns, state.to_arrow()) for (kind, columns), state in grouping.states.items()]
    states.sort(key=lambda sheet: (sheet.grouping, sheet.kind != GROUPS, *sheet[1:3]))
    rows = _joined([Sheet(0, PROFILE, (), told(profile, [sheet[:3] for sheet in states])), *map(_with_grid, states)])
    return container.write(_labelled(rows, profile.groupings, [0, *(sheet.grouping for sheet in states)]))


def decode(data: bytes) -> Profile:
    """Return the profile that `encode` wrote.

    Raises
    ------
    CorruptProfileError
        If the bytes are not what was written, or say what cannot be.
    ProfileVersionError
        If they were written by a later version.
    """
    first, *others = _parted(container.read(data))
    header, fragments = heard(first)
    require(len(others) == len(header.states), "it has another number of states than it says")
    every = None if header.every is None else _every(*header.every)
    sheets = [Sheet(*said, table) for said, table in zip(header.states, others, strict=True)]
    require(all(0 <= sheet.grouping <= len(header.groupings) for sheet in sheets), "a state is of no grouping")
    parts: list[list[Sheet]] = [[] for _ in range(len(header.groupings) + 1)]
    for sheet in sheets:
        parts[sheet.grouping].append(sheet)
    states, unread = _read_states(parts[0], 1)
    grouped = [_grouping(keys, part, every) for keys, part in zip(header.groupings, parts[1:], strict=True)]
    groupings = tuple(grouping for grouping, _ in grouped)
    unread += [part for _, others in grouped for part in others]
    require(len({grouping.keys for grouping in groupings}) == len(groupings), "a grouping is there twice")
    features = tuple(Feature(*feature, role=header.roles.get(feature[0], "feature")) for feature in header.features)
    require(header.roles.keys() <= {feature.name for feature in features}, "a column that is none has a role")
    found = header.name, fragments, header.rows, header.filtered, features, MappingProxyType(states)
    return _checked(
        Profile(*found, groupings=groupings, time=header.time, every=every, unread=tuple(unread), private=header.private)
    )


def _read_states(sheets: Sequence[Sheet], n_groups: int) -> tuple[dict[StateKey, Summary], list[Unread]]:
    """Return the states of so many groups that are known, and those that are not."""
    states: dict[StateKey, Summary] = {}
    unread = []
    for grouping, kind, columns, rows in sheets:
        known, table = kinds().get(kind), _without_grid(rows)
        if known is None:
            fields = table["field"].cast(pa.string()).cast(FIELD)
            unread.append(Unread(grouping, kind, columns, table.set_column(0, "field", fields)))
            continue
        require((kind, columns) not in states, f"there are two states of kind {kind!r} of {columns!r}")
        state = _state(known, columns, table)
        require(len(state.rows) == n_groups, f"a state of {columns!r} has another number of groups than there are")
        states[kind, columns] = state
    return states, unread


def _grouping(keys: tuple[str, ...], sheets: Sequence[Sheet], every: Every | None) -> tuple[Grouping, list[Unread]]:
    """Return a grouping from its table of groups, which comes first, and its states, and those that are not known."""
    require(sheets and sheets[0].kind == GROUPS and sheets[0].columns == keys, "a grouping has no groups")
    table = sheets[0].table.slice(1)
    rows = LongRows(table.replace_schema_metadata(None)).flat("rows")
    grid = parsed(sheets[0].table["value"][0].as_py(), dict[str, str])
    absent = frozenset(parsed(grid.pop("absent"), list[str])) if "absent" in grid else frozenset()
    require(grid == FOLDED or (not grid and not absent), "a grouping says of itself what none does")
    values = _read_labels(keys, table["segment"].to_pylist())
    none = ALL_TIME if every is None else NO_TIME
    windows = table["window"].cast(pa.int64()).fill_null(none).to_numpy()
    states, unread = _read_states(sheets[1:], len(rows))
    numbers = [part.table["group"].to_numpy() for part in unread]
    require(all(((part >= 0) & (part < len(rows))).all() for part in numbers), "a state is of groups that there are not")
    fixed = MappingProxyType(dict(sorted(states.items())))
    grouping = Grouping(
        keys, values, windows.copy(), rows, cast("Mapping[StateKey, Grouped]", fixed), every, grid == FOLDED, absent
    )
    require(sorted_groups(grouping.table()).equals(grouping.table()), "groups are not in order")
    require((rows > 0).all(), "a group has no rows")
    return grouping, unread


def _read_labels(keys: tuple[str, ...], labels: Sequence[str | None]) -> tuple[pl.Series, ...]:
    """Return the values of each key from the labels of segments."""
    try:
        read = [segment.parse(label or "") for label in labels]
        require(all(found == keys for found, _ in read), "a segment is of other keys than its grouping")
        columns = [pl.Series([values[place] for _, values in read], dtype=pl.String) for place in range(len(keys))]
    except (IndexError, TypeError, UnicodeError, ValueError) as error:
        msg = "the label of a segment cannot be read"
        raise CorruptProfileError(msg) from error
    spelled = all(segment.label(keys, values) == label for (_, values), label in zip(read, labels, strict=True))
    require(spelled, "the label of a segment is not as it is written")
    return tuple(columns)


def _every(text: str, zone: str) -> Every:
    try:
        every = Every.parse(text, zone)
        every.starts(np.zeros(1, np.int64))
    except (ConfigError, pl.exceptions.PolarsError) as error:
        msg = "the length of its windows cannot be read"
        raise CorruptProfileError(msg) from error
    return every


def _state(known: type[Summary], columns: tuple[str, ...], table: pa.Table) -> Summary:
    try:
        return known.from_arrow(table)
    except CorruptProfileError as error:
        msg = f"column {columns[0]!r}: {error.message}" if columns else error.message
        raise CorruptProfileError(msg) from error


def _checked(profile: Profile) -> Profile:
    """Refuse a profile that does not hold together."""
    names = [feature.name for feature in profile.features]
    own = [columns[0] for _, columns in profile.states if len(columns) == 1]
    require(len(set(names)) == len(names), "a feature is there twice")
    require(profile.private is None or profile.private > 1, "it is private among fewer than two rows")
    require(min(profile.rows, profile.filtered) >= 0, "it has fewer rows than none")
    require(all(columns for _, columns in profile.states), "a state is of no column")
    require(
        set(names) == set(own) and all(_has_state(profile, name) for name in names),
        "features and states do not belong together",
    )
    try:
        profile.check()
    except InvariantError as error:
        raise CorruptProfileError(error.message) from error
    return profile


def _has_state(profile: Profile, name: str) -> bool:
    try:
        return profile.state(name) is not None
    except KeyError:
        return False


def _tallied(grouping: Grouping) -> pa.Table:
    """Return the rows of each group."""
    table = LongTable()
    table.flat("rows", grouping.rows)
    absent = {"absent": json.dumps(sorted(grouping.absent), separators=(",", ":"))} if grouping.absent else {}
    return table.table().replace_schema_metadata(FOLDED | absent if grouping.folded else None)


def _with_grid(sheet: Sheet) -> Sheet:
    """Return a state with its grid as first row."""
    grid = {key.decode(): value.decode() for key, value in (sheet.table.schema.metadata or {}).items()}
    table = sheet.table.replace_schema_metadata(None)
    rows = pa.concat_tables([texts("grid", [written(dict(sorted(grid.items())))]), table], promote_options="default")
    return sheet._replace(table=rows)


def _without_grid(table: pa.Table) -> pa.Table:
    """Return the rows of a state after the first, its grid in the metadata."""
    (first,) = table.slice(0, 1).select(["field", "value"]).to_pylist()
    require(first["field"] == "grid", "a state has no grid")
    grid = parsed(first["value"], dict[str, str])
    return table.slice(1).drop_columns(["segment", "window"]).replace_schema_metadata(grid or None)


def _joined(sheets: Sequence[Sheet]) -> pa.Table:
    """Return all rows as one table, what states lack as null."""
    sizes = [sheet.table.num_rows for sheet in sheets]
    numbers = np.repeat(np.arange(-1, len(sheets) - 1, dtype=np.int32), sizes)
    rows = pa.concat_tables([sheet.table for sheet in sheets], promote_options="default")
    columns = {name: rows[name] for name in rows.schema.names}
    labels = {"kind": [sheet.kind for sheet in sheets], "feature": [", ".join(sheet.columns) for sheet in sheets]}
    for name, told_of in labels.items():
        words = sorted(set(told_of))
        places = np.array([words.index(word) for word in told_of], np.int32)
        columns[name] = pa.DictionaryArray.from_arrays(places[numbers + 1], pa.array(words, pa.string()))
    columns["state"] = pa.array(numbers)
    present = (columns.get(field.name, pa.nulls(len(numbers), field.type)) for field in container.SCHEMA)
    return pa.table(dict(zip(container.SCHEMA.names, present, strict=True)))


def _labelled(rows: pa.Table, groupings: Sequence[Grouping], of_sheets: Sequence[int]) -> pa.Table:
    """Return rows with the segment and window of each; the whole lake is the segment "", at all times."""
    labels = [grouping.labels().to_list() for grouping in groupings]
    words = sorted({"", *(label for part in labels for label in part)})
    place = {word: at for at, word in enumerate(words)}
    segments, windows = np.zeros(rows.num_rows, np.int32), np.full(rows.num_rows, ALL_TIME)
    of_rows, groups = np.array(of_sheets)[rows["state"].to_numpy() + 1], rows["group"].to_numpy()
    for number, (grouping, names) in enumerate(zip(groupings, labels, strict=True), 1):
        here = np.flatnonzero((of_rows == number) & (rows["field"].combine_chunks().to_numpy(zero_copy_only=False) != "grid"))
        segments[here] = np.array([place[name] for name in names], np.int32)[groups[here]]
        windows[here] = grouping.windows[groups[here]]
    timeless = (windows == ALL_TIME) | (windows == NO_TIME)
    at = container.SCHEMA.get_field_index("window")
    rows = rows.set_column(
        at, "window", pa.array(windows, pa.int64(), mask=timeless).cast(container.SCHEMA.field("window").type)
    )
    at = container.SCHEMA.get_field_index("segment")
    return rows.set_column(at, "segment", pa.DictionaryArray.from_arrays(segments, pa.array(words, pa.string())))


def _parted(table: pa.Table) -> list[pa.Table]:
    """Return the rows of each state."""
    for name in ("state", "field", "place", "count", "group"):
        require(not table[name].null_count, f"there are nulls in {name!r}")
    table = table.drop_columns(["kind", "feature"]).combine_chunks()
    numbers = table["state"].to_numpy()
    steps = np.diff(np.append(-2, numbers))
    require(len(numbers) and ((steps == 0) | (steps == 1)).all(), "its states are not in order")
    starts = np.flatnonzero(steps)
    ends = np.append(starts[1:], len(numbers))
    rows = table.drop_columns(["state"])
    return [rows.slice(start, end - start) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
