"""Which role columns have to a model, from what the caller says."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence

from lakedrift.errors import ConfigError, UnknownNameError
from lakedrift.feature import ROLES, Role

__all__ = ["Roles", "assigned", "parsed"]

Roles = Mapping[str, str | Sequence[str]]
ASSIGNED = tuple(role for role in ROLES if role != "feature")
SEVERAL = "attribution"  # the one role that several columns may have, by pattern


def assigned(roles: Roles | None, known: Sequence[str]) -> dict[str, Role]:
    """Return the role of each column that is given one, among those known.

    Raises
    ------
    UnknownNameError
        If there is no such role, or no such column.
    ConfigError
        If a column has two roles, two columns have one, or a label has nothing to be compared with.
    """
    found: dict[str, Role] = {}
    for role, columns in (roles or {}).items():
        if role == "time":
            msg = "roles: the column of time is no role"
            raise ConfigError(msg, hint="name it by time= and every=, or --time and --every")
        if role not in ASSIGNED:
            raise UnknownNameError.among(what="role", name=role, known=ASSIGNED)
        names = _names(role, columns, known)
        if role != SEVERAL and len(names) != 1:
            msg = f"roles: {role} is one column, not {', '.join(map(repr, names)) or 'none'}"
            raise ConfigError(msg)
        for name in names:
            if name in found:
                msg = f"roles: column {name!r} is both {found[name]} and {role}"
                raise ConfigError(msg, hint="copy the column if it is")
            found[name] = role
    if "label" in found.values() and not {"score", "prediction"} & set(found.values()):
        msg = "roles: there is a label, and nothing that a model said of it"
        raise ConfigError(msg, hint="name the column of its score or prediction too")
    return found


def parsed(texts: Sequence[str]) -> dict[str, list[str]]:
    """Return roles written as `score=COLUMN`, as a command line has them.

    Raises
    ------
    ConfigError
        If one is written otherwise.
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        role, equals, column = text.partition("=")
        if not (role and equals and column):
            msg = f"roles: {text!r} gives no column a role"
            raise ConfigError(msg, hint="write score=COLUMN, label=COLUMN, or attribution='shap_*'")
        found.setdefault(role, []).append(column)
    return found


def _names(role: str, columns: str | Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the columns meant; only attributions may be patterns."""
    names: list[str] = []
    for column in [columns] if isinstance(columns, str) else columns:
        matching = [name for name in known if role == SEVERAL and fnmatch.fnmatchcase(name, column)]
        if column not in known and not matching:
            raise UnknownNameError.among(what=f"column for the role {role!r}:", name=column, known=set(known))
        names += [column] if column in known else matching
    return list(dict.fromkeys(names))
