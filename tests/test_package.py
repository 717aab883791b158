"""What is shipped: two import packages, their public names, and no dependency too many or too few."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import lakedrift as ld

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = [ROOT / "src" / "lakedrift", ROOT / "kernels" / "lakedrift_kernels"]
COMES_WITH_ANOTHER = {"llvmlite"}  # with numba
OPTIONAL = {"boto3", "botocore", "duckdb", "pandas"}  # for those who ask for that store or engine, or call to_pandas


def test_version__is_told_alike_everywhere() -> None:
    told = subprocess.run([sys.executable, "-m", "lakedrift", "--version"], check=True, capture_output=True, text=True).stdout
    assert ld.__version__ == PROJECT["version"] == importlib.metadata.version("lakedrift") == told.strip()


def test_public_names__are_sorted_there_and_documented() -> None:
    assert ld.__all__ == sorted(ld.__all__)
    for name in ld.__all__:
        assert getattr(ld, name).__doc__, name


def test_public_names__an_unknown_one_is_an_attribute_error() -> None:
    assert not hasattr(ld, "swep")


def test_packages__are_typed_and_alone_in_their_folders() -> None:
    for package in PACKAGES:
        assert (package / "py.typed").is_file()
        # an editable install puts the folder on the path: whatever else lay in it could be imported too
        assert [found.name for found in package.parent.iterdir() if found.name != "__pycache__"] == [package.name]


def test_dependencies__are_those_imported() -> None:
    declared = {re.split(r"[<>=!~ \[]", requirement)[0] for requirement in PROJECT["dependencies"]}
    assert third_party_imports() - COMES_WITH_ANOTHER - OPTIONAL == declared


def third_party_imports() -> set[str]:
    found: set[str] = set()
    for file in (file for package in PACKAGES for file in package.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {package.name for package in PACKAGES}
