"""Reports are found by walking their folder, and every one of them draws every comparison."""

from __future__ import annotations

import pytest

from lakedrift.errors import UnknownNameError
from lakedrift.report import Report, names, report


def test_names__are_files() -> None:
    assert names() == ["csv", "json", "junit", "markdown", "parquet", "table"]


@pytest.mark.parametrize("name", names())
def test_report__is_found_by_its_name(name: str) -> None:
    found = report(name)
    assert isinstance(found, Report)
    assert found.binary is (name == "parquet")


def test_report__unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        report("jsno")
    assert caught.value.hint == "did you mean 'json'?"
