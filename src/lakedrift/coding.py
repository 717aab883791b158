"""Which group each row of a batch is in: texts of the key columns and windows of the column of time, as numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.encoding import Encoded
from lakedrift.errors import SchemaError, SourceChangedError, reason
from lakedrift.groupby import GroupBy
from lakedrift.grouping import WINDOW
from lakedrift.instants import instants_of
from lakedrift.summary import Codes
from lakedrift.window import ALL_TIME

__all__ = ["ROWS", "Coder", "Labelled", "labelled", "tallied"]

DENSE = 1 << 20  # pairs of codes, up to which a table of all is faster than a search
ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A column of a batch as codes (n,), and what they stand for (n_values,); null is a value like any other."""

    codes: NDArray[np.int32]
    values: pl.Series


def labelled(batch: pa.Table, groupby: GroupBy) -> dict[str | None, Labelled]:
    """Return the key columns of a batch as text, by name, and its windows, by None.

    Raises
    ------
    SchemaError
        If a key holds text that is not UTF-8.
    """
    names = dict.fromkeys(key for keys in groupby.by for key in keys)
    found: dict[str | None, Labelled] = {name: _texts(name, columns.whole(batch.column(name))) for name in names}
    found[None] = _windows(batch, groupby)
    return found


def tallied(columns: Mapping[str | None, Labelled], keys: Sequence[str]) -> pl.DataFrame:
    """Return the groups of a batch and their `rows`; one group may occur several times."""
    parts = [columns[name] for name in (*keys, None)]
    sizes = [len(part.values) for part in parts]
    if math.prod(sizes) <= max(DENSE, len(parts[0].codes)):
        counts = Codes.of(_crossed(parts), math.prod(sizes)).rows
        held = np.flatnonzero(counts)
        codes, rows = np.unravel_index(held, sizes), counts[held]
    else:
        frame = pl.DataFrame({str(place): part.codes for place, part in enumerate(parts)})
        counted = frame.group_by(pl.all()).agg(pl.len().cast(pl.Int64).alias(ROWS))
        codes, rows = tuple(counted[name].to_numpy() for name in frame.columns), counted[ROWS].to_numpy()
    values = [part.values.gather(found).alias(str(place)) for place, (part, found) in enumerate(zip(parts, codes, strict=True))]
    return pl.DataFrame([*values[:-1], values[-1].alias(WINDOW), pl.Series(ROWS, rows)])


def _crossed(parts: Sequence[Labelled]) -> NDArray[np.int32]:
    """Return the codes of several columns as one, (n,)."""
    crossed = parts[0].codes
    for part in parts[1:]:
        if len(part.values) > 1:
            crossed = crossed * np.int32(len(part.values)) + part.codes
    return crossed


def _texts(name: str, array: pa.Array) -> Labelled:
    encoded = Encoded.of(array)
    texts = columns.texts(encoded.values)
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid as error:
        msg = f"cannot group by {name!r}: it holds text that is not UTF-8 ({reason(error)})"
        raise SchemaError(msg) from error
    null = encoded.codes < 0
    if not null.any():
        return Labelled(encoded.codes, pl.Series(texts))
    values = pl.Series(texts).append(pl.Series([None], dtype=pl.String))
    return Labelled(np.where(null, np.int32(len(texts)), encoded.codes), values)


def _windows(batch: pa.Table, groupby: GroupBy) -> Labelled:
    if groupby.time is None or groupby.every is None:
        return Labelled(np.broadcast_to(np.int32(0), batch.num_rows), pl.Series([ALL_TIME], dtype=pl.Int64))
    encoded = Encoded.of(pa.array(groupby.every.starts(instants_of(columns.whole(batch.column(groupby.time))))))
    return Labelled(encoded.codes, pl.Series(encoded.values))


class Coder:
    """Finds the group of each row among those that a census found.

    Parameters
    ----------
    keys
        The segmentation.
    table
        Its groups, sorted: columns `0`, `1`, … and `window`.
    """

    def __init__(self, keys: Sequence[str], table: pl.DataFrame) -> None:
        self._names: tuple[str | None, ...] = (*keys, None)
        self._levels: list[tuple[pa.Array, _Pairs]] = []
        codes, n_codes = np.zeros(len(table), np.int64), 1
        for column in table.get_columns():
            known = _arrow(column.unique().sort())
            codes = codes * len(known) + _found(known, column)
            pairs = _Pairs(codes, n_codes * len(known))
            codes, n_codes = pairs.numbered(codes), len(pairs)
            self._levels.append((known, pairs))

    def codes(self, columns: Mapping[str | None, Labelled]) -> NDArray[np.int32]:
        """Return the place of each row's group in the table, (n,).

        Raises
        ------
        SourceChangedError
            If a row is in none.
        """
        parts = [columns[name] for name in self._names]
        codes: NDArray[Any] = np.zeros(len(parts[0].codes), np.int32)
        for place, (part, (known, pairs)) in enumerate(zip(parts, self._levels, strict=True)):
            found = _found(known, part.values)
            is_known = not (found < 0).any()  # or a value that no row has stands in a dictionary
            if is_known and len(known) == 1:
                continue
            own = found.take(part.codes)
            if not is_known and (own < 0).any():
                raise _changed()
            if len(known) > 1:
                codes = pairs.numbered(codes.astype(np.int64) * len(known) + own if place else own)
        return codes.astype(np.int32, copy=False)


class _Pairs:
    """Numbers the pairs of codes that occur, each pair itself a number, in ascending order."""

    def __init__(self, pairs: NDArray[np.int64], possible: int) -> None:
        self._known = np.unique(pairs)
        size = int(self._known[-1]) + 1 if len(self._known) else 0
        self._is_whole = len(self._known) == possible
        self._is_dense = size <= max(DENSE, 2 * len(self._known))
        self._places = np.full(size if self._is_dense else 0, -1, np.int64)
        if self._is_dense:
            self._places[self._known] = np.arange(len(self._known))

    def __len__(self) -> int:
        """How many pairs occur."""
        return len(self._known)

    def numbered(self, pairs: NDArray[Any]) -> NDArray[Any]:
        """Return the number of each pair, (n,)."""
        if not len(pairs) or self._is_whole:
            return pairs
        if self._is_dense:
            inside = pairs < len(self._places)
            places = self._places.take(pairs) if inside.all() else np.full(1, -1)
            known = places >= 0
        else:
            places = np.searchsorted(self._known, pairs)
            known = self._known[np.minimum(places, len(self._known) - 1)] == pairs
        if not known.all():
            raise _changed()
        return places


def _found(known: pa.Array, values: pl.Series) -> NDArray[np.int32]:
    """Return the place of each value among those known, (n_values,), -1 where it has none; null is one like any other."""
    places: NDArray[np.int32] = pc.index_in(_arrow(values), value_set=known).fill_null(-1).to_numpy()
    return places


def _arrow(values: pl.Series) -> pa.Array:
    array = values.to_arrow()
    return array.cast(pa.large_string()) if values.dtype == pl.String else array


def _changed() -> SourceChangedError:
    return SourceChangedError("rows are in groups that were not there a moment ago: the source changed while it was read")
