"""What can be swept: one kind of input a file. `open_source` is the way in."""

from __future__ import annotations

import os
from typing import Any

from lakedrift.source import Source
from lakedrift.sources import frame, parquet, query

__all__ = ["open_source"]


def open_source(what: Any) -> Source:
    """Open a path, directory, glob or list of Parquet files, a query in a file `NAME.sql`, or a frame in memory.

    Raises
    ------
    SourceError
        If there is nothing to read, a file cannot be read, or the input is of no known kind.
    """
    if isinstance(what, str | os.PathLike) and os.fspath(what).endswith(query.SUFFIX):
        return frame.open_frame(query.run_query(what), os.fspath(what))
    if isinstance(what, str | os.PathLike):
        return parquet.open_files(what)
    if isinstance(what, list | tuple) and what and all(isinstance(place, str | os.PathLike) for place in what):
        return parquet.open_files(what)
    return frame.open_frame(what)
