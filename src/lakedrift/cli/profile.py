"""`lakedrift profile`: scan a dataset once, and keep what was found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from lakedrift import config as configuration
from lakedrift.cli import output as outputs
from lakedrift.cli.sweep import AsRole, Count, Engine, Patterns, Refit, Segmentations, Size, Store, grouping, pairing
from lakedrift.errors import UsageError
from lakedrift.roles import parsed

__all__ = ["profile"]


def profile(
    source: str,
    /,
    *,
    output: Annotated[str, Parameter(name=["--output", "-o"], metavar="FILE")],
    like: Annotated[str | None, Parameter(metavar="PROFILE")] = None,
    feature: Patterns = None,
    exclude: Patterns = None,
    categorical: Patterns = None,
    correlations: Patterns = None,
    role: AsRole = None,
    where: Annotated[str | None, Parameter(metavar="SQL")] = None,
    engine: Engine = "polars",
    by: Segmentations = None,
    time: Annotated[str | None, Parameter(metavar="COL")] = None,
    every: Annotated[str | None, Parameter(metavar="LENGTH")] = None,
    max_segments: Count = None,
    fold: Annotated[bool, Parameter(show_default=False)] = False,
    memory: Size = None,
    threads: Count = None,
    store: Store = None,
    refit: Refit = False,
    private: Annotated[int | None, Parameter(metavar="K")] = None,
    config: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    table: Annotated[str | None, Parameter(metavar="NAME")] = None,
) -> int:
    """Scan a dataset once into a profile, which compares with any other and takes its place in every command.

    Parameters
    ----------
    source
        A Parquet file, a folder, or a pattern in quotes.
    output
        Where the profile goes: a file, such as jan.profile, or an s3:// address.
    like
        Use the kinds and grids of this profile; that gives the tightest bounds.
    feature
        Profile only these columns: names or patterns such as '*_delay'. May be given several times.
    exclude
        Leave these columns out.
    categorical
        Count these columns by category, although they are numbers.
    correlations
        Keep the correlations of these numeric columns: names, patterns, or '*' for all. May be given several times.
    role
        Keep how a model does too, by what columns are to it: score=p, prediction=class, label=y, value=amount and so on. May be
        given several times.
    where
        Only rows for which this SQL expression holds, such as "origin = 'JFK'".
    by
        Keep the lake by the values of a column too, or by those of several, crossed. May be given several times.
    time
        Keep it by windows of time, too, by this column of timestamps or dates; with --every.
    every
        How long the windows are: 1h, 1d, 1w, 1mo, 1q or 1y.
    max_segments
        Refuse a --by of more segments than this. [default: 10,000]
    fold
        Keep the largest --max-segments instead, and count all others as one.
    memory
        Take no more than this on top of what a Python process takes, such as 2GB. [default: half of the machine]
    threads
        How many threads count. [default: all cores]
    store
        Keep the profile of every file in this folder, or at this s3:// address, and read only what is new.
    refit
        Fit new grids, keep these in the store instead, and read everything again.
    private
        Keep no value that fewer than K rows share. The store keeps them all the same.
    config
        A configuration file. [default: lakedrift.toml, else [tool.lakedrift] of pyproject.toml]
    table
        Use the kinds of this table of the configuration.
    """
    settings = configuration.load(config, table=table)
    options: dict[str, Any] = {
        "like": like,
        "features": feature,
        "exclude": exclude,
        "kinds": {**settings.kinds, **dict.fromkeys(categorical or [], "categorical")},
        "roles": {**settings.roles, **parsed(role or [])} or None,
        "where": where,
        "engine": engine,
        "memory": memory,
        "threads": threads,
        "store": store,
        "refit": refit,
        "private": private,
        **settings.grouping,
        **grouping(by, time, every, max_segments, fold=fold),
        **pairing(correlations, settings),
    }
    _check(output)
    from lakedrift import api
    from lakedrift.progress import progress

    with progress(sys.stderr) as observer:
        found = api.profile(source, **options, observer=observer)
    found.save(output)
    return 0


def _check(output: str) -> None:
    """Refuse, before anything is read, what could not be written in the end."""
    if output.startswith("s3://"):
        return
    outputs.check(Path(output), binary=True)
    if output.lower().endswith((".parquet", ".parq", ".pq")):  # a sweep of its folder would take it for data
        msg = f"cannot write to {output}: a profile with this suffix would be taken for data"
        raise UsageError(msg, hint="call it something.profile")
