"""A budget is understood, shared out, and holds: what does not fit is an error before the work begins."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shell import Shell

import lakedrift as ld
from lakedrift import memory
from lakedrift.api import plan_sweep
from lakedrift.errors import ConfigError, ResourceError
from lakedrift.memory import budget, default_budget, share_out
from lakedrift.scanners import ENGINES
from lakedrift.summaries.presence import Presence

BUDGET = 400_000_000
SWEEP = """
import json, sys
import lakedrift as ld, lakedrift.api

def held(what):
    return next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith(what))

file, engine, memory, features = sys.argv[1:]
before = held("VmRSS")
comparison = ld.sweep(file, file, engine=engine, memory=int(memory), features=json.loads(features))
profiles = [profile.rows for profile in comparison.profiles]
print(json.dumps({"peak": held("VmHWM") - before, "rows": profiles, "verdict": comparison.verdict}))
"""


@pytest.mark.parametrize(
    ("given", "size"),
    [
        *((1 << 30, 1 << 30), ("1000000000", 10**9), ("2GB", 2 * 10**9), ("2 gb", 2 * 10**9), ("2g", 2 * 10**9)),
        *(("512MiB", 512 << 20), ("512 mib", 512 << 20), ("1.5GiB", 3 << 29), (" 1TiB ", 1 << 40), ("1e9", None), ("", None)),
        *(("2 GBs", None), ("-2GB", None), ("lots", None), ("2,5GB", None), ("1MB", None), (5, None), (-1, None), (0, None)),
        *((np.int64(1 << 30), 1 << 30), (2e9, None), (b"2GB", None)),
    ],
)
def test_budget__sizes(given, size):
    if size is None:
        with pytest.raises(ConfigError, match="memory: "):
            budget(given)
    else:
        assert budget(given) == size


def test_budget__of_the_machine_or_its_container(tmp_path, monkeypatch):
    machine = default_budget()
    assert machine == budget(None) >= 1 << 28
    for limit, half in ((f"{1 << 30}\n", 1 << 29), ("max\n", machine), ("", machine), (str(1 << 62), machine)):
        (tmp_path / "memory.max").write_text(limit)
        monkeypatch.setattr(memory, "CGROUP_LIMITS", {"": (tmp_path, "memory.max"), "memory": (tmp_path, "none")})
        assert default_budget() == min(half, machine)


def test_budget__of_the_groups_that_the_container_is_in(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "cgroup").write_text("4:memory:/elsewhere\n0::/a/b\n")
    monkeypatch.setattr(memory, "OWN_CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "CGROUP_LIMITS", {"": (tmp_path, "memory.max")})
    for folder, limit in (("", 1 << 30), ("a", 100 << 20), ("a/b", 200 << 20)):
        (tmp_path / folder / "memory.max").write_text(str(limit))
    assert default_budget() == 50 << 20


def test_budget__the_least_that_is_said_to_do_does(tmp_path):
    pq.write_table(pa.table({"x": np.random.default_rng(0).normal(size=2_000)}), tmp_path / "a.parquet")
    with pytest.raises(ConfigError) as error:
        budget(1)
    (enough,) = [word for word in error.value.hint.replace(";", "").split() if word.endswith("MiB")]
    assert ld.profile(tmp_path, memory=enough, threads=2).rows == 2_000


def test_share_out__everything_has_its_part():
    shares = share_out(1 << 30, [Presence.new() for _ in range(10)], 2)
    assert 0 < shares.states < 1 << 20
    assert 0 < shares.values < shares.reading < 1 << 30


def test_sweep__more_columns_than_the_budget_has_room_for(tmp_path):
    names = [f"c{place:03}" for place in range(400)]
    pq.write_table(pa.table([np.random.default_rng(0).normal(size=200)] * 400, names=names), tmp_path / "a.parquet")
    with pytest.raises(ResourceError, match=r"400 columns counted by 8 threads take .+ the budget is 300 MB") as error:
        ld.sweep(tmp_path, tmp_path, memory="300MB", threads=8)
    assert error.value.exit_code == 5
    assert all(knob in error.value.hint for knob in ("--memory", "--threads", "--feature", "--exclude"))
    assert ld.sweep(tmp_path, tmp_path, memory="300MB", threads=1, features=names[:5], min_rows=10).verdict == "ok"


def codes(file: Path) -> None:
    """Write 2,000 strings of 8 MB, 16 GB laid out, in 6 kB."""
    long = pa.DictionaryArray.from_arrays(pa.array(np.zeros(2_000, np.int32)), pa.array(["x" * (8 << 20)]))
    options = {"dictionary_pagesize_limit": 64 << 20, "write_statistics": False, "compression": "zstd"}
    pq.write_table(pa.table({"text": long, "row": range(2_000)}), file, **options)


def plain(file: Path) -> None:
    """Write 40 strings of 8 MB one after the other, in 13 kB."""
    long = pa.chunked_array([pa.array(["x" * (8 << 20)])] * 40)
    options = {"use_dictionary": False, "write_statistics": False, "compression": "zstd"}
    pq.write_table(pa.table({"text": long, "row": range(40)}), file, **options)


def alone(file: Path) -> None:
    """Write 80 strings of 8 MB, each a row group of its own."""
    schema = pa.schema({"text": pa.string(), "row": pa.int64()})
    options = {"use_dictionary": False, "write_statistics": False, "compression": "zstd"}
    with pq.ParquetWriter(file, schema, **options) as writer:
        row = pa.record_batch([["x" * (8 << 20)], [1]], schema=schema)
        for _ in range(80):
            writer.write_batch(row)


def runs(file: Path) -> None:
    """Write 10**8 equal integers, 800 MB laid out, in 1 kB."""
    values = pa.chunked_array([pa.array(np.full(10**6, 7))] * 100)
    options = {"row_group_size": 10**9, "data_page_size": 1 << 30, "max_rows_per_page": 10**9, "compression": "zstd"}
    pq.write_table(pa.table({"run": values}), file, **options)


def wide(file: Path) -> None:
    """Write one row group of 4 M rows and 12 columns, 400 MB."""
    values = np.random.default_rng(0).normal(size=1 << 20)
    column = pa.chunked_array([pa.array(values)] * 4)
    table = pa.table({f"c{place}": column for place in range(12)})
    pq.write_table(table, file, row_group_size=1 << 30, use_dictionary=False, compression="lz4")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say what a process holds")
@pytest.mark.parametrize(
    ("bomb", "engine"),
    [(bomb, "polars") for bomb in (codes, plain, alone, runs, wide)] + [(codes, "duckdb"), (wide, "duckdb"), (wide, "arrow")],
)
def test_sweep__stays_within_its_budget(tmp_path, bomb, engine):
    file = tmp_path / "a.parquet"
    bomb(file)
    command = [sys.executable, "-c", SWEEP, str(file), engine, str(BUDGET), "null"]
    ran = subprocess.run(command, env=Shell().environment, capture_output=True, text=True, check=True, timeout=300)
    found = json.loads(ran.stdout)
    assert found["rows"] == [pq.read_metadata(file).num_rows] * 2
    assert found["verdict"] == "none" if bomb in (alone, plain) else "ok"
    assert found["peak"] < BUDGET


@pytest.mark.parametrize("engine", ENGINES)
def test_sweep__page_that_does_not_fit(tmp_path, engine):
    """64 MB of zeros in one page of 2 kB."""
    options = {"use_dictionary": False, "data_page_size": 1 << 30, "max_rows_per_page": 10**9, "compression": "zstd"}
    pq.write_table(pa.table({"page": np.zeros(8 * 10**6)}), tmp_path / "a.parquet", row_group_size=10**9, **options)
    with pytest.raises(ResourceError, match=r"column 'page' of '.*a\.parquet' has a page of 64.0 MB") as error:
        ld.sweep(tmp_path, tmp_path, memory="300MB", engine=engine)
    assert "--memory" in error.value.hint
    small = pa.table({"page": np.zeros(10)})
    with pytest.raises(ResourceError, match="column 'page' of "):
        plan_sweep(small, tmp_path, memory="300MB", engine=engine)
    assert ld.sweep(tmp_path, tmp_path, memory="2GB", engine=engine).verdict == "ok"
