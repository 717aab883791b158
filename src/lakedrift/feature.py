"""A column to watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["KINDS", "Feature", "Kind"]

Kind = Literal["numeric", "categorical", "boolean", "temporal", "identifier", "unsupported"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Feature:
    """A column to watch: its name, how it is read, and its type as stored.

    Attributes
    ----------
    name
        The column, as the source spells it.
    kind
        How its values are summarised and judged. Timestamps and identifiers are shown, not judged.
    dtype
        The Arrow type as text (`int64`, `double`, `string`, …).
    """

    name: str
    kind: Kind
    dtype: str
