"""`UnivariateDriftCalculator` on pandas frames, one chunk: binned Kolmogorov–Smirnov distance for numbers, χ² for strings."""

from __future__ import annotations

import nannyml as nml
import pandas as pd

PACKAGE = "nannyml"
METHODS = {"kolmogorov_smirnov": "ks", "chi2": "chi-square"}


def load(files: list[str]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file, partitioning=None) for file in files], ignore_index=True)


def drift(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, dict[str, float]]:
    calculator = nml.UnivariateDriftCalculator(
        column_names=list(reference.columns),
        continuous_methods=["kolmogorov_smirnov"],
        categorical_methods=["chi2"],
        chunk_number=1,
    )
    table = calculator.fit(reference).calculate(current).filter(period="analysis").to_df()
    found: dict[str, dict[str, float]] = {metric: {} for metric in METHODS.values()}
    for name, method, what in table.columns:
        if what == "value":
            found[METHODS[method]][name] = table[(name, method, what)].iloc[0]
    return found
