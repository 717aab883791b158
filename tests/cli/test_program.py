"""Whatever happens becomes an exit code and at most a few lines on stderr."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shell import Shell
from small_lake import SmallLake

from lakedrift.cli import main

HEAVY = {"numpy", "polars", "numba", "pyarrow", "scipy", "duckdb", "pandas"}

WRONG = [
    (["swep", "a", "b"], 'unknown command "swep"', 'did you mean "sweep"?'),
    (["sweep", "a", "b", "--featrue", "x"], "unknown option: --featrue", "did you mean --feature?"),
    (["sweep", "a", "b", "--bogus"], "unknown option: --bogus", "see lakedrift sweep --help"),
    (["sweep", "a", "b", "c"], "unexpected argument 'c'", "a side is one word: quote a pattern, 'lake/*.parquet'"),
    (["sweep", "a", "b", "--where"], 'command "sweep" parameter --where requires an argument', "see lakedrift sweep --help"),
    (["sweep", "a", "b", "--threads", "0"], 'invalid value "0" for --threads. Must be >= 1', "see lakedrift sweep --help"),
    (["sweep", "a", "b", "--threads", "two"], 'invalid value for --threads: unable to convert "two" into int', None),
    (["sweep", "a", "b", "--fail-on", "critcal"], 'invalid value "critcal" for --fail-on.', 'did you mean "critical"?'),
    (["sweep", "a", "b", "--format", "tabel"], "unknown format 'tabel'", "did you mean 'table'?"),
    (["sweep", "a", "b", "--metric", "kss"], "unknown metric 'kss'", "did you mean 'ks'?"),
    (["sweep"], "there is no REFERENCE to compare", "lakedrift sweep REFERENCE CURRENT"),
    (["sweep", "a"], "there is no CURRENT to compare", "lakedrift sweep REFERENCE CURRENT"),
    (["sweep", "--table", "orders"], "there is no lakedrift.toml that could have a table 'orders'", None),
    (["sweep", "a", "b", "--config", "no.toml"], "cannot read the configuration no.toml: No such file or directory", None),
    (["sweep", "a", "b", "-o", "no/where.csv"], "cannot write to no/where.csv: its folder does not exist", None),
    (["sweep", "a", "b", "-o", "."], "cannot write to .: it is a folder", None),
    (["sweep", "a", "b", "--dry-run", "--format", "csv"], "--dry-run has no format 'csv'", "--format table or --format json"),
]


@pytest.mark.parametrize(("words", "message", "hint"), WRONG, ids=[" ".join(words) for words, _, _ in WRONG])
def test_main__wrong_call_is_one_line_and_a_hint(
    words: list[str], message: str, hint: str | None, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capfd.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith(f"error: {message}")
    assert len(lines) <= 2
    assert hint is None or lines[1].startswith(f"hint: {hint}")


def test_main__what_cannot_be_read(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    (folder / "not.parquet").write_text("name,price\n")
    for reference in ("nowhere", "empty", "not.parquet"):
        assert main(["sweep", reference, reference]) == 3
        out, err = capfd.readouterr()
        assert out == ""
        assert re.match(rf"error: .*{reference}.*\n(hint: .*\n)?$", err)


def test_main__untrusted_name_in_an_error_is_escaped(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "a\x1b[31m\u202e", "b"]) == 3
    err = capfd.readouterr().err
    assert "\x1b" not in err
    assert "\u202e" not in err


def test_main__help_imports_nothing_heavy_and_is_quick(shell: Shell) -> None:
    for words in (["--help"], ["sweep", "--help"], ["--version"], []):
        program = f"""
import sys, time
start = time.perf_counter()
from lakedrift.cli import main
code = main({words!r})
heavy = sorted({HEAVY!r} & set(sys.modules))
print(code, heavy, time.perf_counter() - start, file=sys.stderr)
"""
        command = [sys.executable, "-c", program]
        ran = subprocess.run(command, env=shell.environment, capture_output=True, text=True, check=True)
        found = re.fullmatch(r"(\d+) (\[.*\]) ([\d.e-]+)\n", ran.stderr)
        assert found is not None, ran.stderr
        assert found.groups()[:2] == ("0", "[]")
        assert float(found[3]) < 2.0  # 0.2 s on an idle machine
        assert ran.stdout


def test_main__help_names_every_format(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["sweep", "--help"]) == 0
    assert "csv, json, junit, markdown, parquet, table" in capfd.readouterr().out


@pytest.mark.parametrize("base", ["Exception", "BaseException"])
def test_main__error_nobody_foresaw_is_70_with_its_traceback(base: str, shell: Shell, folder: Path) -> None:
    (folder / "polars.py").write_text(f"class Panic({base}): pass\nraise Panic('broken for the test')\n")
    ran = shell("sweep", "a", "b", PYTHONPATH=str(folder) + os.pathsep + shell.environment["PYTHONPATH"])
    assert (ran.returncode, ran.stdout) == (70, "")
    assert "Traceback" in ran.stderr
    assert "Panic: broken for the test" in ran.stderr
    assert "this is a bug in lakedrift" in ran.stderr
    assert "please report it" in ran.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_main__interrupted_is_130(folder: Path, shell: Shell) -> None:
    pipe = folder / "pipe.toml"
    os.mkfifo(pipe)
    process = shell.start("sweep", "a", "b", "--config", str(pipe))
    with pipe.open("w"):  # the pipe opens once the process waits for its configuration
        process.send_signal(signal.SIGINT)
    with process:  # a signal that came just before the read began is seen once the read ends, as it does now
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "interrupted\n")


def test_main__interrupted_while_it_reads(folder: Path, shell: Shell) -> None:
    """Each would take a minute at least: two thousand million rows a side."""
    values = pa.chunked_array([pa.array([7] * 1_000_000)] * 50)
    pq.write_table(pa.table({"x": values, "y": values}), folder / "0.parquet", row_group_size=10**9)
    for number in range(1, 40):
        shutil.copy(folder / "0.parquet", folder / f"{number}.parquet")
    processes = [shell.start("sweep", str(folder), str(folder), "--engine", engine) for engine in ("polars", "duckdb", "arrow")]
    for process in processes:
        with process:
            assert process.stderr is not None
            assert any(line.startswith("reference: ") for line in process.stderr)  # it has been reading for a while
            process.send_signal(signal.SIGINT)
            try:
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()  # one that hangs fails the test, and does not hang it
            assert (process.returncode, out) == (130, "")
            assert err.splitlines()[-1] == "interrupted"
            assert "Traceback" not in err


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_main__closed_stdout_is_quiet_and_keeps_the_verdict(form: str, lake: SmallLake, shell: Shell) -> None:
    with shell.start("sweep", lake.old, lake.new, "--format", form) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(timeout=120) == 1
    assert not re.search(r"error|Traceback|Broken", said)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
def test_main__full_disk_is_said(lake: SmallLake, shell: Shell) -> None:
    command = [sys.executable, "-m", "lakedrift", "sweep", lake.old, lake.like]
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(command, env=shell.environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1] == "error: cannot write to stdout: No space left on device"


@pytest.mark.skipif(not Path("/bin/sh").exists(), reason="there is no shell to close a stream with")
@pytest.mark.parametrize(("closed", "out"), [("2>&-", True), (">&-", False), (">&- 2>&-", False)])
def test_main__streams_may_be_closed_from_the_start(closed: str, out: bool, lake: SmallLake, shell: Shell) -> None:
    for side, code in ((lake.new, 1), ("nowhere", 3)):
        command = f"{shlex.quote(sys.executable)} -m lakedrift sweep {shlex.quote(lake.old)} {shlex.quote(side)} {closed}"
        ran = subprocess.run(["/bin/sh", "-c", command], env=shell.environment, capture_output=True, text=True, check=False)
        assert ran.returncode == code
        assert bool(ran.stdout) is (out and code == 1)
