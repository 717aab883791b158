"""`ks_2samp` and `psi` of each numeric column, `psi_discrete` of each string column, as one query on frames in memory."""

from __future__ import annotations

import polars as pl
import polars_ds as pds

PACKAGE = "polars_ds"


def load(files: list[str]) -> pl.DataFrame:
    return pl.read_parquet(files, hive_partitioning=False).rechunk()  # `ks_2samp` wants it


def drift(reference: pl.DataFrame, current: pl.DataFrame) -> dict[str, dict[str, float]]:
    numbers = [name for name, dtype in reference.schema.items() if dtype.is_numeric()]
    strings = [name for name in reference.columns if name not in numbers]
    both = pl.concat([reference, current.select(pl.all().name.suffix(" now"))], how="horizontal")
    ks = (pds.ks_2samp(name, f"{name} now").struct.field("statistic").alias(f"ks {name}") for name in numbers)
    psi = (pds.psi(f"{name} now", name).alias(f"psi {name}") for name in numbers)
    discrete = (pds.psi_discrete(f"{name} now", name).alias(f"psi {name}") for name in strings)
    (row,) = both.select(*ks, *psi, *discrete).iter_rows(named=True)
    return {
        "ks": {name: row[f"ks {name}"] for name in numbers},
        "psi": {name: row[f"psi {name}"] for name in numbers + strings},
    }
