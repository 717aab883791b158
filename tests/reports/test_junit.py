"""JUnit: valid XML whose counts add up, critical fails, warning says so, not judged is skipped."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from small_lake import HOSTILE

from lakedrift.comparison import Comparison
from lakedrift.report import Canvas, report
from lakedrift.text import visible


def suite(comparison: Comparison) -> ET.Element:
    root = ET.fromstring(b"".join(report("junit").render(comparison, Canvas())))
    assert root.tag == "testsuites"
    (found,) = root
    return found


def test_junit__one_case_for_each_feature(comparison: Comparison) -> None:
    names = [case.get("name") for case in suite(comparison)]
    assert sorted(str(name) for name in names) == sorted(visible(name) for name in comparison.verdicts()["feature"])


def test_junit__counts_add_up(comparison: Comparison) -> None:
    found = suite(comparison)
    assert int(found.get("tests", "")) == len(found.findall("testcase"))
    assert int(found.get("failures", "")) == len(found.findall("testcase/failure"))
    assert int(found.get("skipped", "")) == len(found.findall("testcase/skipped"))


def test_junit__what_becomes_of_a_verdict(drifted: Comparison) -> None:
    cases = {case.get("name"): case for case in suite(drifted)}
    for row in drifted.verdicts().iter_rows(named=True):
        children = [child.tag for child in cases[visible(row["feature"])]]
        expected = {"critical": ["failure"], "warning": ["system-out"], "ok": [], "none": ["skipped"]}
        assert children == expected[row["verdict"]]


def test_junit__failure_says_what_changed(drifted: Comparison) -> None:
    price = next(row for row in drifted.drifted.iter_rows(named=True) if row["feature"] == "price")
    failure = suite(drifted).find("testcase[@name='price']/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("critical", price["headline"])
    assert str(failure.text).startswith(f"critical: {price['headline']} ({price['decided_by']} ")


def test_junit__hostile_name_is_escaped(drifted: Comparison) -> None:
    assert visible(HOSTILE) in {case.get("name") for case in suite(drifted)}
