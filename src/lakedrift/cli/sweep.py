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
from lakedrift.roles import parsed

if TYPE_CHECKING:
    from lakedrift.comparison import Comparison

__all__ = [
    "Against",
    "AsRole",
    "Baseline",
    "Count",
    "Engine",
    "FailOn",
    "Format",
    "Gate",
    "Metrics",
    "Output",
    "Patterns",
    "Refit",
    "Segmentations",
    "Size",
    "Store",
    "check_names",
    "exit_code",
    "grouping",
    "pairing",
    "sweep",
    "windowing",
]

Patterns = Annotated[list[str] | None, Parameter(metavar="PATTERN")]
AsRole = Annotated[list[str] | None, Parameter(metavar="ROLE=COL")]
Metrics = Annotated[list[str] | None, Parameter(metavar="NAME")]
Count = Annotated[int | None, Parameter(metavar="N", validator=Number(gte=1))]
Engine = Annotated[str, Parameter(metavar="NAME", help="Who reads the files, to the same result: polars, duckdb or arrow.")]
Segmentations = Annotated[list[str] | None, Parameter(metavar="COL[,COL]")]
Fold = Annotated[bool | None, Parameter(negative="--no-fold")]
Store = Annotated[str | None, Parameter(metavar="DIR")]
Refit = Annotated[bool, Parameter(show_default=False)]
Size = Annotated[str | None, Parameter(metavar="SIZE")]
Format = Annotated[str, Parameter(metavar="NAME", help=f"How to write the result: {', '.join(reports.names())}.")]
Output = Annotated[Path | None, Parameter(name=["--output", "-o"], metavar="FILE")]
FailOn = Literal["warning", "critical", "never"]
Against = Annotated[list[str] | None, Parameter(metavar="PAST")]
Baseline = Annotated[str | None, Parameter(metavar="A..B")]
Gate = Literal["lake", "segments"] | None


def sweep(
    reference: str | None = None,
    current: str | None = None,
    /,
    *,
    query: Annotated[list[str] | None, Parameter(metavar="FILE.sql")] = None,
    feature: Patterns = None,
    exclude: Patterns = None,
    categorical: Patterns = None,
    role: AsRole = None,
    metric: Metrics = None,
    correlations: Patterns = None,
    where: Annotated[str | None, Parameter(metavar="SQL")] = None,
    exact: Annotated[bool, Parameter(show_default=False)] = False,
    engine: Engine = "polars",
    by: Segmentations = None,
    time: Annotated[str | None, Parameter(metavar="COL")] = None,
    every: Annotated[str | None, Parameter(metavar="LENGTH")] = None,
    max_segments: Count = None,
    fold: Fold = None,
    against: Against = None,
    baseline: Baseline = None,
    gate: Gate = None,
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
        What is to be judged, likewise; without it, the windows of the first are.
    query
        A side that DuckDB is to compute, such as predictions joined with labels that came later; after those that are named.
        May be given twice.
    feature
        Judge only these columns: names or patterns such as '*_delay'. May be given several times.
    exclude
        Leave these columns out.
    categorical
        Judge these columns by category, although they are numbers.
    role
        Judge a model too, by what columns are to it: score=p, prediction=class, label=y, value=amount, attribution='shap_*' and
        so on; a label is null while it is not known. May be given several times.
    metric
        Compute only these metrics, and the rates of what is missing.
    correlations
        Compare the correlations of these numeric columns: names, patterns, or '*' for all. May be given several times.
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
        Keep the largest --max-segments instead, and count all others as one; --no-fold where the configuration folds.
    against
        Compare each window with all of the reference, the previous one, rolling:28d or season:1w. May be given several times.
    baseline
        Of one dated lake, the windows from one date to another, both included, are its reference; the later ones are judged.
    gate
        Exit by the verdicts on the whole lake, or on segments too. [default: lake]
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
    reference, current = _with_queries(reference, current, query or [])
    sides = _sides(reference, current, settings, dated=time is not None or "time" in settings.grouping)
    options: dict[str, Any] = {
        "features": feature,
        "exclude": exclude,
        "kinds": {**settings.kinds, **dict.fromkeys(categorical or [], "categorical")},
        "roles": {**settings.roles, **parsed(role or [])} or None,
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
        **windowing(against, baseline, gate),
        **pairing(correlations, settings),
    }
    if min_rows is not None:
        options["min_rows"] = min_rows
    if dry_run:
        return describe(sides, options, format, output)
    outputs.check(output, binary=reports.report(format).binary)
    comparison = watched(sides, options)
    outputs.write(reports.report(format).render(comparison, outputs.canvas(output)), output)
    return exit_code(comparison, fail_on)


def watched(sides: tuple[str, ...], options: dict[str, Any]) -> Comparison:
    """Run a sweep with its progress on stderr."""
    from lakedrift import api
    from lakedrift.progress import progress

    with progress(sys.stderr) as observer:
        return api.sweep(*sides, **options, observer=observer)


def exit_code(comparison: Comparison, fail_on: FailOn) -> int:
    """Return the exit code for a comparison: 0, or 1 for drift at or above `fail_on`.

    Raises
    ------
    SourceError
        If nothing was judged: a gate that looked at nothing must not open.
    """
    if comparison.verdict == "none":
        from lakedrift.digest import Digest

        unjudged = Digest.of(comparison).unjudged
        why = ", ".join(f"{reason} ({len(features)})" for reason, features in unjudged.items())
        msg = f"nothing was judged: {why or 'there is no column to judge'}"
        raise SourceError(msg)
    failing = {"warning": ("warning", "critical"), "critical": ("critical",), "never": ()}[fail_on]
    return int(comparison.verdict in failing)


def grouping(
    by: list[str] | None, time: str | None, every: str | None, max_segments: int | None, *, fold: bool | None
) -> dict[str, Any]:
    """Return the options of grouping that were given; the others are those of the configuration."""
    crossed = None if by is None else [tuple(entry.split(",")) for entry in by]
    given = {"by": crossed, "time": time, "every": every, "max_segments": max_segments, "fold": fold}
    return {name: value for name, value in given.items() if value is not None}


def windowing(against: list[str] | None, baseline: str | None, gate: str | None) -> dict[str, Any]:
    """Return the options of what windows are compared with, and whom the gate looks at, that were given."""
    given = {"against": against, "baseline": baseline, "gate": gate}
    return {name: value for name, value in given.items() if value is not None}


def pairing(correlations: list[str] | None, settings: configuration.Config) -> dict[str, Any]:
    """Return the option of correlations, as given or configured."""
    wanted = settings.correlations if correlations is None else correlations
    return {} if wanted is None else {"correlations": wanted}


def check_names(what: str, names: list[str], known: list[str]) -> None:
    """Refuse names that are not known, with the nearest that are."""
    for name in names:
        if name not in known:
            raise UnknownNameError.among(what, name, known)


def _with_queries(reference: str | None, current: str | None, queries: list[str]) -> tuple[str | None, str | None]:
    """Return both sides, of which queries are those that are not named."""
    sides = [side for side in (reference, current) if side is not None] + queries
    wrong = next((query for query in queries if not query.endswith(".sql")), None)
    if wrong is not None or len(sides) > 2:
        msg = (
            f"--query {wrong!r} is no file of SQL" if wrong is not None else f"there are {len(sides)} sides, and two to compare"
        )
        raise UsageError(msg, hint="a query is a file NAME.sql; it takes the place of REFERENCE or CURRENT")
    first, second, *_ = [*sides, None, None]
    return first, second


def _sides(reference: str | None, current: str | None, settings: configuration.Config, *, dated: bool) -> tuple[str, ...]:
    """Return both sides, or of windows in time the one."""
    reference, current = reference or settings.reference, current or settings.current
    if reference is None or (current is None and not dated):
        msg = f"there is no {'REFERENCE' if reference is None else 'CURRENT'} to compare"
        raise UsageError(msg, hint="lakedrift sweep REFERENCE CURRENT, or --table NAME of a table whose sides are configured")
    return (reference,) if current is None else (reference, current)
