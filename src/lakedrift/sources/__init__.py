"""What can be swept: one kind of input a file. `open_source` is the way in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from lakedrift.source import Fragment, Source
from lakedrift.sources import frame, parquet, query

__all__ = ["is_files", "open_source"]


def open_source(what: Any, known: Mapping[str, Fragment] | None = None) -> Source:
    """Open a path, directory, glob or list of Parquet files, a query in a file `NAME.sql`, or a frame in memory.

    Of files some may be known, by path.

    Raises
    ------
    SourceError
        If there is nothing to read, a file cannot be read, or the input is of no known kind.
    """
    if _is_query(what):
        return frame.open_frame(query.run_query(what), os.fspath(what))
    return parquet.open_files(what, known) if is_files(what) else frame.open_frame(what)


def is_files(what: Any) -> bool:
    """Whether something is the path of files, or a list of such paths."""
    places = what if isinstance(what, list | tuple) else [what]
    return bool(places) and not _is_query(what) and all(isinstance(place, str | os.PathLike) for place in places)


def _is_query(what: Any) -> bool:
    return isinstance(what, str | os.PathLike) and os.fspath(what).endswith(query.SUFFIX)
