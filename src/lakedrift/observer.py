"""Who is told how a run gets on."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Observer", "Silent"]


class Observer(Protocol):
    """Something that watches a run. Every method may be called from any thread and must return at once."""

    def stage(self, name: str, rows: int | None) -> None:
        """Begin a part of the run that will pass over `rows` rows, None where that is not known."""

    def advance(self, rows: int) -> None:
        """Note that `rows` more rows of this stage are done."""

    def note(self, text: str) -> None:
        """Say something worth a line, such as why nothing moves for a while."""

    def done(self) -> None:
        """End the last stage. Calling it again changes nothing."""


class Silent:
    """The observer that says nothing."""

    def stage(self, name: str, rows: int | None) -> None:
        """Say nothing."""

    def advance(self, rows: int) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def done(self) -> None:
        """Say nothing."""
