"""What can go wrong, as a tree; the number is the exit code of the command line.

::

    LakedriftError
    ├── UsageError                2   the call or the configuration is wrong
    │   ├── UnknownNameError          a feature, metric, format … that does not exist
    │   └── ConfigError               names the key path
    ├── SourceError               3   the input cannot be read, or not all of it
    │   ├── SourceNotFoundError       no such path, or nothing in it to read
    │   ├── UnreadableFileError       names the file
    │   ├── SourceChangedError        while it was read
    │   └── SchemaError               the two sides have nothing in common
    ├── StoreError                4   a profile, or the store of profiles
    │   ├── CorruptProfileError       not what was written, or no profile at all
    │   ├── ProfileVersionError       written by a later lakedrift
    │   ├── StoreConflictError        another process, or an earlier run, says otherwise
    │   └── StoreWriteError           disk full, permission denied; what was there before is intact
    ├── ResourceError             5   the budget is too small; says for what, and which knob to turn
    ├── IncompatibleProfilesError 2   two states that do not add
    └── InvariantError           70   a law is broken: a bug of ours, and no result
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar

__all__ = [
    "ConfigError",
    "CorruptProfileError",
    "IncompatibleProfilesError",
    "InvariantError",
    "LakedriftError",
    "ProfileVersionError",
    "ResourceError",
    "SchemaError",
    "SourceChangedError",
    "SourceError",
    "SourceNotFoundError",
    "StoreConflictError",
    "StoreError",
    "StoreWriteError",
    "UnknownNameError",
    "UnreadableFileError",
    "UsageError",
]


class LakedriftError(Exception):
    """Root of every error raised on purpose.

    Parameters
    ----------
    message
        What is wrong, in one line, naming the file and column concerned.
    hint
        What to do next, in one line.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class UsageError(LakedriftError):
    """The call is wrong."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that does not exist; the nearest one that does is the hint."""

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str]) -> UnknownNameError:
        """Build the error for `name`, which is none of `known`."""
        names = sorted(known)
        return cls(f"unknown {what} {name!r}", hint=nearest(name, names))


class ConfigError(UsageError):
    """The configuration is wrong; the message names the key path."""


class SourceError(LakedriftError):
    """The input cannot be read, or not all of it."""

    exit_code = 3


class SourceNotFoundError(SourceError):
    """There is no such path, or nothing in it to read."""


class UnreadableFileError(SourceError):
    """A file that cannot be read; the message names it."""


class SourceChangedError(SourceError):
    """The source changed while it was read."""


class SchemaError(SourceError):
    """The two sides have nothing in common, or a column cannot be understood."""


class StoreError(LakedriftError):
    """A profile on disk, or the store of profiles, is at fault."""

    exit_code = 4


class CorruptProfileError(StoreError):
    """What was read is not what was written, is no profile, or says what cannot be."""


class ProfileVersionError(StoreError):
    """The profile was written by a later version."""


class StoreConflictError(StoreError):
    """What is stored, by another process or an earlier run, does not go with what was asked for."""


class StoreWriteError(StoreError):
    """Something could not be written; what was there before is intact."""


class ResourceError(LakedriftError):
    """The memory budget is too small for what was asked; the message says for what, the hint which knob to turn."""

    exit_code = 5


class IncompatibleProfilesError(LakedriftError):
    """Two states of different grids or kinds, which do not add."""

    exit_code = 2


class InvariantError(LakedriftError):
    """A law is broken. This is a bug, and there is no result."""


def reason(error: BaseException) -> str:
    """Return the first line of what another library says, or the name of the error where it says nothing."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which of `known` is closest to `name`, or list some of them."""
    names = list(known)
    folded = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower(), folded, n=1)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return f"known: {shown}" if names else "there are none"
