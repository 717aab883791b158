"""`profile`, `compare`, `merge` and `show`: what was scanned once serves for good, and needs no data any more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from scipy.stats import ks_2samp
from small_lake import SmallLake

from lakedrift.cli import main
from lakedrift.demo import build_lake

WHATEVER_BINS = ("ks", "wasserstein", "null_rate", "nan_rate", "inf_rate", "unseen_rate")  # others are those of shared bins


@pytest.fixture
def saved(lake: SmallLake, folder: Path) -> tuple[str, str]:
    assert main(["profile", lake.old, "-o", "old.profile"]) == 0
    assert main(["profile", lake.new, "--like", "old.profile", "-o", "new.profile"]) == 0
    return "old.profile", "new.profile"


def judged(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    capfd.readouterr()
    code = main([*words, "--format", "json"])
    return code, json.loads(capfd.readouterr().out)


def test_compare__is_the_sweep_and_needs_no_data(
    saved: tuple[str, str], lake: SmallLake, capfd: pytest.CaptureFixture[str]
) -> None:
    swept = judged(capfd, "sweep", lake.old, lake.new)
    assert judged(capfd, "compare", *saved) == swept
    assert swept[0] == 1
    assert judged(capfd, "sweep", "old.profile", lake.new) == swept
    assert judged(capfd, "sweep", *saved) == swept


def test_compare__of_the_flights(folder: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flights = build_lake()
    sides = [str(tmp_path / name) for name in ("jan", "jul")]
    for side, month in zip(sides, (flights.reference, flights.current), strict=True):
        shutil.copytree(month, side)
    for name, words in {"jan": [], "jul": ["--like", "jan.profile"], "own": []}.items():
        assert main(["profile", sides[name != "jan"], *words, "-o", f"{name}.profile"]) == 0
    _, swept = judged(capfd, "sweep", *sides)
    _, exact = judged(capfd, "sweep", *sides, "--exact")
    for side in sides:
        shutil.rmtree(side)
    assert judged(capfd, "compare", "jan.profile", "jul.profile")[1] == swept
    _, own = judged(capfd, "compare", "jan.profile", "own.profile")
    bounds = {(row["feature"], row["metric"]): row for row in own["metrics"]}
    same = [row for row in exact["metrics"] if row["metric"] in WHATEVER_BINS and row["status"] == "ok"]
    assert {row["metric"] for row in same} == {"ks", "wasserstein", "null_rate", "unseen_rate"}
    for row in same:
        bound = bounds[row["feature"], row["metric"]]
        assert bound["lower"] <= row["statistic"] <= bound["upper"]
        assert bound["n_current"] == row["n_current"]


def test_compare__options_and_output(saved: tuple[str, str], folder: Path) -> None:
    assert main(["compare", *saved, "--metric", "ks", "--fail-on", "never", "--format", "csv", "-o", "out.csv"]) == 0
    assert set(pl.read_csv("out.csv")["metric"]) & {"ks", "psi"} == {"ks"}


def test_merge__of_files_is_the_whole(lake: SmallLake, folder: Path) -> None:
    whole = pl.read_parquet(lake.old)
    (folder / "parts").mkdir()
    for number in range(3):
        whole[number::3].write_parquet(folder / "parts" / f"{number}.parquet")
    main(["profile", "parts", "-o", "whole.profile"])
    for number in range(3):
        assert main(["profile", f"parts/{number}.parquet", "--like", "whole.profile", "-o", f"{number}.profile"]) == 0
    assert main(["merge", "2.profile", "0.profile", "1.profile", "-o", "merged.profile"]) == 0
    assert (folder / "merged.profile").read_bytes() == (folder / "whole.profile").read_bytes()


def test_merge__the_same_file_twice_is_refused(saved: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    words = ["merge", saved[0], saved[0], "-o", "twice.profile"]
    assert main(words) == 2
    assert "part.parquet" in capfd.readouterr().err
    assert main([*words, "--allow-duplicates"]) == 0


def test_merge__other_grids_are_refused_or_coarsened(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("old", "new"):
        main(["profile", getattr(lake, name), "--feature", "price", "-o", f"{name}.profile"])
    words = ["merge", "old.profile", "new.profile", "-o", "both.profile"]
    assert main(words) == 2
    assert "'price'" in capfd.readouterr().err
    assert main([*words, "--coarsen"]) == 0
    _, told = judged(capfd, "compare", "old.profile", "both.profile")
    (ks,) = (row for row in told["metrics"] if row["metric"] == "ks")
    old, new = (pl.read_parquet(side)["price"] for side in (lake.old, lake.new))
    exact = ks_2samp(old, pl.concat([old, new])).statistic
    assert ks["lower"] <= exact <= ks["upper"] < exact + 0.01


def test_show__says_what_is_in_it(saved: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert main(["show", saved[0]]) == 0
    out = capfd.readouterr().out
    assert "4,000 rows · 1 fragment" in out.replace("4.00k", "4,000")
    assert "price" in out
    _, told = judged(capfd, "show", saved[0])
    by_name = {row["feature"]: row for row in told["features"]}
    assert by_name["country"]["values"] == 3
    assert by_name["price"]["least"] < by_name["price"]["median"] < by_name["price"]["greatest"]
    assert told["fragments"][0]["rows"] == told["rows"] == 4_000


@pytest.mark.parametrize(
    ("content", "code"), [(b"", 4), (b"PAR1 and no more PAR1", 4), (None, 3)], ids=["empty", "no profile", "missing"]
)
def test_profiles__that_cannot_be_read(
    content: bytes | None, code: int, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (folder / "a.profile").write_bytes(content)
    assert main(["show", "a.profile"]) == code
    assert "a.profile" in capfd.readouterr().err


def test_sweep__what_a_profile_cannot_do_is_said(
    saved: tuple[str, str], lake: SmallLake, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", saved[0], lake.new, "--where", "country = 'AT'"]) == 2
    assert "cannot be filtered any more" in capfd.readouterr().err
    assert main(["sweep", saved[0], lake.new, "--by", "country"]) == 2
    assert "no groups by 'country'" in capfd.readouterr().err
    code, told = judged(capfd, "sweep", saved[0], saved[1], "--feature", "steady_*")
    assert (code, {row["feature"] for row in told["verdicts"]}) == (0, {"steady_0", "steady_1", "steady_2"})


@pytest.mark.parametrize("output", ["missing/a.profile", ".", "a.parquet"])
def test_profile__what_cannot_be_written_is_said_at_once(output: str, lake: SmallLake, folder: Path) -> None:
    assert main(["profile", lake.old, "-o", output]) == 2
