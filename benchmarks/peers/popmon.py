"""`df_stability_metrics` against the histograms of a reference, on pandas frames with one time slot: all its comparisons."""

from __future__ import annotations

import math

import pandas as pd
import popmon

PACKAGE = "popmon"


def load(files: list[str]) -> pd.DataFrame:
    frame = pd.concat([pd.read_parquet(file, partitioning=None) for file in files], ignore_index=True)
    return frame.assign(time=pd.Timestamp("2026-08-03"))


def drift(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, dict[str, float]]:
    histograms = popmon.make_histograms(reference, time_axis="time", time_width="1w")
    metrics = popmon.df_stability_metrics(current, time_axis="time", reference_type="external", reference=histograms)
    n, m = reference.count(), current.count()
    found = {}
    for name, compared in metrics["comparisons"].items():
        if compared["ref_ks"].notna().all():  # it is √(n m / (n + m)) times the distance
            found[name] = compared["ref_ks"].iloc[0] / math.sqrt(n[name] * m[name] / (n[name] + m[name]))
    return {"ks": found}
