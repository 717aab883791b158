"""The house: imports point down only, readers stay in their rooms, and the front door is light."""

import ast
import subprocess
import sys
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "lakedrift"
READERS = {"sources", "scanners"}
OWN_FILES = {"container.py", "demo.py", "footers.py", "reports/parquet.py"}  # of their own making
READING_MODULES = {"duckdb", "pyarrow.csv", "pyarrow.dataset", "pyarrow.parquet"}


def test_layers__every_contract_is_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_layers__only_sources_and_scanners_read() -> None:
    reading = {file.relative_to(SOURCES) for file in SOURCES.rglob("*.py") if readings(file)}
    assert {file.as_posix() for file in reading if file.parts[0] not in READERS} == OWN_FILES
    assert {file.parts[0] for file in reading} >= READERS


def test_import__of_the_package_loads_no_engine() -> None:
    heavy = {"duckdb", "numba", "numpy", "pandas", "polars", "pyarrow", "scipy"}
    program = f"import sys, lakedrift; print(*sorted({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert loaded.strip() == ""


def test_sweep__of_files_loads_no_pandas(tmp_path: Path) -> None:
    """What Arrow does not know for its own, `pa.array` asks pandas about, which takes a fifth of a second to load."""
    for side, month in (("reference", 1), ("current", 2)):
        folder = tmp_path / side / f"month={month}"
        folder.mkdir(parents=True)
        frame = pl.DataFrame({"price": range(2_000), "word": ["a", "b"] * 1_000, "or_null": [None, 1.5] * 1_000})
        frame.write_parquet(folder / "part.parquet")
    words = ["sweep", str(tmp_path / "reference"), str(tmp_path / "current")]
    program = f"import sys; from lakedrift.cli import main; main({words!r}); assert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def readings(file: Path) -> set[str]:
    """Return what in a module reads files: modules for it that it imports, and functions such as `scan_parquet`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & READING_MODULES
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)} & READING_MODULES
        elif isinstance(node, ast.Attribute) and node.attr.startswith(("read_", "scan_")):
            found |= {node.attr} - {"read_bytes", "read_text"}
    return found
