"""One side of a comparison, as people are told of it."""

from __future__ import annotations

from dataclasses import dataclass

from lakedrift.profiles import Profile

__all__ = ["Side"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, for people: its name, rows, fragments, bytes as stored, and rows without a time."""

    name: str
    rows: int
    fragments: int
    bytes: int
    untimed: int = 0

    @classmethod
    def of(cls, profile: Profile) -> Side:
        """Describe a profile."""
        stored = sum(found.bytes for found in profile.fragments)
        return cls(profile.name, profile.rows, len(profile.fragments), stored, profile.untimed)
