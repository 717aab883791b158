"""The groups of a source, counted before anything else is: a light scan of the key columns and the column of time.

So it is known how many groups there are, and what counting them takes, before memory is spent on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.coding import ROWS, Coder, labelled, tallied
from lakedrift.columns import is_read, whole
from lakedrift.errors import ConfigError, ResourceError, UnknownNameError, nearest
from lakedrift.filtering import Filter
from lakedrift.groupby import GroupBy
from lakedrift.grouping import WINDOW, Grouping
from lakedrift.instants import is_time
from lakedrift.manifest import Span
from lakedrift.observer import Observer
from lakedrift.reading import Reader
from lakedrift.scanners.polars import is_known
from lakedrift.segment import OTHER
from lakedrift.source import Scan, Source, distinct_schemas
from lakedrift.spanning import Spans
from lakedrift.window import UTC

__all__ = ["Crossing", "Roll", "checked", "present", "take_census"]

MOST_GROUPS = 1 << 24  # of any crossing: more would not fit anywhere
NOBODY = np.empty(0, np.int32)
WAITING_ROWS = 1 << 20  # of tables of groups that wait to be joined


@dataclass(frozen=True, eq=False)
class Crossing:
    """The groups of a segmentation as they are, and who finds them.

    Attributes
    ----------
    keys
        The segmentation.
    table
        Its groups, sorted: columns `0`, `1`, …, `window`, and `rows`.
    """

    keys: tuple[str, ...]
    table: pl.DataFrame

    def coder(self) -> Coder:
        """Return what finds the group of each row of a batch."""
        return Coder(self.keys, self.table.drop(ROWS))


@dataclass(frozen=True, eq=False)
class Roll:
    """The groups that a segmentation is summarised by.

    Attributes
    ----------
    keys
        The segmentation.
    crossing
        That of its columns and perhaps more, which tells the rows apart.
    table
        The groups, sorted, as of a crossing.
    places
        (n_crossing_groups,) which group each of the crossing belongs to.
    folded
        Whether small segments were joined.
    """

    keys: tuple[str, ...]
    crossing: Crossing
    table: pl.DataFrame
    places: NDArray[np.int64]
    folded: bool = False

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self.table)

    def coded(self, codes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the group of each row, (n,), from its place in the crossing."""
        return codes if self.keys == self.crossing.keys and not self.folded else self.places.astype(np.int32).take(codes)


def checked(groupby: GroupBy, source: Source) -> GroupBy:
    """Return what is asked for with the time zone of the column of time.

    Raises
    ------
    UnknownNameError
        If a column does not exist.
    ConfigError
        If a column cannot be grouped by, or is no time.
    """
    for name in groupby.columns:
        types = _types(source, name)
        wrong = [dtype for dtype in types if not is_read(dtype)]
        if wrong:
            msg = f"cannot group by {name!r}: it is {wrong[0]}, and not text, a number, a truth or a time"
            raise ConfigError(msg)
        untimely = [dtype for dtype in types if name == groupby.time and not is_time(dtype)]
        if untimely:
            msg = f"column {name!r} is {untimely[0]} and does not say when: it is no timestamp, date, or text of one"
            raise ConfigError(msg)
    if groupby.every is None or groupby.time is None:
        return groupby
    return replace(groupby, every=replace(groupby.every, zone=_zone(_types(source, groupby.time))))


def present(groupby: GroupBy, source: Source) -> GroupBy:
    """Return what is asked for without what is by columns that the source lacks."""
    known = _names(source)
    return groupby.without([name for name in groupby.columns if name not in known])


def _names(source: Source) -> set[str]:
    fields = {field for schema in distinct_schemas(source.fragments) for field in schema.names}
    return fields | {key for fragment in source.fragments for key, _ in fragment.partition}


def _types(source: Source, name: str) -> list[pa.DataType]:
    """Return the types that a column has, that of a partition key included."""
    schemas = distinct_schemas(source.fragments)
    types = [schema.field(name).type for schema in schemas if name in schema.names]
    if not types and name not in (known := _names(source)):
        msg = f"unknown column to group by: {name!r}, in {source.name!r}"
        raise UnknownNameError(msg, hint=nearest(name, sorted(known)))
    return types or [pa.string()]


def _zone(types: Sequence[pa.DataType]) -> str:
    """Return the zone of a column of time: that of all its files, or else UTC."""
    zones = {dtype.tz if pa.types.is_timestamp(dtype) and dtype.tz and is_known(dtype) else UTC for dtype in types}
    return zones.pop() if len(zones) == 1 else UTC


def take_census(
    source: Source, groupby: GroupBy, keep: Filter | None, reader: Reader, observer: Observer, like: Sequence[Grouping] = ()
) -> tuple[list[Roll], Mapping[str, Span]]:
    """Count the rows of all groups, and say which of them are summarised, and when the rows of each fragment happened.

    Parameters
    ----------
    source, groupby, keep
        What is read, grouped by what, and which rows of it.
    reader, observer
        Who reads, and who is told.
    like
        The groupings of another profile: what they fold is folded here, and of what they do not fold nothing is.

    Raises
    ------
    ResourceError
        If there are more segments than may be.
    ConfigError
        If they cannot be folded, as the other profile has a segment of the name of those that are.
    SourceError
        If the source cannot be read.
    """
    needed = [*groupby.columns, *(() if keep is None else keep.needed)]
    counts, spans = {keys: _Counts(keys) for keys in groupby.crossings}, dict[str, Span]()
    for scan in source.scans((), needed):
        spanned = Spans(scan.fragments)
        for batch, kept_back, owners in _owned(reader, scan, keep, groupby):
            columns = labelled(batch, groupby)
            for keys, counted in counts.items():
                counted.add(tallied(columns, keys))
            if groupby.time is not None:
                spanned.add(whole(batch.column(groupby.time)), columns[None], owners)
            observer.advance(batch.num_rows + kept_back)
        spans |= spanned.found() if groupby.time is not None else {}
    crossings = [Crossing(keys, counted.table()) for keys, counted in counts.items()]
    known = {grouping.keys: grouping for grouping in like}
    return [_rolled(keys, crossings, groupby, known.get(keys)) for keys in groupby.segmentations], spans


def _owned(
    reader: Reader, scan: Scan, keep: Filter | None, groupby: GroupBy
) -> Iterator[tuple[pa.Table, int, NDArray[np.int32]]]:
    """Yield batches, and the fragment of each row where it is asked when these happened: others need not come in order."""
    if groupby.time is not None:
        yield from reader.owned(scan, keep)
    else:
        yield from ((*found, NOBODY) for found in reader.batches(scan, keep))


class _Counts:
    """The groups of a crossing so far."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys
        self._tables: list[pl.DataFrame] = []
        self._settled = self._waiting = 0

    def add(self, table: pl.DataFrame) -> None:
        """Add the groups of a batch."""
        self._tables.append(table)
        self._waiting += len(table)
        if self._waiting > WAITING_ROWS + self._settled:
            self._join()

    def table(self) -> pl.DataFrame:
        """Return all groups, sorted."""
        if not self._tables:
            types = {**{str(place): pl.String for place in range(len(self._keys))}, WINDOW: pl.Int64, ROWS: pl.Int64}
            return pl.DataFrame(schema=types)
        self._join()
        names = self._tables[0].columns[:-1]
        return self._tables[0].sort(names)

    def _join(self) -> None:
        self._tables = [_summed(pl.concat(self._tables))]
        self._settled, self._waiting = len(self._tables[0]), 0
        if self._settled > MOST_GROUPS:
            msg = f"there are more than {MOST_GROUPS:,} groups by {', '.join(map(repr, self._keys))}"
            raise ResourceError(msg, hint="group by columns of fewer values, or by longer windows")


def _summed(table: pl.DataFrame) -> pl.DataFrame:
    return table.group_by(table.columns[:-1]).agg(pl.col(ROWS).sum())


def _rolled(keys: tuple[str, ...], crossings: Sequence[Crossing], groupby: GroupBy, like: Grouping | None) -> Roll:
    """Return the groups of a segmentation, by way of the crossing of fewest groups that it follows from."""
    able = [crossing for crossing in crossings if set(keys) <= set(crossing.keys)]
    crossing = next((one for one in able if one.keys == keys), None) or min(able, key=lambda one: len(one.table))
    named = [crossing.table[str(crossing.keys.index(key))].alias(str(place)) for place, key in enumerate(keys)]
    exact = pl.DataFrame([*named, crossing.table[WINDOW], crossing.table[ROWS]])
    kept = _kept(keys, exact, groupby, like)
    folded = exact if kept is None else _folded(exact, kept)
    names = folded.columns[:-1]
    table = _summed(folded).sort(names)
    places = folded.select(names).join(
        table.select(names).with_row_index("at"), on=names, how="left", nulls_equal=True, maintain_order="left"
    )
    return Roll(keys, crossing, table, places["at"].cast(pl.Int64).to_numpy(), kept is not None)


def _kept(keys: tuple[str, ...], exact: pl.DataFrame, groupby: GroupBy, like: Grouping | None) -> pl.DataFrame | None:
    """Return the segments that are not folded, None where all are kept.

    Raises
    ------
    ResourceError
        If there are too many and nobody asked for folding.
    ConfigError
        If they cannot be folded.
    """
    if not keys:
        return None
    names = exact.columns[:-2]
    before = exact.select(names).clear() if like is None else like.table().select(names).unique()
    if like is not None and like.folded:
        return before.remove(pl.all_horizontal(pl.all() == OTHER))
    segments = exact.group_by(names).agg(pl.col(ROWS).sum())
    if len(segments) <= groupby.max_segments:
        return None
    if not groupby.fold:
        windows = "" if groupby.time is None else f", {len(exact):,} groups with their windows"
        by, most = ", ".join(map(repr, keys)), f"at most {groupby.max_segments:,} are summarised"
        msg = f"there are {len(segments):,} segments by {by}{windows}, and {most}"
        raise ResourceError(msg, hint="more are with --max-segments, or with --fold the largest, the rest as one")
    return _largest(segments, before, groupby.max_segments)


def _largest(segments: pl.DataFrame, before: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return the segments to keep: those of the other side, or they would seem to be gone, and then the largest new ones.

    Raises
    ------
    ConfigError
        If the other side has a segment that is called as those are which are not kept.
    """
    if len(before.filter(pl.all_horizontal(pl.all() == OTHER))):
        msg = f"small segments would be joined to one called {OTHER!r}, and the reference has a segment of that name"
        raise ConfigError(msg, hint="raise max_segments, or fold the reference too")
    names = before.columns
    new = segments.join(before, on=names, how="anti", nulls_equal=True)
    new = new.sort([ROWS, *names], descending=[True, *[False] * len(names)]).head(max(0, most - len(before)))
    return pl.concat([before, new.select(names)])


def _folded(exact: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """Return the groups with the segments that are not kept called alike."""
    names = kept.columns
    marked = exact.join(kept.with_columns(kept=True), on=names, how="left", nulls_equal=True, maintain_order="left")
    called = (pl.when(pl.col("kept")).then(pl.col(name)).otherwise(pl.lit(OTHER)).alias(name) for name in names)
    return marked.with_columns(called).drop("kept")
