"""The gate: whose verdicts make the verdict of a comparison."""

from __future__ import annotations

from typing import Literal, get_args

from lakedrift.errors import ConfigError, nearest

__all__ = ["Gate", "check_gate"]

Gate = Literal["lake", "segments"]


def check_gate(gate: str) -> None:
    """Refuse a gate that there is not: a typing error must not open one.

    Raises
    ------
    ConfigError
        If it is neither `lake` nor `segments`.
    """
    if gate not in get_args(Gate):
        msg = f"gate: {gate!r} is neither 'lake' nor 'segments'"
        raise ConfigError(msg, hint=nearest(str(gate), get_args(Gate)))
