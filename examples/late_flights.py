"""A model on real data: will a flight from New York arrive late? Trained in winter, watched for the rest of the year.

    python examples/late_flights.py [FOLDER] [--every N]

It trains a gradient-boosted classifier on the flights of January to March 2013 but for every fourth day. Those, and all flights
from April on, it scores, and writes them to FOLDER as a lake of a file a month: the inputs, which are known before departure
(the weather as it turned out), the score, what came true, and how much each input mattered, by occlusion. Then it lets
`lakedrift sweep` tell, by month and carrier, how well the model does. `--every 10` takes every tenth flight only, for a look.

Needs `pip install 'lakedrift[demo]' scikit-learn`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier

from lakedrift.cli import main as lakedrift
from lakedrift.demo import build_lake

LATE = 15.0  # minutes
CATEGORIES = ("carrier", "origin", "dest")
NUMBERS = ("hour", "weekday", "distance", "temp", "humid", "wind_speed", "precip", "pressure", "visib")
TRAINED_UNTIL, HELD_OUT_EVERY = 3, 4
ROLES = ("score=p_late", "label=late", "attribution=why_*")


def flights(every: int) -> pl.DataFrame:
    """Return every n-th flight: the day, its inputs as numbers, and whether it was late, null if cancelled."""
    lake = pl.scan_parquet(build_lake().root, hive_partitioning=True).with_columns(pl.col("month").cast(pl.Int8))
    date = pl.date(2013, "month", "day")
    known = lake.gather_every(every).with_columns(date=date, weekday=date.dt.weekday(), late=pl.col("arr_delay") > LATE)
    return known.select("date", "month", "day", *CATEGORIES, *NUMBERS, "late").collect()


def features(table: pl.DataFrame, categories: dict[str, list[str]]) -> pl.DataFrame:
    """Return the inputs with categories as numbers; one that was not there in training is null."""
    coded = [
        pl.col(name).replace_strict(known, range(len(known)), default=None).alias(name) for name, known in categories.items()
    ]
    return table.select(*coded, *NUMBERS).cast(pl.Float64)


def scored(table: pl.DataFrame) -> pl.DataFrame:
    """Train, and return the flights that the model had not seen, with its score and why."""
    winter = pl.col("month") <= TRAINED_UNTIL
    seen = winter & (pl.col("day") % HELD_OUT_EVERY != 0)
    training = table.filter(seen & pl.col("late").is_not_null())
    categories = {name: training[name].value_counts(sort=True)[name].sort().to_list() for name in CATEGORIES}
    model = HistGradientBoostingClassifier(max_iter=150, categorical_features=list(range(len(CATEGORIES))), random_state=0)
    inputs = features(training, categories)
    model.fit(inputs.to_numpy(), training["late"].to_numpy())
    usual = {name: inputs[name].mode()[0] if name in CATEGORIES else inputs[name].median() for name in inputs.columns}
    new = table.filter(~seen)
    fed = features(new, categories)
    score = model.predict_proba(fed.to_numpy())[:, 1]
    why = {}
    for name in fed.columns:  # what the score would have been, had this input been as usual
        without = fed.with_columns(pl.lit(usual[name], pl.Float64).alias(name))
        why[f"why_{name}"] = score - model.predict_proba(without.to_numpy())[:, 1]
    return new.with_columns(p_late=pl.Series(score), **{name: pl.Series(np.round(part, 6)) for name, part in why.items()})


def main() -> int:
    """Make the lake, and sweep it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every n-th flight only")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch) / "scored"
        folder.mkdir(parents=True, exist_ok=True)
        for (month,), part in scored(flights(given.every)).drop("day").group_by("month"):
            part.drop("month").write_parquet(folder / f"2013-{month:02}.parquet")
        words = ["--time", "date", "--every", "1mo", "--baseline", "2013-01-01..2013-03-31", "--by", "carrier"]
        words += [word for role in ROLES for word in ("--role", role)]
        print("$ lakedrift sweep", folder.name, *words, flush=True)
        return lakedrift(["sweep", str(folder), *words, "--fail-on", "never"])


if __name__ == "__main__":
    sys.exit(main())
