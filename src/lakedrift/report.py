"""What a report is: a comparison written down for somebody or something to read.

A report is one file of `reports/` with a constant `REPORT`; the file name is its name on the command line. It sees a
`Comparison` and a `Canvas` and nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from lakedrift.errors import UnknownNameError
from lakedrift.text import decimal

if TYPE_CHECKING:
    from lakedrift.comparison import Comparison

__all__ = ["Canvas", "Digest", "Line", "Report", "names", "report"]

PACKAGE = "lakedrift.reports"
REASONS = {
    "identifier": "identifier",
    "temporal": "timestamp",
    "insufficient_data": "too few rows",
    "undecided": "undecided within its bounds",
    "unsupported_type": "unsupported type",
    "missing_in_reference": "not in the reference",
}


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a report is drawn on; formats for machines do not look at it.

    Attributes
    ----------
    width
        Terminal cells in a line.
    colour
        Whether terminal colours may be used.
    """

    width: int = 100
    colour: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A way to write a comparison down.

    Attributes
    ----------
    render
        The comparison as bytes: UTF-8 text ending in a line break, unless `binary`.
    binary
        Whether the bytes are no text, and so nothing for a terminal.
    """

    render: Callable[[Comparison, Canvas], bytes]
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What a comparison says about one feature: a row of `Comparison.verdicts()`.

    Attributes
    ----------
    metric
        The metric that decided, None where none did.
    statistic, limit
        Its value, and the limit that the verdict was reached at.
    """

    feature: str
    kind: str
    verdict: str
    status: str
    headline: str
    metric: str | None
    statistic: float | None
    limit: float | None

    @property
    def figures(self) -> str:
        """The value of the deciding metric and its limit, empty where no number decided."""
        if self.statistic is None or self.limit is None:
            return ""
        return f"{self.statistic:.2g} ≥ {decimal(self.limit)}"

    @property
    def decision(self) -> str:
        """The deciding metric, its value and its limit, empty where no number decided."""
        return f"{self.metric} {self.figures}" if self.figures else ""


@dataclass(frozen=True, slots=True)
class Digest:
    """The verdicts of a comparison, sorted out for a reader.

    Attributes
    ----------
    drifted
        The features at warning or critical, worst first.
    passed
        The features within their limits.
    unjudged
        The features that could not be judged, by reason.
    """

    drifted: list[Line]
    passed: list[Line]
    unjudged: dict[str, list[str]]

    @classmethod
    def of(cls, comparison: Comparison) -> Digest:
        """Sort out the verdicts of `comparison`, keeping their order."""
        lines = [_line(row) for row in comparison.verdicts().iter_rows(named=True)]
        unjudged: dict[str, list[str]] = {}
        for line in lines:
            if line.verdict == "none":
                unjudged.setdefault(REASONS.get(line.status, line.status), []).append(line.feature)
        return cls(
            drifted=[line for line in lines if line.verdict in ("critical", "warning")],
            passed=[line for line in lines if line.verdict == "ok"],
            unjudged=unjudged,
        )

    @staticmethod
    def tally(lines: list[Line]) -> dict[str, int]:
        """Count `lines` by verdict, in their order."""
        return dict(Counter(line.verdict for line in lines))


def _line(row: dict[str, Any]) -> Line:
    return Line(
        feature=row["feature"],
        kind=row["kind"],
        verdict=row["verdict"],
        status=row["status"],
        headline=row["headline"],
        metric=row["decided_by"],
        statistic=row["statistic"],
        limit=row["critical_at"] if row["verdict"] == "critical" else row["warning_at"],
    )


def names() -> list[str]:
    """Return the name of every report, importing none of them."""
    found = find_spec(PACKAGE)
    places = found.submodule_search_locations if found else None
    return sorted(module.name for module in pkgutil.iter_modules(places))


def report(name: str) -> Report:
    """Return the report called `name`.

    Raises
    ------
    UnknownNameError
        If there is no such report.
    """
    if name not in names():
        raise UnknownNameError.among(what="format", name=name, known=names())
    found = importlib.import_module(f"{PACKAGE}.{name}").REPORT
    if not isinstance(found, Report):
        msg = f"{PACKAGE}.{name}.REPORT is not a Report"
        raise TypeError(msg)
    return found
