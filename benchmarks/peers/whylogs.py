"""`why.log` of each side as a pandas frame, then `calculate_drift_scores`: Kolmogorov–Smirnov from random sketches, χ²."""

from __future__ import annotations

import pandas as pd
import whylogs as why
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

PACKAGE = "whylogs"


def load(files: list[str]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file, partitioning=None) for file in files], ignore_index=True)


def drift(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, dict[str, float]]:
    before, after = (why.log(side).profile().view() for side in (reference, current))
    found: dict[str, dict[str, float]] = {}
    for name, score in calculate_drift_scores(target_view=after, reference_view=before).items():
        if score is not None:
            found.setdefault(score["algorithm"], {})[name] = score["statistic"]
    return found
