"""What a report is: a comparison written down for somebody or something to read.

A report is one file of `reports/` with a constant `REPORT`; the file name is its name on the command line. It sees a
`Comparison` and a `Canvas` and nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from lakedrift.errors import UnknownNameError

if TYPE_CHECKING:
    from lakedrift.comparison import Comparison

__all__ = ["Canvas", "Report", "names", "report"]

PACKAGE = "lakedrift.reports"


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a report is drawn on; formats for machines do not look at it.

    Attributes
    ----------
    width
        Terminal cells in a line.
    colour
        Whether terminal colours may be used.
    """

    width: int = 100
    colour: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A way to write a comparison down.

    Attributes
    ----------
    render
        The comparison as pieces of bytes, one after the other: UTF-8 text ending in a line break, unless `binary`. No piece
        splits a character. Formats for machines write some rows at a time, since of segments and windows there are millions.
    binary
        Whether the bytes are no text, and so nothing for a terminal.
    """

    render: Callable[[Comparison, Canvas], Iterable[bytes]]
    binary: bool = False


def names() -> list[str]:
    """Return the name of every report, importing none of them."""
    found = find_spec(PACKAGE)
    places = found.submodule_search_locations if found else None
    return sorted(module.name for module in pkgutil.iter_modules(places))


def report(name: str) -> Report:
    """Return the report called `name`.

    Raises
    ------
    UnknownNameError
        If there is no such report.
    """
    if name not in names():
        raise UnknownNameError.among(what="format", name=name, known=names())
    found = importlib.import_module(f"{PACKAGE}.{name}").REPORT
    if not isinstance(found, Report):
        msg = f"{PACKAGE}.{name}.REPORT is not a Report"
        raise TypeError(msg)
    return found
