"""What a scanner is: it reads the columns of a scan as record batches, and nothing else.

What must mean the same for every scanner is not its business: the filter, partition values, counting and saying which file is
at fault are `reading`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from lakedrift.columns import natural_kind, type_name
from lakedrift.source import Scan

__all__ = ["WAITING", "Scanner", "check_types"]

WAITING = 2  # columns that may wait to be counted, a thread


class Scanner(Protocol):
    """One way to read."""

    def reads(self, scan: Scan) -> bool:
        """Whether it delivers every value of this scan as it stands in the files; another scanner reads what it does not."""

    def batches(self, scan: Scan) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the scan's columns in batches of any size and any order.

        Any exception means that something cannot be read.
        """


def check_types(scan: Scan, schema: pa.Schema) -> None:
    """Assert that columns are of the kinds that the footers declared: a file may have been replaced since.

    Raises
    ------
    TypeError
        If one is not.
    KeyError
        If there is none of that name.
    """
    for name in scan.columns:
        declared, found = scan.fragments[0].schema.field(name).type, schema.field(name).type
        renamed = type_name(found) != type_name(declared)
        if renamed and (natural_kind(found) != natural_kind(declared) or _is_plain(found)):
            msg = f"column {name!r} was declared as {declared} and is {found}"
            raise TypeError(msg)


def _is_plain(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_integer(dtype) or pa.types.is_floating(dtype))
