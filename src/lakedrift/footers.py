"""What the footers of a lake's files say, kept, so that the next audit opens those of new and changed files only.

JSON under a checksum, in a line before it. What cannot be read is as if it were not there: the footers are, and are read again.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa

from lakedrift.source import Fragment

__all__ = ["from_bytes", "to_bytes"]


class _Footer(msgspec.Struct, forbid_unknown_fields=True):
    """A fragment; its schema by number."""

    uri: str
    rows: int | None
    bytes: int
    schema: int
    partition: tuple[tuple[str, str | None], ...]
    row_groups: tuple[int, ...]
    group_bytes: tuple[int, ...]
    extremes: tuple[tuple[str, int, int], ...]
    modified: int | None
    writer: str | None
    changed: int | None
    etag: str | None


class _Footers(msgspec.Struct, forbid_unknown_fields=True):
    """The files of a lake."""

    schemas: list[bytes]
    files: list[_Footer]


OTHERS = tuple(name for name in _Footer.__struct_fields__ if name != "schema")


def to_bytes(fragments: Iterable[Fragment]) -> bytes:
    """Return what is known of files as bytes."""
    numbers: dict[int, int] = {}
    schemas: list[bytes] = []
    files = []
    for fragment in fragments:
        number = numbers.setdefault(id(fragment.schema), len(numbers))
        if number == len(schemas):
            schemas.append(fragment.schema.serialize().to_pybytes())
        files.append(_Footer(schema=number, **{name: getattr(fragment, name) for name in OTHERS}))
    told = msgspec.json.encode(_Footers(schemas, files))
    return _digest(told) + b"\n" + told


def from_bytes(data: bytes) -> Mapping[str, Fragment]:
    """Return what is known of files by their paths; nothing where the bytes are not what `to_bytes` wrote."""
    digest, _, told = data.partition(b"\n")
    if digest != _digest(told):
        return {}
    with contextlib.suppress(msgspec.DecodeError, pa.ArrowException, IndexError):
        found = msgspec.json.decode(told, type=_Footers)
        schemas = [pa.ipc.read_schema(pa.py_buffer(schema)) for schema in found.schemas]
        return {one.uri: _fragment(one, schemas[one.schema]) for one in found.files}
    return {}


def _fragment(footer: _Footer, schema: pa.Schema) -> Fragment:
    return Fragment(schema=schema, **{name: getattr(footer, name) for name in OTHERS})


def _digest(told: bytes) -> bytes:
    return hashlib.sha256(told).hexdigest().encode()
