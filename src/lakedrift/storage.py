"""What a storage is: names, and bytes under them that are there whole or not at all.

A reader sees what was there before a write or what is there after it, never a part or a mixture, whoever writes at the same
time and whoever is killed meanwhile. Nothing is locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Storage"]


class Storage(Protocol):
    """A place for profiles; names have parts divided by `/`. Every method raises StoreError where it cannot do its work."""

    def get(self, name: str) -> bytes | None:
        """Return what is there, None where nothing is."""

    def put(self, name: str, data: bytes) -> None:
        """Put bytes there, in place of what was there before.

        Raises
        ------
        StoreWriteError
            If they cannot be written; what was there before is as it was.
        """

    def put_new(self, name: str, data: bytes) -> bool:
        """Put bytes there unless something is there already; return whether they were put; raises as `put` does."""

    def names(self, folder: str) -> Sequence[str]:
        """Return the names in `folder/`, without it, sorted; none where there is no such folder."""

    def folders(self, folder: str) -> Sequence[str]:
        """Return the names of the folders in `folder/`, sorted; there may be nothing in them."""

    def remove(self, name: str) -> None:
        """Remove what is there, if anything is."""

    def remove_folder(self, folder: str) -> None:
        """Remove what is in `folder/`, and in the folders in it, one after the other, and what is left of these."""

    def sweep(self, name: str = "") -> None:
        """Remove what killed writers left unfinished of a name, or of any that can be told."""
