"""What a scanner is: it reads a scan as record batches, and says how many rows a filter kept back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from lakedrift.source import Scan

__all__ = ["Scanner"]


class Scanner(Protocol):
    """One way to read files."""

    def batches(self, scan: Scan, where: str | None) -> Iterator[tuple[pa.RecordBatch, int]]:
        """Yield batches of the scan's columns in any order, and with each how many rows the filter kept back.

        Raises
        ------
        UnreadableFileError
            Naming the file that cannot be read.
        UsageError
            If the filter cannot be run.
        """

    def slices(self, samples: Sequence[tuple[Scan, int, int]], where: str | None) -> list[pa.Table]:
        """Return the sampled slices, filtered."""

    def needed(self, where: str) -> list[str]:
        """Return the columns that a filter looks at."""
