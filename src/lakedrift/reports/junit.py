"""JUnit XML, which every CI server shows: one test case per feature.

Critical drift fails the case; a warning passes and says so in the output of the case; a feature that was not judged is skipped.
What the gate does not look at, such as segments that are gone, is in the output of the suite.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from lakedrift.comparison import Comparison
from lakedrift.digest import Digest, Line
from lakedrift.report import Canvas, Report
from lakedrift.text import visible

__all__ = ["REPORT"]


def render(comparison: Comparison, _canvas: Canvas) -> list[bytes]:
    """Write one test suite with a test case for each feature."""
    digest = Digest.of(comparison)
    skipped = {feature: reason for reason, features in digest.unjudged.items() for feature in features}
    counts = {
        "tests": str(len(digest.drifted) + len(digest.passed) + len(skipped)),
        "failures": str(sum(line.verdict == "critical" for line in digest.drifted)),
        "errors": "0",
        "skipped": str(len(skipped)),
        "time": f"{comparison.seconds or 0.0:.3f}",
    }
    suites = ET.Element("testsuites", {"name": "lakedrift", **counts})
    name = f"{digest.title} ({visible(digest.setting)})" if digest.setting else digest.title
    suite = ET.SubElement(suites, "testsuite", {"name": name, **counts})
    for line in [*digest.drifted, *digest.passed]:
        _judged(_case(suite, line.feature), line)
    for feature, reason in skipped.items():
        ET.SubElement(_case(suite, feature), "skipped", {"message": f"not judged: {reason}"})
    asides = "\n".join(f"{what}: {', '.join(names)}" for what, names in digest.asides.items())
    if asides:
        ET.SubElement(suite, "system-out").text = asides
    ET.indent(suites)
    written: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return [written, b"\n"]


def _case(suite: ET.Element, feature: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", {"classname": "lakedrift", "name": visible(feature), "time": "0"})


def _judged(case: ET.Element, line: Line) -> None:
    if line.verdict == "critical":
        failure = ET.SubElement(case, "failure", {"type": line.verdict, "message": visible(line.headline)})
        failure.text = _told(line)
    elif line.verdict == "warning":
        ET.SubElement(case, "system-out").text = _told(line)


def _told(line: Line) -> str:
    words = f"{line.verdict}: {visible(line.headline)}"
    return f"{words} ({line.decision})" if line.decision else words


REPORT = Report(render)
