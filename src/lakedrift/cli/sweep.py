"""`lakedrift sweep`: compare two datasets feature by feature."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from lakedrift import config as configuration
from lakedrift import report as reports
from lakedrift.cli import output as outputs
from lakedrift.cli.dry_run import describe
from lakedrift.errors import SourceError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from lakedrift.comparison import Comparison

__all__ = [
    "Count",
    "Engine",
    "FailOn",
    "Format",
    "Metrics",
    "Output",
    "Patterns",
    "Refit",
    "Segmentations",
    "Size",
    "Store",
    "check_names",
    "gate",
    "grouping",
    "sweep",
]

Patterns = Annotated[list[str] | None, Parameter(metavar="PATTERN")]
Metrics = Annotated[list[str] | None, Parameter(metavar="NAME")]
Count = Annotated[int | None, Parameter(metavar="N", validator=Number(gte=1))]
Engine = Annotated[str, Parameter(metavar="NAME", help="Who reads the files, to the same result: polars, duckdb or arrow.")]
Segmentations = Annotated[list[str] | None, Parameter(metavar="COL[,COL]")]
Store = Annotated[str | None, Parameter(metavar="DIR")]
Refit = Annotated[bool, Parameter(show_default=False)]
Size = Annotated[str | None, Parameter(metavar="SIZE")]
Format = Annotated[str, Parameter(metavar="NAME", help=f"How to write the result: {', '.join(reports.names())}.")]
Output = Annotated[Path | None, Parameter(name=["--output", "-o"], metavar="FILE")]
FailOn = Literal["warning", "critical", "never"]


def sweep(
    reference: str | None = None,
    current: str | None = None,
    /,
    *,
    feature: Patterns = None,
    exclude: Patterns = None,
    categorical: Patterns = None,
    metric: Metrics = None,
    where: Annotated[str | None, Parameter(metavar="SQL")] = None,
    exact: Annotated[bool, Parameter(show_default=False)] = False,
    engine: Engine = "polars",
    by: Segmentations = None,
    time: Annotated[str | None, Parameter(metavar="COL")] = None,
    every: Annotated[str | None, Parameter(metavar="LENGTH")] = None,
    max_segments: Count = None,
    fold: Annotated[bool, Parameter(show_default=False)] = False,
    memory: Size = None,
    threads: Count = None,
    min_rows: Count = None,
    store: Store = None,
    refit: Refit = False,
    format: Format = "table",  # noqa: A002 -- the name of the option
    output: Output = None,
    fail_on: FailOn = "critical",
    config: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    table: Annotated[str | None, Parameter(metavar="NAME")] = None,
    dry_run: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Compare two datasets, feature by feature, and exit 1 where they drifted apart.

    Parameters
    ----------
    reference
        What is normal: a Parquet file, a folder, a pattern in quotes, or a saved profile.
    current
        What is to be judged, likewise.
    feature
        Judge only these columns: names or patterns such as '*_delay'. May be given several times.
    exclude
        Leave these columns out.
    categorical
        Judge these columns by category, although they are numbers.
    metric
        Compute only these metrics, and the rates of what is missing.
    where
        Only rows for which this SQL expression holds, such as "origin = 'JFK'".
    exact
        Settle every Kolmogorov-Smirnov distance by a second scan of the few values in doubt.
    by
        See the lake by the values of a column too, or by those of several, crossed. May be given several times.
    time
        See it by windows of time, too, by this column of timestamps or dates; with --every.
    every
        How long a window is: 1h, 1d, 1w, 1mo, 1q or 1y, or a multiple such as 4h.
    max_segments
        Refuse a --by of more segments than this. [default: 10,000]
    fold
        Keep the largest --max-segments instead, and count all others as one.
    memory
        Take no more than this on top of what a Python process takes, such as 2GB. [default: half of the machine]
    threads
        How many threads count. [default: all cores]
    min_rows
        Judge no distribution on fewer valid rows than this. [default: 500]
    store
        Keep the profile of every file in this folder, or at this s3:// address, and read only what is new.
    refit
        Fit new grids, keep these in the store instead, and read everything again.
    output
        Write the result to this file instead of stdout.
    fail_on
        Exit 1 from this verdict on.
    config
        A configuration file. [default: lakedrift.toml, else [tool.lakedrift] of pyproject.toml]
    table
        Use the sides and limits of this table of the configuration.
    dry_run
        Say what would be read, and read nothing but file footers and a sample.
    """
    check_names("format", [format], reports.names())
    check_names("metric", metric or [], configuration.metric_names())
    settings = configuration.load(config, table=table)
    sides = _sides(reference, current, settings)
    options: dict[str, Any] = {
        "features": feature,
        "exclude": exclude,
        "kinds": {**settings.kinds, **dict.fromkeys(categorical or [], "categorical")},
        "metrics": metric,
        "where": where,
        "exact": exact,
        "engine": engine,
        "memory": memory,
        "threads": threads,
        "store": store,
        "refit": refit,
        "thresholds": settings.thresholds,
        **settings.grouping,
        **grouping(by, time, every, max_segments, fold=fold),
    }
    if min_rows is not None:
        options["min_rows"] = min_rows
    if dry_run:
        return describe(sides, options, format, output)
    outputs.check(output, binary=reports.report(format).binary)
    comparison = watched(sides, options)
    outputs.write(reports.report(format).render(comparison, outputs.canvas(output)), output)
    return gate(comparison, fail_on)


def watched(sides: tuple[str, str], options: dict[str, Any]) -> Comparison:
    """Run a sweep with its progress on stderr."""
    from lakedrift import api
    from lakedrift.progress import progress

    with progress(sys.stderr) as observer:
        return api.sweep(*sides, **options, observer=observer)


def gate(comparison: Comparison, fail_on: FailOn) -> int:
    """Return the exit code for a comparison: 0, or 1 for drift at or above `fail_on`.

    Raises
    ------
    SourceError
        If nothing was judged: a gate that looked at nothing must not open.
    """
    if comparison.verdict == "none":
        unjudged = reports.Digest.of(comparison).unjudged
        why = ", ".join(f"{reason} ({len(features)})" for reason, features in unjudged.items())
        msg = f"nothing was judged: {why or 'there is no column to judge'}"
        raise SourceError(msg)
    failing = {"warning": ("warning", "critical"), "critical": ("critical",), "never": ()}[fail_on]
    return int(comparison.verdict in failing)


def grouping(
    by: list[str] | None, time: str | None, every: str | None, max_segments: int | None, *, fold: bool
) -> dict[str, Any]:
    """Return the options of grouping that were given; the others are those of the configuration."""
    crossed = None if by is None else [tuple(entry.split(",")) for entry in by]
    given = {"by": crossed, "time": time, "every": every, "max_segments": max_segments, "fold": fold or None}
    return {name: value for name, value in given.items() if value is not None}


def check_names(what: str, names: list[str], known: list[str]) -> None:
    """Refuse names that are not known, with the nearest that are."""
    for name in names:
        if name not in known:
            raise UnknownNameError.among(what, name, known)


def _sides(reference: str | None, current: str | None, settings: configuration.Config) -> tuple[str, str]:
    reference, current = reference or settings.reference, current or settings.current
    if reference is None or current is None:
        msg = f"there is no {'REFERENCE' if reference is None else 'CURRENT'} to compare"
        raise UsageError(msg, hint="lakedrift sweep REFERENCE CURRENT, or --table NAME of a table whose sides are configured")
    return reference, current
