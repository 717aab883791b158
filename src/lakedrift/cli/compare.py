"""`lakedrift compare`: compare saved profiles, without any data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from lakedrift import config as configuration
from lakedrift import report as reports
from lakedrift.cli import output as outputs
from lakedrift.cli.sweep import (
    Against,
    Baseline,
    Count,
    FailOn,
    Format,
    Gate,
    Metrics,
    Output,
    Size,
    check_names,
    exit_code,
    windowing,
)

__all__ = ["compare"]


def compare(
    reference: str,
    current: str | None = None,
    /,
    *,
    metric: Metrics = None,
    against: Against = None,
    baseline: Baseline = None,
    gate: Gate = None,
    min_rows: Count = None,
    memory: Size = None,
    format: Format = "table",  # noqa: A002 -- the name of the option
    output: Output = None,
    fail_on: FailOn = "critical",
    config: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    table: Annotated[str | None, Parameter(metavar="NAME")] = None,
) -> int:
    """Compare two saved profiles, feature by feature, and exit 1 where they drifted apart; no data is read.

    Of one profile of a dated lake, the windows are compared with one another.

    Parameters
    ----------
    reference
        The profile of what is normal.
    current
        The profile of what is to be judged; without it, the windows of the first are.
    metric
        Compute only these metrics, and the rates of what is missing.
    against
        Compare each window with this: reference, previous, rolling:28d or season:1w. May be given several times.
    baseline
        The windows of one profile that are its reference: dates such as 2026-08-01..2026-10-31.
    gate
        Let the exit code look at the whole lake, or at every segment too. [default: lake]
    min_rows
        Judge no distribution on fewer valid rows than this. [default: 500]
    memory
        Take no more than this on top of what a Python process takes, such as 2GB. [default: half of the machine]
    output
        Write the result to this file instead of stdout.
    fail_on
        Exit 1 from this verdict on.
    config
        A configuration file. [default: lakedrift.toml, else [tool.lakedrift] of pyproject.toml]
    table
        Use the limits of this table of the configuration.
    """
    check_names("format", [format], reports.names())
    check_names("metric", metric or [], configuration.metric_names())
    settings = configuration.load(config, table=table)
    options: dict[str, Any] = {"metrics": metric, "thresholds": settings.thresholds, **windowing(against, baseline, gate)}
    options["memory"] = memory
    if min_rows is not None:
        options["min_rows"] = min_rows
    outputs.check(output, binary=reports.report(format).binary)
    from lakedrift import api

    comparison = api.compare(reference, current, **options)
    outputs.write(reports.report(format).render(comparison, outputs.canvas(output)), output)
    return exit_code(comparison, fail_on)
