"""A state as a table of integers: what `Summary.to_arrow` writes and `from_arrow` reads.

One row is one integer: which `field` of the state, of which `group`, at which `place` in it, and the `count`. What is zero is
left out, but for `rows`, which every group has. Beside the integer stands what makes it plain to a reader who has only the
table: `low`, the least value of a cell, and `value`, the category; one that is no UTF-8 has its bytes in `raw`. A state has the
columns that it needs. The grid is in the metadata.

The rows of a field are in order of group and place, each once, so that equal states are equal tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.hashing import name_of, raw_of
from lakedrift.soundness import MOST_CELLS, require
from lakedrift.summary import Counts

__all__ = ["FIELD", "LongRows", "LongTable"]

FIELD = pa.dictionary(pa.int8(), pa.string())
MOST_FIELDS = 100
MOST_ROWS = 2.0**62  # sums of these are integers of 64 bits, however they are rounded


class LongTable:
    """A table being written, field after field."""

    def __init__(self, **grid: str) -> None:
        self._grid = grid
        self._fields: list[str] = []
        self._parts: list[dict[str, Any]] = []

    def flat(self, field: str, counts: Counts) -> None:
        """Add one integer a group, (n_groups,); the `rows` also where they are zero."""
        groups = np.arange(len(counts)) if field == "rows" else np.flatnonzero(counts)
        self.entries(field, groups, np.zeros(len(groups), np.int64), counts[groups])

    def sparse(self, field: str, counts: Counts, low: NDArray[np.float64] | None = None, names: Sequence[str] = ()) -> None:
        """Add what is not zero of an array (n_groups, n_places), with what each place stands for, (n_places,)."""
        groups, places = np.nonzero(counts)
        part: dict[str, Any] = {"group": groups, "place": places, "count": counts[groups, places]}
        part |= {} if low is None else {"low": low[places]}
        part |= {name: column.take(pa.array(places)) for name, column in _named(names).items()}
        self._add(field, part)

    def entries(self, field: str, groups: Any, places: Any, counts: Any, low: Any = None) -> None:
        """Add integers by group and place, (n,) each and in that order."""
        self._add(field, {"group": groups, "place": places, "count": counts} | ({} if low is None else {"low": low}))

    def texts(self, field: str, tallies: Sequence[Mapping[str, int]]) -> None:
        """Add counts by name, a mapping a group; in order of the names."""
        pairs = [sorted(tally.items()) for tally in tallies]
        sizes = np.array([len(tally) for tally in pairs], np.int64)
        names = [name for tally in pairs for name, _ in tally]
        part: dict[str, Any] = {
            "group": np.arange(len(pairs)).repeat(sizes),
            "place": np.concatenate([np.empty(0, np.int64), *map(np.arange, sizes)]),
            "count": np.array([count for tally in pairs for _, count in tally], np.int64),
        }
        self._add(field, part | _named(names))

    def table(self) -> pa.Table:
        """Return the table."""
        sizes = [len(part["count"]) for part in self._parts]
        codes = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)
        columns = {"field": pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(self._fields, pa.string()))}
        types = {"group": pa.int32(), "place": pa.int64(), "count": pa.int64()}
        types |= {"low": pa.float64(), "value": pa.string(), "raw": pa.binary()}
        for name, dtype in types.items():
            if any(name in part for part in self._parts):
                columns[name] = pa.concat_arrays([_column(part, name, dtype) for part in self._parts])
        return pa.table(columns).replace_schema_metadata(self._grid or None)

    def _add(self, field: str, part: dict[str, Any]) -> None:
        self._fields.append(field)
        self._parts.append(part)


class LongRows:
    """A table being read: every field is looked at once, and whatever is not as it is written is refused.

    Every method raises `CorruptProfileError` where what it reads cannot be.
    """

    def __init__(self, table: pa.Table) -> None:
        self.grid = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        table = table.combine_chunks()
        self._columns = {name: _whole(table, name) for name in ("group", "place", "count")}
        self._table = table
        self._runs = _runs(table["field"])
        self.n_groups = len(self._slice("group", "rows"))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that were not looked at yet."""
        return tuple(self._runs)

    def flat(self, field: str) -> Counts:
        """Return one integer a group, (n_groups,), none negative."""
        return self.sparse(field, 1, zeros=field == "rows")[:, 0]

    def sparse(self, field: str, n_places: int, *, signed: bool = False, zeros: bool = False) -> Counts:
        """Return an array (n_groups, n_places)."""
        require(self.n_groups * n_places <= MOST_CELLS, f"{field}: there are too many cells")
        groups, places, counts = self.entries(field)
        require(((places >= 0) & (places < n_places)).all(), f"{field}: there is no such place")
        at = groups * n_places + places
        require((np.diff(at) > 0).all(), f"{field}: places are not in order")
        require(zeros or (counts != 0).all(), f"{field}: a zero is written")
        require(signed or _are_counts(counts), f"{field}: a count is negative, or they are too many")
        dense = np.zeros(self.n_groups * n_places, np.int64)
        dense[at] = counts
        return dense.reshape(self.n_groups, n_places)

    def entries(self, field: str) -> tuple[Counts, Counts, Counts]:
        """Return group, place and count of every row of a field, (n,) each; the groups exist."""
        groups, places, counts = (self._slice(name, field) for name in ("group", "place", "count"))
        require(((groups >= 0) & (groups < self.n_groups)).all(), f"{field}: there is no such group")
        self._runs.pop(field, None)
        return groups.astype(np.int64), places, counts

    def texts(self, field: str) -> list[dict[str, int]]:
        """Return counts by name, a dict a group."""
        run = self._runs.get(field, (0, 0))
        groups, places, counts = self.entries(field)
        require(counts.all() and _are_counts(counts), f"{field}: a count is not positive, or they are too many")
        names = self._names(field, *run)
        tallies: list[dict[str, int]] = [{} for _ in range(self.n_groups)]
        before = (-1, 0, "")
        for group, place, name, count in zip(groups.tolist(), places.tolist(), names, counts.tolist(), strict=True):
            first = group > before[0] and place == 0
            following = (group, place) == (before[0], before[1] + 1) and name > before[2]
            require(first or following, f"{field}: names are not in order")
            before = (group, place, name)
            tallies[group][name] = count
        return tallies

    def finish(self) -> None:
        """Assert that there is nothing else."""
        require(not self._runs, f"unknown fields: {', '.join(map(repr, self._runs))}")

    def _slice(self, column: str, field: str) -> Any:
        start, end = self._runs.get(field, (0, 0))
        return self._columns[column][start:end]

    def _names(self, field: str, start: int, end: int) -> list[str]:
        given = self._table.schema.names
        values, raws = (
            self._table[name][start:end].to_pylist() if name in given else [None] * (end - start) for name in ("value", "raw")
        )
        pairs = list(zip(values, raws, strict=True))
        require(all((value is None) != (raw is None) for value, raw in pairs), f"{field}: a name is missing")
        return [name_of(raw) if value is None else value for value, raw in pairs]


def _named(names: Sequence[str]) -> dict[str, pa.Array]:
    """Return names as text and, where there is one that is none, as bytes."""
    sound = [_is_utf8(name) for name in names]
    found = {"value": pa.array([name if plain else None for name, plain in zip(names, sound, strict=True)], pa.string())}
    if not all(sound):
        raw = [None if plain else raw_of(name) for name, plain in zip(names, sound, strict=True)]
        found["raw"] = pa.array(raw, pa.binary())
    return found if names else {}


def _column(part: Mapping[str, Any], name: str, dtype: pa.DataType) -> pa.Array:
    return pa.array(part[name], dtype) if name in part else pa.nulls(len(part["count"]), dtype)


def _whole(table: pa.Table, name: str) -> NDArray[np.int64]:
    column = table[name]
    require(column.null_count == 0, f"{name}: there are nulls")
    found: NDArray[np.int64] = column.to_numpy()
    return found


def _runs(fields: pa.ChunkedArray) -> dict[str, tuple[int, int]]:
    """Return where the rows of each field begin and end."""
    require(fields.null_count == 0, "field: there are nulls")
    joined = fields.combine_chunks()
    codes = joined if pa.types.is_dictionary(joined.type) else joined.dictionary_encode()
    codes = codes.chunk(0) if isinstance(codes, pa.ChunkedArray) else codes
    numbers = codes.indices.to_numpy(zero_copy_only=False)
    starts = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)])
    require(len(starts) <= MOST_FIELDS, "there are too many fields")
    names = [codes.dictionary[int(numbers[start])].as_py() for start in starts]
    require(len(set(names)) == len(names), "a field is in two parts")
    ends = np.append(starts, len(numbers))[1:]
    return {name: (start, end) for name, start, end in zip(names, starts.tolist(), ends.tolist(), strict=True)}


def _are_counts(counts: Counts) -> bool:
    """Whether no number is negative, and their sum is one too."""
    return bool((counts >= 0).all() and counts.astype(np.float64).sum() < MOST_ROWS)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
