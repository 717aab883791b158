"""What can be swept: one kind of input a file. `open_source` is the way in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from lakedrift.source import Fragment, Source
from lakedrift.sources import frame, parquet

__all__ = ["is_files", "open_source"]


def open_source(what: Any, known: Mapping[str, Fragment] | None = None) -> Source:
    """Open a path, directory, glob or list of Parquet files, of which some may be known, by path, or a frame in memory.

    Raises
    ------
    SourceError
        If there is nothing to read, a file cannot be read, or the input is of no known kind.
    """
    return parquet.open_files(what, known) if is_files(what) else frame.open_frame(what)


def is_files(what: Any) -> bool:
    """Whether something is the path of files, or a list of such paths."""
    places = what if isinstance(what, list | tuple) else [what]
    return bool(places) and all(isinstance(place, str | os.PathLike) for place in places)
