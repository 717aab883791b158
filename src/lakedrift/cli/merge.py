"""`lakedrift merge`: add saved profiles up."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

__all__ = ["merge"]


def merge(
    *profiles: Annotated[str, Parameter(metavar="PROFILE")],
    output: Annotated[str, Parameter(name=["--output", "-o"], metavar="FILE")],
    coarsen: Annotated[bool, Parameter(show_default=False)] = False,
    allow_duplicates: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Add saved profiles of disjoint data up, in any order.

    Parameters
    ----------
    profiles
        The profiles.
    output
        Where the sum goes: a file, or an s3:// address.
    coarsen
        Where grids differ, use the cells that they have in common, instead of refusing.
    allow_duplicates
        Count files that are in several profiles several times, instead of refusing.
    """
    from lakedrift import api

    api.merge([api.load(path) for path in profiles], coarsen=coarsen, allow_duplicates=allow_duplicates).save(output)
    return 0
