"""The result: what changed between two profiles, feature by feature, with verdicts."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from lakedrift.correlation import CHANGES, changes, correlations_of
from lakedrift.correlation import table_of as pairs_of
from lakedrift.errors import UnknownNameError
from lakedrift.explaining import Errors, bins_of, errors_of, split_of
from lakedrift.gate import Gate
from lakedrift.grouping import Grouping
from lakedrift.histogram import Histogram, draw
from lakedrift.importance import attributions_of, importances, table_of
from lakedrift.lookup import Window, check_feature, family_of, row_of
from lakedrift.matching import Matches
from lakedrift.measure import pair_of
from lakedrift.memory import check_table
from lakedrift.metric import Bins, Sides
from lakedrift.mix import DISTANCES, RANKING, Split, ranked, split
from lakedrift.pairing import Pair
from lakedrift.part import Part, tables_of
from lakedrift.performing import MODEL, model_name
from lakedrift.profiles import WHOLE_LAKE, Profile
from lakedrift.side import Side
from lakedrift.sides import groups_of, sides_of
from lakedrift.status import among
from lakedrift.threshold import LEVELS, Verdict
from lakedrift.verdicts import Verdicts
from lakedrift.window import Every

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["SCHEMA_VERSION", "Comparison", "plain"]

SCHEMA_VERSION = 1
ENOUGH = 1 << 14  # rows of a table to write down at a time
ROW_BYTES, DICT_BYTES = 256, 4096  # at most, of a row of a table, and of a row as Python values


class Comparison:
    """What changed from a reference to a current profile.

    Parameters
    ----------
    reference, current
        The profiles, which stay reachable as `profiles`; the same one where the windows of a lake are compared.
    parts
        What was measured and judged, by segmentation; the whole lake comes first.
    gate
        Whose verdicts make the verdict of the comparison: those of the whole `lake`, in all its windows, or of `segments` too.
    seconds
        How long the sweep took, None where nothing was read.
    baseline
        The windows of one lake that are its reference, as written; None where there is no such thing.
    memory
        Bytes that a table of it may take, None for half of this machine.
    """

    def __init__(
        self,
        reference: Profile,
        current: Profile,
        parts: Sequence[Part],
        gate: Gate = "lake",
        seconds: float | None = None,
        baseline: str | None = None,
        memory: int | None = None,
    ) -> None:
        self.profiles = (reference, current)
        self.reference = Side.of(reference)
        self.current = Side.of(current)
        self.gate = gate
        self.seconds = seconds
        self.baseline = baseline
        self._parts = tuple(parts)
        self._memory = memory

    def __repr__(self) -> str:
        counts = self._verdicts.counts()
        found = ", ".join(f"{count} {verdict}" for verdict, count in sorted(zip(LEVELS, counts, strict=True)) if count)
        return f"Comparison({self.reference.name!r} → {self.current.name!r}: {found or 'no feature'})"

    @property
    def every(self) -> Every | None:
        """The length of the windows and the zone of their calendar, None where there are none."""
        return self.profiles[1].every

    @property
    def against(self) -> tuple[str, ...]:
        """What segments and windows are compared with, each once."""
        return tuple(dict.fromkeys(name for part in self._parts if not part.whole for name in part.matches.names))

    @property
    def dated(self) -> bool:
        """Whether it is the windows of one lake that are compared."""
        return self.profiles[0] is self.profiles[1] and not any(part.whole for part in self._parts)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict on the whole lake, or with the gate at segments, of any; `none` if nothing was judged."""
        return LEVELS[self._verdicts.worst(self._gated)]

    @property
    def drifted(self) -> pl.DataFrame:
        """The rows of `verdicts()` at warning or above."""
        return self.verdicts(drifted=True)

    def verdicts(self, *, feature: str | None = None, segment: str | None = None, drifted: bool = False) -> pl.DataFrame:
        """Return one row a feature, segment, window and what it is against, worst first.

        It holds the verdict, the metric that decided, and what changed in words: of segments and windows, where they drifted.
        What is said of a segment as such has the feature "".

        Parameters
        ----------
        feature, segment
            Return the rows of these alone: of the segment "", which is the whole lake, for one.
        drifted
            Return those at warning or above alone.

        Raises
        ------
        ResourceError
            If that is more than memory should hold; `verdict_tables` has it in pieces.
        """
        chosen = self._verdicts.chosen(feature, segment, LEVELS.index("warning") if drifted else 0)
        self._check(sum(map(len, chosen)), ROW_BYTES)
        return pl.concat(self._verdicts.tables(chosen, ENOUGH))

    def verdict_tables(self) -> Iterator[pl.DataFrame]:
        """Yield the rows of `verdicts()` some at a time; at least one table, if empty."""
        return self._verdicts.tables(self._verdicts.chosen(None, None), ENOUGH)

    def worst(self) -> pl.DataFrame:
        """Return the worst row of `verdicts()` of each feature: of the whole lake, or with the gate at segments, of any."""
        return pl.concat(self._verdicts.tables(self._verdicts.each(self._gated), ENOUGH))

    def to_polars(self) -> pl.DataFrame:
        """Return one row a feature, segment, window, what it is against, and metric, in the order of the features.

        Raises
        ------
        ResourceError
            If that is more than memory should hold; `tables` has it in pieces.
        """
        self._check(self._n_rows, ROW_BYTES)
        return pl.concat(self.tables())

    def performance(self) -> pl.DataFrame:
        """Return the rows of `to_polars()` that say how well the model does; none where there is no model."""
        parts = [Part(part.matches, tuple(one for one in part.measures if one.kind == MODEL)) for part in self._parts]
        return pl.concat(tables_of(parts, ENOUGH))

    def tables(self) -> Iterator[pl.DataFrame]:
        """Yield the rows of `to_polars()` some at a time, so that nobody has to hold millions; at least one table, if empty."""
        return tables_of(self._parts, ENOUGH)

    def to_arrow(self) -> pa.Table:
        """Return `to_polars()` as an Arrow table."""
        return self.to_polars().to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """Return `to_polars()` as a pandas frame; pandas must be installed."""
        return self.to_polars().to_pandas()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for strict JSON: an infinite statistic and an instant are text.

        Raises
        ------
        ResourceError
            If that is more than memory should hold; the report `json` writes the same in pieces.
        """
        self._check(self._n_rows, DICT_BYTES)
        tables = {"verdicts": self.verdict_tables(), "correlations": [self.correlations()], "metrics": self.tables()}
        rows = {name: [plain(row) for table in found for row in table.iter_rows(named=True)] for name, found in tables.items()}
        return self.summary() | rows

    def summary(self) -> dict[str, Any]:
        """Return `to_dict()` but for the rows: the verdict, the sides, the windows, what they are against, and the gate."""
        every = self.every
        return {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict,
            "reference": asdict(self.reference),
            "current": asdict(self.current),
            "every": None if every is None else str(every),
            "zone": None if every is None else every.zone,
            "against": list(self.against),
            "baseline": self.baseline,
            "gate": self.gate,
        }

    def bins(
        self, feature: str, *, segment: str = WHOLE_LAKE, window: Window | None = None, against: str | None = None
    ) -> tuple[Bins, Bins] | None:
        """Return the bins that the binned metrics of a feature rest on, both sides; None where there are none.

        Parameters
        ----------
        segment
            Its label; the whole lake where there is none.
        window
            When it starts, as of `Profile.select`: no window is all time, or else the last one.
        against
            What it is compared with; None is the first of several.

        Raises
        ------
        UnknownNameError
            If a side lacks the feature, or there is no such segment, window, or thing to compare with.
        """
        check_feature(self.profiles, feature)
        return self._sides(feature, segment, window, against).bins

    def histogram(
        self,
        feature: str,
        *,
        segment: str = WHOLE_LAKE,
        window: Window | None = None,
        against: str | None = None,
        bins: int = 12,
    ) -> Histogram | None:
        """Return a small histogram of both sides to look at; None where there is nothing to draw, or a side lacks the feature.

        Numeric features get bins of equal width over the middle 98 % of both sides, others their most frequent categories. The
        other parameters are those of `bins`.

        Raises
        ------
        UnknownNameError
            If there is no such feature, segment, window, or thing to compare with.
        """
        held = [feature in side for side in self.profiles]
        if (any(held) and not all(held)) or feature in map(model_name, self.profiles):
            return None
        check_feature(self.profiles, feature)
        return draw(self._sides(feature, segment, window, against), bins)

    def segments(self, feature: str | None = None) -> pl.DataFrame:
        """Return a row a segment, window and what it is against, by how far it moved times how much of the lake it holds.

        `distance` is the greatest total variation of a feature that can be judged, or that of `feature`; `impact` is it times
        the mean of the segment's shares of the lake. `status` says which segments are new or gone.

        Raises
        ------
        UnknownNameError
            If a side lacks the feature.
        """
        if feature is not None:
            check_feature(self.profiles, feature)
        tables = [ranked(part, feature) for part in self._parts if part.matches.keys and part.measures]
        table = pl.concat([pl.DataFrame(schema=RANKING), *tables], how="diagonal")
        return table.sort("impact", descending=True, nulls_last=True, maintain_order=True)

    def correlations(self, most: int | None = None) -> pl.DataFrame:
        """Return a row a pair of columns whose correlations were asked for, by how far these are apart; or only so many.

        `reference` and `current` are Pearson's r over the rows in which both columns have a value, `change` their difference,
        `lower` and `upper` its interval of 95 %, `qvalue` the p-value adjusted for the number of pairs; `status` says why there
        is none. The formulas and their sources are those of `lakedrift.correlation`.
        """
        return self._correlations if most is None else self._correlations.head(most)

    def split(
        self,
        feature: str,
        by: str | Sequence[str] | None = None,
        *,
        window: Window | None = None,
        against: str | None = None,
    ) -> Split | None:
        """Split the whole-lake drift of a feature into the mix of segments and the change within them, exactly.

        The segmentation is the first one, the window the last one, and what it is against the first, unless they are named.
        The formula and its sources are those of `lakedrift.decomposition`. None where the feature has no bins.

        Raises
        ------
        UnknownNameError
            If there is no such segmentation, window, or thing to compare with, or a side lacks the feature.
        """
        check_feature(self.profiles, feature)
        part, rows = family_of(self._parts, by, window, against, self.every)
        return split(self._groups(part, feature), rows)

    def split_error(
        self, *, segment: str = WHOLE_LAKE, window: Window | None = None, against: str | None = None
    ) -> pl.DataFrame:
        """Split the change of the model's error into what its inputs did and what came of them, for each input, exactly.

        The error is 1 - accuracy, or the mean absolute error. By the bins of a column it changes because other bins hold the
        rows, `covariate`, Σ (p' - p) e, and because the same bins err more, `concept`, Σ p' (e' - e): their sum is `change`.
        `reference_association` and `current_association` say how much the column tells of the label, by Cramér's V without its
        bias: one that tells nearly everything on one side only is a leak.

        Returns a row a column, the largest parts first; none where the profiles keep no errors by bin.
        """
        found = self._errors(segment, window, against)
        return split_of(None, None) if found is None else split_of(*found)

    def error_by_bin(
        self, feature: str, *, segment: str = WHOLE_LAKE, window: Window | None = None, against: str | None = None
    ) -> pl.DataFrame:
        """Return a row a bin of an input: its share of the labelled rows, its error, and its parts of the change, as above.

        Of two classes, `reference_rate` and `current_rate` are the shares of the positive one: P(label | bin).

        Raises
        ------
        UnknownNameError
            If the profiles keep no errors by the bins of that column.
        """
        found = self._errors(segment, window, against)
        known = [] if found is None else list(found[0].slices)
        if found is None or feature not in known:
            raise UnknownNameError.among(what="input of the model:", name=feature, known=known)
        return bins_of(*found, feature)

    def importances(
        self, *, segment: str = WHOLE_LAKE, window: Window | None = None, against: str | None = None
    ) -> pl.DataFrame:
        """Return a row an attribution: its mean size on both sides, its rank and by how many places it rose, and its feature.

        `feature` is the one whose name the attribution's begins or ends with, `drift` its greatest total variation or
        Kolmogorov-Smirnov distance, and `impact` that times the share of the importance: what moved and matters comes first.
        """
        part, row, groupings = self._row(segment, window, against)
        found = importances(self.profiles, row, groupings)
        key = attributions_of(self.profiles[0])
        if found is None or key is None:
            return table_of((), np.empty(0), np.empty(0), {})
        place = int(np.flatnonzero((part.matches.segment == row.segment[0]) & (part.matches.windows == row.windows[0]))[0])
        drift: dict[str, float] = {}
        for measure in part.measures:
            if measure.metric in DISTANCES and measure.kind != MODEL:
                known = np.nan_to_num(measure.statistic[place])
                drift[measure.feature] = max(drift.get(measure.feature, 0.0), float(known))
        return table_of(key[1], found[0][0], found[1][0], drift)

    def _row(
        self, segment: str, window: Window | None, against: str | None
    ) -> tuple[Part, Matches, tuple[Grouping, Grouping] | None]:
        """Return the part of a row, the row, and the groups that it adds up, None of whole lakes."""
        parts = [part for part in self._parts if not part.of_gaps]
        part, row = row_of(parts, segment, window, against, self.every)
        if part.whole:
            return part, row, None
        reference, current = (side.grouping(part.matches.keys) for side in self.profiles)
        return part, row, (reference, current)

    def _errors(self, segment: str, window: Window | None, against: str | None) -> tuple[Errors, Errors] | None:
        _, row, groupings = self._row(segment, window, against)
        return errors_of(self.profiles, row, groupings)

    def unsettled(self, metric: str, *, undecided: bool) -> list[str]:
        """Return the features whose `metric` has bounds on whole lakes that differ, or only those that a verdict hangs on.

        Where what is beyond noise hangs on them, so it does on those of all features, whose p-values are adjusted together.
        """
        found = [one for part in self._parts if part.whole for one in part.measures if one.metric == metric]
        hanging = [one for one in found if among(one.status, "undecided").any()]
        if undecided and not any((np.not_equal(*one.evidence)).any() for one in hanging):
            return [one.feature for one in hanging]
        return [one.feature for one in found if (not undecided or hanging) and (one.lower < one.upper).any()]

    @functools.cached_property
    def _correlations(self) -> pl.DataFrame:
        before, now = (correlations_of(profile) for profile in self.profiles)
        if before is None or now is None or self.dated:
            return pl.DataFrame(schema=CHANGES)
        return pairs_of(changes(before, now))

    @functools.cached_property
    def _verdicts(self) -> Verdicts:
        return Verdicts(self._parts, self._pair)

    @property
    def _gated(self) -> str | None:
        """The segment whose verdicts the gate looks at, None for all."""
        return None if self.gate == "segments" else WHOLE_LAKE

    @property
    def _n_rows(self) -> int:
        return sum(len(part.matches) * len(part.measures) for part in self._parts)

    def _check(self, rows: int, each: int) -> None:
        check_table(rows, each, self._memory)

    def _sides(self, feature: str, segment: str, window: Window | None, against: str | None) -> Sides:
        """Return both sides of a feature in one row."""
        part, row = row_of([part for part in self._parts if not part.of_gaps], segment, window, against, self.every)
        return self._pair(feature).sides if part.groupings is None else next(sides_of(self._groups(part, feature), row))

    def _groups(self, part: Part, feature: str) -> Pair:
        return groups_of(self._pair(feature), *(part.groupings or ()))

    def _pair(self, feature: str) -> Pair:
        return pair_of(*self.profiles, feature)


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as it stands in `Comparison.to_dict()`."""
    return {name: _plain_value(value) for name, value in row.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, float) and math.isinf(value) else value
