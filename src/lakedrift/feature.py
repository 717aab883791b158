"""A column to watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["KINDS", "ROLES", "Feature", "Kind", "Role"]

Kind = Literal["numeric", "categorical", "boolean", "temporal", "identifier", "unsupported"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Role = Literal["feature", "prediction", "score", "label", "value", "latency", "version", "id", "attribution"]
ROLES: tuple[Role, ...] = get_args(Role)


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
    role
        What it is to the model. A `score` is a probability, or a number that a model says; a `prediction` is the class, or the
        number, that it decides on; a `label` is what came true, null while that is not known; a `value` is what a row is worth;
        an `attribution` says how much a feature mattered for a row.
    """

    name: str
    kind: Kind
    dtype: str
    role: Role = "feature"
