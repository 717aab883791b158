"""`lakedrift sweep`: options reach the sweep, results reach their place, and the exit code says what a gate needs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from small_lake import HOSTILE, SmallLake

from lakedrift.cli import main


def swept(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str]]:
    """Sweep as JSON and return the exit code and the verdict of each feature."""
    code = main(["sweep", *words, "--format", "json"])
    result = json.loads(capfd.readouterr().out)
    return code, {row["feature"]: row["verdict"] for row in result["verdicts"]}


@pytest.mark.parametrize(
    ("words", "code"),
    [([], 1), (["--fail-on", "critical"], 1), (["--fail-on", "warning"], 1), (["--fail-on", "never"], 0)],
)
def test_sweep__drift_exits_1(words: list[str], code: int, lake: SmallLake, folder: Path) -> None:
    assert main(["sweep", lake.old, lake.new, *words]) == code


@pytest.mark.parametrize("fail_on", ["warning", "critical", "never"])
def test_sweep__no_drift_exits_0(fail_on: str, lake: SmallLake, folder: Path) -> None:
    assert main(["sweep", lake.old, lake.like, "--fail-on", fail_on]) == 0


def test_sweep__warning_fails_only_if_asked(lake: SmallLake, folder: Path) -> None:
    lax = "{ warning = 0.1, critical = 99 }"
    (folder / "lakedrift.toml").write_text(f"[thresholds]\nks = {lax}\npsi = {lax}")
    words = ["sweep", lake.old, lake.new, "--feature", "price"]
    assert main(words) == 0
    assert main([*words, "--fail-on", "warning"]) == 1


def test_sweep__nothing_judged_exits_3_and_says_why(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", lake.times, lake.times, "--fail-on", "never"]) == 3
    out, err = capfd.readouterr()
    assert "nothing was judged" in out
    assert err.splitlines()[-1] == "error: nothing was judged: timestamp (1)"


def test_sweep__selection(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--feature", "steady_*", "--feature", "price", "--exclude", "*_2"]
    code, verdicts = swept(capfd, lake.old, lake.new, *words)
    assert (code, set(verdicts)) == (1, {"steady_0", "steady_1", "price"})


def test_sweep__unknown_column_gets_the_nearest(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", lake.old, lake.new, "--feature", "prize"]) == 2
    err = capfd.readouterr().err
    assert "'prize'" in err
    assert "did you mean 'price'?" in err


def test_sweep__options_reach_the_sweep(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--metric", "ks", "--where", "country = 'AT'", "--threads", "1", "--min-rows", "10"]
    assert main(["sweep", lake.old, lake.like, *words, "--format", "json"]) == 0
    result = json.loads(capfd.readouterr().out)
    metrics = {row["metric"] for row in result["metrics"]}
    assert "ks" in metrics
    assert not metrics & {"psi", "total_variation", "wasserstein"}
    assert 0 < result["metrics"][0]["n_reference"] < 2_000


def test_sweep__min_rows(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = [lake.old, lake.few, "--feature", "price", "--metric", "ks"]
    assert swept(capfd, *words, "--min-rows", "20") == (0, {"price": "ok"})


def test_sweep__grouping_reaches_the_sweep(lake: SmallLake, folder: Path) -> None:
    (folder / "lakedrift.toml").write_text("by = ['coupon', ['country', 'coupon']]\nmax_segments = 1")
    assert main(["sweep", lake.old, lake.like]) == 5
    words = ["--by", "country", "--by", "country,coupon", "--time", "created_at", "--every", "1d", "--max-segments", "6"]
    assert main(["sweep", lake.old, lake.like, *words]) == 0
    assert main(["sweep", lake.old, lake.like, *words[:-1], "2"]) == 5
    assert main(["sweep", lake.old, lake.like, *words[:-1], "2", "--fold"]) == 0
    assert main(["sweep", lake.old, lake.like, "--by", "county", "--dry-run"]) == 2
    assert main(["sweep", lake.old, lake.like, "--time", "created_at", "--max-segments", "6"]) == 2


def test_sweep__a_configured_fold_can_be_undone(lake: SmallLake, folder: Path) -> None:
    (folder / "lakedrift.toml").write_text("by = ['country']\nmax_segments = 1\nfold = true")
    assert main(["sweep", lake.old, lake.like]) == 0
    assert main(["sweep", lake.old, lake.like, "--no-fold"]) == 5


def test_sweep__categorical_and_configured_kinds(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "lakedrift.toml").write_text("[features.steady_1]\nkind = 'categorical'")
    words = ["sweep", lake.old, lake.like, "--feature", "steady_*", "--categorical", "steady_0", "--format", "json"]
    main(words)
    kinds = {row["feature"]: row["kind"] for row in json.loads(capfd.readouterr().out)["verdicts"]}
    assert kinds == {"steady_0": "categorical", "steady_1": "categorical", "steady_2": "numeric"}


def test_sweep__configured_limits(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lax = "{ warning = 50, critical = 100 }"
    (folder / "limits.toml").write_text(f"[features.'pri*'.thresholds]\nks = {lax}\npsi = {lax}")
    words = [lake.old, lake.new, "--feature", "price", "--config", "limits.toml"]
    assert swept(capfd, *words) == (0, {"price": "ok"})


def test_sweep__configured_table(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "lakedrift.toml").write_text(f"[tables.orders]\nreference = '{lake.old}'\ncurrent = '{lake.new}'")
    assert main(["sweep", "--table", "orders"]) == 1
    assert main(["sweep", lake.old, lake.old, "--table", "orders"]) == 0  # the command line wins


def test_sweep__file_is_written_and_stdout_is_not(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for form in ("table", "json", "csv", "parquet", "markdown", "junit"):
        assert main(["sweep", lake.old, lake.new, "--format", form, "-o", f"result.{form}"]) == 1
        assert capfd.readouterr().out == ""
    assert pl.read_parquet("result.parquet").shape == pl.read_csv("result.csv").shape
    assert sorted(path.suffix for path in folder.iterdir()) == [".csv", ".json", ".junit", ".markdown", ".parquet", ".table"]


def test_sweep__parquet_goes_to_a_pipe(lake: SmallLake, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    main(["sweep", lake.old, lake.new, "--format", "parquet"])
    assert HOSTILE in pl.read_parquet(capfdbinary.readouterr().out)["feature"]


def test_sweep__unreadable_side_leaves_the_old_result(lake: SmallLake, folder: Path) -> None:
    (folder / "result.csv").write_text("old")
    assert main(["sweep", lake.old, "nowhere", "--format", "csv", "-o", "result.csv"]) == 3
    assert (folder / "result.csv").read_text() == "old"


def test_sweep__empty_current_side_is_drift(lake: SmallLake, folder: Path) -> None:
    (folder / "none").mkdir()
    pl.read_parquet(lake.old).clear().write_parquet(folder / "none" / "part.parquet")
    assert main(["sweep", lake.old, "none"]) == 1


def test_sweep__truncated_file_is_named(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(lake.new, folder / "cut")
    whole = (folder / "cut" / "part.parquet").read_bytes()
    (folder / "cut" / "part.parquet").write_bytes(whole[: len(whole) // 2])
    assert main(["sweep", lake.old, "cut"]) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert "part.parquet" in err


def test_dry_run__page(lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", lake.old, lake.new, "--dry-run"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith("reference  ")
    assert lines[0].endswith("4,000 rows")
    assert lines[1].startswith("current    ")
    assert any(line.startswith("  numeric (") and "price" in line for line in lines)
    assert lines[-1] == "nothing was read but file footers and a sample"
    assert all(line.isprintable() and len(line) <= 100 for line in lines)


def test_dry_run__json(lake: SmallLake, folder: Path) -> None:
    assert main(["sweep", lake.old, lake.new, "--dry-run", "--format", "json", "-o", "plan.json"]) == 0
    plan = json.loads((folder / "plan.json").read_text())
    assert plan["schema_version"] == 1
    assert (plan["reference"]["files"], plan["reference"]["rows"]) == (1, 4_000)
    assert plan["reference"]["bytes"] > 0
    kinds = {feature["name"]: feature["kind"] for feature in plan["features"]}
    assert (kinds["price"], kinds["country"], kinds["created_at"]) == ("numeric", "categorical", "temporal")
    assert plan["seconds"] >= 0


def test_dry_run__wrong_call_is_refused_like_a_sweep(lake: SmallLake, folder: Path) -> None:
    assert main(["sweep", lake.old, "nowhere", "--dry-run"]) == 3
    assert main(["sweep", lake.old, lake.new, "--dry-run", "--feature", "prize"]) == 2


@pytest.mark.parametrize("engine", ["polars", "duckdb", "arrow"])
def test_sweep__engine(engine: str, lake: SmallLake, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    expected = swept(capfd, lake.old, lake.new)
    assert swept(capfd, lake.old, lake.new, "--engine", engine, "--memory", "1GB") == expected


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--engine", "duck"], 2, ["unknown engine 'duck'", "did you mean 'duckdb'?"]),
        (["--memory", "much"], 2, ["memory: 'much' is no size", "write 2GB or 512MiB"]),
        (["--memory", "1kB"], 2, ["memory: '1kB' is less than"]),
        (["--memory", "270MB", "--threads", "64"], 5, ["64 threads", "the budget is 270 MB", "--threads"]),
    ],
)
def test_sweep__means(words: list[str], code: int, said: list[str], lake: SmallLake, folder: Path, capfd) -> None:
    assert main(["sweep", lake.old, lake.like, *words]) == code
    out, err = capfd.readouterr()
    assert not out
    assert all(text in err for text in said)
