"""`DataDriftPreset(num_method="ks")` on pandas frames: Kolmogorov–Smirnov p-values, Jensen–Shannon distances for strings."""

from __future__ import annotations

import pandas as pd
from evidently import Dataset, Report
from evidently.presets import DataDriftPreset

PACKAGE = "evidently"


def load(files: list[str]) -> Dataset:
    return Dataset.from_pandas(pd.concat([pd.read_parquet(file, partitioning=None) for file in files], ignore_index=True))


def drift(reference: Dataset, current: Dataset) -> dict[str, dict[str, float]]:
    snapshot = Report([DataDriftPreset(num_method="ks")]).run(current, reference)
    found: dict[str, dict[str, float]] = {"ks p-value": {}, "jensen-shannon": {}}
    for metric in snapshot.dict()["metrics"]:
        config = metric["config"]
        if "column" in config:
            name = "ks p-value" if config["method"] == "ks" else "jensen-shannon"
            found[name][config["column"]] = metric["value"]
    return found
