"""What a profile says of itself, as rows of JSON in `value`.

There is one `header`, a `schema` for each set of columns that fragments have, and a `fragment` for each of them.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from lakedrift.errors import CorruptProfileError
from lakedrift.feature import Kind, Role
from lakedrift.manifest import Entry
from lakedrift.profiles import Profile
from lakedrift.soundness import require

__all__ = ["Header", "heard", "parsed", "texts", "told", "written"]

Columns = tuple[tuple[str, str], ...]
T = TypeVar("T")


class Header(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a profile says of itself."""

    written_by: str
    name: str
    rows: int
    filtered: int
    private: int | None
    features: list[tuple[str, Kind, str]]
    time: str | None
    every: tuple[str, str] | None
    groupings: list[tuple[str, ...]]
    states: list[tuple[int, str, tuple[str, ...]]]
    roles: dict[str, Role] = {}


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
    etag: str | None = None
    events: tuple[int, int] | None = None
    windows: tuple[tuple[int | None, int], ...] = ()


def told(profile: Profile, states: Sequence[tuple[int, str, tuple[str, ...]]]) -> pa.Table:
    """Return the rows about a profile whose states, of these groupings, kinds and columns, follow in this order."""
    schemas = sorted({entry.schema for entry in profile.fragments})
    features = [(feature.name, feature.kind, feature.dtype) for feature in profile.features]
    header = Header(
        written_by=_writer(),
        name=profile.name,
        rows=profile.rows,
        filtered=profile.filtered,
        private=profile.private,
        features=features,
        time=profile.time,
        every=None if profile.every is None else (str(profile.every), profile.every.zone),
        groupings=[grouping.keys for grouping in profile.groupings],
        states=list(states),
        roles={feature.name: feature.role for feature in profile.features if feature.role != "feature"},
    )
    origins = [_origin(entry, schemas.index(entry.schema)) for entry in profile.fragments]
    parts: dict[str, list[Any]] = {"header": [header], "schema": schemas, "fragment": origins}
    return pa.concat_tables(texts(field, [written(part) for part in parts[field]]) for field in parts)


@functools.cache  # looking it up takes longer than writing a small profile
def _writer() -> str:
    return f"lakedrift {importlib.metadata.version('lakedrift')}"


def _origin(entry: Entry, schema: int) -> Origin:
    known = {name: getattr(entry, name) for name in Origin.__struct_fields__ if name != "schema"}
    return Origin(schema=schema, **known)


def heard(table: pa.Table) -> tuple[Header, tuple[Entry, ...]]:
    """Return what the rows about a profile say."""
    said: dict[str, list[str]] = {"header": [], "schema": [], "fragment": []}
    for row in table.select(["field", "place", "value"]).to_pylist():
        require(row["field"] in said and row["place"] == len(said[row["field"]]), "what it says of itself is not in order")
        said[row["field"]].append(row["value"])
    require(len(said["header"]) == 1, "it has no header")
    header = parsed(said["header"][0], Header)
    schemas = [parsed(text, Columns) for text in said["schema"]]
    return header, tuple(_entry(parsed(text, Origin), schemas) for text in said["fragment"])


def _entry(origin: Origin, schemas: Sequence[Columns]) -> Entry:
    require(0 <= origin.schema < len(schemas), "a fragment has no schema")
    counts = (origin.rows, origin.bytes, origin.filtered, origin.deleted, *(rows for _, rows in origin.windows))
    require(all(count is None or count >= 0 for count in counts), "a fragment has fewer rows than none")
    require(origin.events is None or origin.events[0] <= origin.events[1], "the events of a fragment end before they begin")
    known = {name: getattr(origin, name) for name in Origin.__struct_fields__ if name != "schema"}
    return Entry(schema=schemas[origin.schema], **known)


def written(what: Any) -> str:
    """Return something as JSON, the same for what is equal."""
    return json.dumps(msgspec.to_builtins(what), separators=(",", ":"))


def parsed(text: str | None, shape: type[T] | Any) -> Any:
    """Return JSON as what it should be."""
    try:
        return msgspec.convert(json.loads(text or ""), shape, strict=True)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        msg = f"what it says of itself cannot be read: {error}"
        raise CorruptProfileError(msg) from error


def texts(field: str, values: Sequence[str]) -> pa.Table:
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
