"""`lakedrift compare`: compare two saved profiles, without any data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from lakedrift import config as configuration
from lakedrift import report as reports
from lakedrift.cli import output as outputs
from lakedrift.cli.sweep import Count, FailOn, Format, Metrics, Output, check_names, gate

__all__ = ["compare"]


def compare(
    reference: str,
    current: str,
    /,
    *,
    metric: Metrics = None,
    min_rows: Count = None,
    format: Format = "table",  # noqa: A002 -- the name of the option
    output: Output = None,
    fail_on: FailOn = "critical",
    config: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    table: Annotated[str | None, Parameter(metavar="NAME")] = None,
) -> int:
    """Compare two saved profiles, feature by feature, and exit 1 where they drifted apart; no data is read.

    Parameters
    ----------
    reference
        The profile of what is normal.
    current
        The profile of what is to be judged.
    metric
        Compute only these metrics, and the rates of what is missing.
    min_rows
        Judge no distribution on fewer valid rows than this. [default: 500]
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
    options: dict[str, Any] = {"metrics": metric, "thresholds": settings.thresholds}
    if min_rows is not None:
        options["min_rows"] = min_rows
    outputs.check(output, binary=reports.report(format).binary)
    from lakedrift import api

    comparison = api.compare(reference, current, **options)
    outputs.write(reports.report(format).render(comparison, outputs.canvas(output)), output)
    return gate(comparison, fail_on)
