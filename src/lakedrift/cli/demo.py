"""`lakedrift demo`: a sweep over real flights."""

from __future__ import annotations

import shlex
import sys

from lakedrift import report as reports
from lakedrift.cli import output as outputs
from lakedrift.cli.sweep import exit_code, watched
from lakedrift.text import encode

__all__ = ["demo"]


def demo() -> int:
    """Compare the flights that left New York in January 2013 with those of July.

    The flights and the weather at their origin are written as a lake, one folder a month, and swept.
    """
    from lakedrift.demo import build_lake
    from lakedrift.progress import progress

    with progress(sys.stderr) as observer:
        lake = build_lake(None, observer)
    sides = (str(lake.reference), str(lake.current))
    outputs.write([encode(f"$ {shlex.join(['lakedrift', 'sweep', *sides])}\n\n")], None)
    comparison = watched(sides, {})
    page = reports.report("table").render(comparison, outputs.canvas(None))
    ending = f"\nAs a gate this would have failed with exit code {exit_code(comparison, 'critical')}; a demo exits 0.\n"
    outputs.write([*page, encode(ending)], None)
    return 0
