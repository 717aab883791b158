"""A profile as bytes and back: the rows of a table, and what they say.

The rows of state -1, of kind `profile`, tell about the profile: one `header`, a `schema` for each set of columns that fragments
have, and a `fragment` for each of them, all as JSON in `value`. Those of every other state begin with its `grid`, as JSON, and
go on as in `lakedrift.tabulation`. The header says of which kind and columns each state is; `kind` and `feature` say it again
for those who query the table.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import json
import pkgutil
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from lakedrift import container
from lakedrift.errors import CorruptProfileError, InvariantError
from lakedrift.feature import Feature, Kind
from lakedrift.manifest import Entry
from lakedrift.profiles import Profile, StateKey, Unread
from lakedrift.soundness import require
from lakedrift.summary import Summary

__all__ = ["decode", "encode", "kinds"]

PACKAGE = "lakedrift.summaries"
PROFILE = "profile"
TEXTS = ("kind", "feature", "field")
Whole = dict[str, pa.Table]
T = TypeVar("T")


class Header(msgspec.Struct, forbid_unknown_fields=True):
    """What a profile says of itself."""

    written_by: str
    name: str
    rows: int
    filtered: int
    features: list[tuple[str, Kind, str]]
    states: list[tuple[str, tuple[str, ...]]]


class Origin(msgspec.Struct, forbid_unknown_fields=True):
    """A fragment; its schema by number."""

    uri: str
    rows: int | None
    bytes: int
    modified: int | None
    filtered: int | None
    deleted: int
    writer: str | None
    schema: int
    partition: tuple[tuple[str, str | None], ...]


Columns = tuple[tuple[str, str], ...]


class Sheet(NamedTuple):
    """The rows of one state, and what is said of them."""

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
    states = [Sheet(kind, columns, state.to_arrow()) for (kind, columns), state in profile.states.items()]
    sheets = sorted([*states, *(Sheet(*part) for part in profile.unread)], key=lambda sheet: sheet[:2])
    return container.write(_joined([Sheet(PROFILE, (), _told(profile, sheets)), *map(_with_grid, sheets)]))


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
    header, fragments = _heard(first)
    require(len(others) == len(header.states), "it has another number of states than it says")
    states: dict[StateKey, Summary] = {}
    unread = []
    for (kind, columns), rows in zip(header.states, others, strict=True):
        known, table = kinds().get(kind), _without_grid(rows)
        if known is None:
            unread.append(Unread(kind, columns, table))
        else:
            require((kind, columns) not in states, f"there are two states of kind {kind!r} of {columns!r}")
            states[kind, columns] = _state(known, columns, table)
    features = tuple(Feature(*feature) for feature in header.features)
    found = header.name, fragments, header.rows, header.filtered, features, MappingProxyType(states)
    return _checked(Profile(*found, unread=tuple(unread)))


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


def _told(profile: Profile, sheets: Sequence[Sheet]) -> pa.Table:
    """Return the rows about the profile."""
    schemas = sorted({entry.schema for entry in profile.fragments})
    features = [(feature.name, feature.kind, feature.dtype) for feature in profile.features]
    writer = f"lakedrift {importlib.metadata.version('lakedrift')}"
    numbers = profile.rows, profile.filtered
    header = Header(writer, profile.name, *numbers, features, [(sheet.kind, sheet.columns) for sheet in sheets])
    origins = [_origin(entry, schemas.index(entry.schema)) for entry in profile.fragments]
    parts: dict[str, list[Any]] = {"header": [header], "schema": schemas, "fragment": origins}
    return pa.concat_tables(_texts(field, [_written(told) for told in parts[field]]) for field in parts)


def _origin(entry: Entry, schema: int) -> Origin:
    told = {name: getattr(entry, name) for name in Origin.__struct_fields__ if name != "schema"}
    return Origin(schema=schema, **told)


def _heard(table: pa.Table) -> tuple[Header, tuple[Entry, ...]]:
    """Return what the rows about a profile say."""
    said: dict[str, list[str]] = {"header": [], "schema": [], "fragment": []}
    for row in table.select(["field", "place", "value"]).to_pylist():
        require(row["field"] in said and row["place"] == len(said[row["field"]]), "what it says of itself is not in order")
        said[row["field"]].append(row["value"])
    require(len(said["header"]) == 1, "it has no header")
    header = _parsed(said["header"][0], Header)
    schemas = [_parsed(text, Columns) for text in said["schema"]]
    return header, tuple(_entry(_parsed(text, Origin), schemas) for text in said["fragment"])


def _entry(origin: Origin, schemas: Sequence[Columns]) -> Entry:
    require(0 <= origin.schema < len(schemas), "a fragment has no schema")
    counts = (origin.rows, origin.bytes, origin.filtered, origin.deleted)
    require(all(count is None or count >= 0 for count in counts), "a fragment has fewer rows than none")
    told = {name: getattr(origin, name) for name in Origin.__struct_fields__ if name != "schema"}
    return Entry(schema=schemas[origin.schema], **told)


def _written(told: Any) -> str:
    return json.dumps(msgspec.to_builtins(told), separators=(",", ":"))


def _parsed(text: str | None, shape: type[T] | Any) -> Any:
    """Return JSON as what it should be."""
    try:
        return msgspec.convert(json.loads(text or ""), shape, strict=True)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        msg = f"what it says of itself cannot be read: {error}"
        raise CorruptProfileError(msg) from error


def _texts(field: str, values: Sequence[str]) -> pa.Table:
    """Return rows of nothing but text."""
    n = len(values)
    names = pa.DictionaryArray.from_arrays(np.zeros(n, np.int8), pa.array([field]))
    places, zeros = np.arange(n), np.zeros(n, np.int64)
    return pa.table(
        {
            "field": names,
            "place": places,
            "value": pa.array(values, pa.string()),
            "count": zeros,
            "group": zeros.astype(np.int32),
        }
    )


def _with_grid(sheet: Sheet) -> Sheet:
    """Return a state with its grid as first row."""
    grid = {key.decode(): value.decode() for key, value in (sheet.table.schema.metadata or {}).items()}
    table = sheet.table.replace_schema_metadata(None)
    rows = pa.concat_tables([_texts("grid", [_written(dict(sorted(grid.items())))]), table], promote_options="default")
    return sheet._replace(table=rows)


def _without_grid(table: pa.Table) -> pa.Table:
    """Return the rows of a state after the first, its grid in the metadata."""
    (first,) = table.slice(0, 1).select(["field", "value"]).to_pylist()
    require(first["field"] == "grid", "a state has no grid")
    grid = _parsed(first["value"], dict[str, str])
    return table.slice(1).replace_schema_metadata(grid or None)


def _joined(sheets: Sequence[Sheet]) -> pa.Table:
    """Return all rows as one table, what states lack as null."""
    sizes = [sheet.table.num_rows for sheet in sheets]
    numbers = np.repeat(np.arange(-1, len(sheets) - 1, dtype=np.int32), sizes)
    rows = pa.concat_tables([sheet.table for sheet in sheets], promote_options="default")
    columns = {name: rows[name] for name in rows.schema.names}
    labels = {"kind": [sheet.kind for sheet in sheets], "feature": [", ".join(sheet.columns) for sheet in sheets]}
    for name, texts in labels.items():
        words = sorted(set(texts))
        places = np.array([words.index(text) for text in texts], np.int32)
        columns[name] = pa.DictionaryArray.from_arrays(places[numbers + 1], pa.array(words, pa.string()))
    columns["state"] = pa.array(numbers)
    present = (columns.get(field.name, pa.nulls(len(numbers), field.type)) for field in container.SCHEMA)
    return pa.table(dict(zip(container.SCHEMA.names, present, strict=True)))


def _parted(table: pa.Table) -> list[pa.Table]:
    """Return the rows of each state."""
    for name in ("state", "field", "place", "count", "group"):
        require(not table[name].null_count, f"there are nulls in {name!r}")
    table = table.drop_columns(["kind", "feature", "segment", "window"]).combine_chunks()
    numbers = table["state"].to_numpy()
    steps = np.diff(np.append(-2, numbers))
    require(len(numbers) and ((steps == 0) | (steps == 1)).all(), "its states are not in order")
    starts = np.flatnonzero(steps)
    ends = np.append(starts[1:], len(numbers))
    rows = table.drop_columns(["state"])
    return [rows.slice(start, end - start) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
