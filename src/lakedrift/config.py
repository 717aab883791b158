"""The configuration file: limits and kinds by table, feature and pattern.

::

    [thresholds]                          # every table
    psi = { warning = 0.1, critical = 0.25 }
    [features."*_delay".thresholds]       # a feature or a pattern; names win over patterns, later patterns over earlier
    ks = { warning = 0.05, critical = 0.15 }
    [features.zip]
    kind = "categorical"
    [roles]                               # what columns are to a model, which is then judged too
    score = "p_fraud"
    label = "is_fraud"
    [tables.orders]                       # the same for one table, on top of the above, and where its two sides are
    reference = "lake/orders/2026-08"
    current = "lake/orders/2026-09"
    correlations = ["price", "*_delay"]   # compare these pair by pair; true: all numeric columns
    by = ["country", ["country", "device"]]   # segmentations; also time, every, max_segments, fold, against, …
    [tables.orders.thresholds]
    ks = { warning = 0.2, critical = 0.3 }

It is read from `lakedrift.toml` or, failing that, from `[tool.lakedrift]` of `pyproject.toml`, in the working directory. A key
that is not known is an error, since a limit that is silently not applied is worse than none.
"""

from __future__ import annotations

import json
import math
import pkgutil
import re
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from lakedrift.errors import ConfigError, nearest
from lakedrift.feature import KINDS, Kind

__all__ = ["Config", "load", "metric_names"]

FILE = "lakedrift.toml"
PROJECT = "pyproject.toml"
GROUPING = ("by", "time", "every", "max_segments", "fold", "against", "baseline", "gate")

T = TypeVar("T")


class Tiers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two limits of a metric, both finite, not negative and in order."""

    warning: float
    critical: float

    def __post_init__(self) -> None:
        for name in ("warning", "critical"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                msg = f"`{name}` must be a finite number of at least 0, and is {value}"
                raise ValueError(msg)
        if self.warning > self.critical:
            msg = f"`warning` ({self.warning}) is above `critical` ({self.critical})"
            raise ValueError(msg)


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for a feature or a pattern of features."""

    kind: Kind | None = None
    thresholds: dict[str, Tiers] = {}


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for a table, or for all."""

    thresholds: dict[str, Tiers] = {}
    features: dict[str, Watch] = {}
    by: list[str | list[str]] | None = None
    time: str | None = None
    every: str | None = None
    max_segments: int | None = None
    fold: bool | None = None
    against: str | list[str] | None = None
    baseline: str | None = None
    gate: Literal["lake", "segments"] | None = None
    correlations: bool | list[str] | None = None
    roles: dict[str, str | list[str]] = {}


class Table(Rules, frozen=True, forbid_unknown_fields=True):
    """One table: its rules and where its two sides are."""

    reference: str | None = None
    current: str | None = None


class Document(Rules, frozen=True, forbid_unknown_fields=True):
    """A whole file."""

    tables: dict[str, Table] = {}


class Config(msgspec.Struct, frozen=True):
    """The configuration that applies to one run.

    Attributes
    ----------
    thresholds
        What `lakedrift.api.sweep` takes: `{metric: {"warning": …, "critical": …}}`, and under `"features"` the same for each
        feature or pattern.
    kinds
        The kind of each feature or pattern that is given one.
    roles
        Columns by their role to a model.
    grouping
        Those of `by`, `time`, `every`, `max_segments`, `fold`, `against`, `baseline` and `gate` that are given, as
        `lakedrift.api.sweep` takes them.
    correlations
        Whether those of all numeric columns are compared, or of which; None where the file does not say.
    reference, current
        Where the two sides of the table are, None where the file does not say.
    path
        The file, None where there is none.
    """

    thresholds: dict[str, Any] = {}
    kinds: dict[str, Kind] = {}
    roles: dict[str, str | list[str]] = {}
    grouping: dict[str, Any] = {}
    correlations: bool | list[str] | None = None
    reference: str | None = None
    current: str | None = None
    path: Path | None = None


def load(path: Path | None = None, *, table: str | None = None) -> Config:
    """Read the configuration for `table`, or for a run that names none.

    Parameters
    ----------
    path
        The file; None looks for one in the working directory.
    table
        A name under `[tables]`, whose rules come on top of the general ones.

    Raises
    ------
    ConfigError
        If the file cannot be read or holds something wrong; the message names the file and the key path.
    """
    path = path or _found()
    document = _document(path) if path else Document()
    chosen = _table(document, table, path) if table is not None else Table()
    features = {**document.features}
    for pattern, watch in chosen.features.items():
        features[pattern] = _on_top(features.pop(pattern, Watch()), watch)
    limits = {pattern: _plain(watch.thresholds) for pattern, watch in features.items() if watch.thresholds}
    return Config(
        thresholds=_plain({**document.thresholds, **chosen.thresholds}) | ({"features": limits} if limits else {}),
        kinds={pattern: watch.kind for pattern, watch in features.items() if watch.kind},
        roles={**document.roles, **chosen.roles},
        grouping=_grouping(document) | _grouping(chosen),
        correlations=document.correlations if chosen.correlations is None else chosen.correlations,
        reference=_beside(path, chosen.reference),
        current=_beside(path, chosen.current),
        path=path,
    )


def metric_names() -> list[str]:
    """Return the name of every metric and measure of performance, importing none of them."""
    packages = map(find_spec, ("lakedrift.metrics", "lakedrift.performances"))
    places = [place for found in packages if found for place in found.submodule_search_locations or ()]
    return sorted(module.name for module in pkgutil.iter_modules(places))


def _found() -> Path | None:
    if Path(FILE).is_file():
        return Path(FILE)
    project = Path(PROJECT)
    return project if project.is_file() and "lakedrift" in _read(project).get("tool", {}) else None


def _document(path: Path) -> Document:
    content = _read(path)
    prefix = ""
    if path.name == PROJECT:
        prefix = "tool.lakedrift"
        content = content.get("tool", {}).get("lakedrift")
        if content is None:
            msg = f"{path}: there is no [tool.lakedrift]"
            raise ConfigError(msg)
    try:
        document: Document = _decode(content, Document, prefix)
        _check_metrics(document, prefix)
    except _WrongKeyError as wrong:
        msg = f"{path}: {wrong}"
        raise ConfigError(msg, hint=wrong.hint) from None
    return document


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"cannot read the configuration {path}: {error.strerror}"
    except UnicodeDecodeError:
        msg = f"{path} is not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not TOML: {error}"
    raise ConfigError(msg)


class _WrongKeyError(Exception):
    """Something wrong at a key path."""

    def __init__(self, path: str, what: str, hint: str | None = None) -> None:
        super().__init__(f"{path}: {what}" if path else what)
        self.hint = hint


def _decode(value: object, shape: Any, path: str) -> Any:
    """Convert `value` to `shape` level by level, so that an error can name the whole key path."""
    if get_origin(shape) is dict:
        item = get_args(shape)[1]
        return {key: _decode(below, item, _join(path, key)) for key, below in _convert(value, dict[str, Any], path).items()}
    if not (isinstance(shape, type) and issubclass(shape, msgspec.Struct)):
        return _convert(value, shape, path)
    fields = get_type_hints(shape)
    table = _convert(value, dict[str, Any], path)
    for key in table.keys() - fields.keys():
        raise _WrongKeyError(_join(path, key), "unknown key", nearest(key, fields))
    return _convert({key: _decode(below, fields[key], _join(path, key)) for key, below in table.items()}, shape, path)


def _convert(value: object, shape: type[T], path: str) -> T:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        what = str(error).partition(" - at ")[0]
    if isinstance(value, str) and "enum" in what:
        raise _WrongKeyError(path, f"unknown kind {value!r}", nearest(value, KINDS))
    what = what.replace("object", "table").replace("Object", "table")
    raise _WrongKeyError(path, what[0].lower() + what[1:])


def _join(path: str, key: str) -> str:
    """Append a key to a dotted path as TOML would spell it."""
    spelled = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
    return f"{path}.{spelled}" if path else spelled


def _check_metrics(document: Document, prefix: str) -> None:
    known = metric_names()
    rules: list[tuple[str, Rules]] = [(prefix, document)]
    rules += [(_join(_join(prefix, "tables"), name), table) for name, table in document.tables.items()]
    for path, rule in rules:
        scopes = {path: rule.thresholds}
        scopes |= {_join(_join(path, "features"), pattern): watch.thresholds for pattern, watch in rule.features.items()}
        for scope, thresholds in scopes.items():
            for metric in thresholds:
                if metric not in known:
                    where = _join(_join(scope, "thresholds"), metric)
                    raise _WrongKeyError(where, f"unknown metric {metric!r}", nearest(metric, known))


def _table(document: Document, name: str, path: Path | None) -> Table:
    if name in document.tables:
        return document.tables[name]
    where = f"{path} has no [tables.{_join('', name)}]" if path else f"there is no {FILE} that could have a table {name!r}"
    raise ConfigError(where, hint=nearest(name, document.tables) if path else None)


def _on_top(below: Watch, above: Watch) -> Watch:
    return Watch(kind=above.kind or below.kind, thresholds={**below.thresholds, **above.thresholds})


def _plain(thresholds: Mapping[str, Tiers]) -> dict[str, Any]:
    return {metric: {"warning": tiers.warning, "critical": tiers.critical} for metric, tiers in thresholds.items()}


def _grouping(rules: Rules) -> dict[str, Any]:
    return {name: value for name in GROUPING if (value := getattr(rules, name)) is not None}


def _beside(path: Path | None, location: str | None) -> str | None:
    """Understand a location as relative to the folder of the file that names it."""
    if path is None or location is None or "://" in location:
        return location
    return str(path.parent / location)
