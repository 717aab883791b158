"""Which files a path stands for, and what their folders say.

Engines differ here, silently: some follow a symlink loop and count a file forty times, some read half-written files of a
running job, some skip what they may not read. So files are listed here, and engines are only ever given an explicit list.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from lakedrift.errors import SourceError, SourceNotFoundError, UnreadableFileError

__all__ = ["NULL_PARTITION", "find_files", "partition_of"]

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
SUFFIXES = (".parquet", ".parq", ".pq")
HIDDEN = ("_", ".")
MAGIC = frozenset("*?[")
TABLES = frozenset({"_delta_log", "metadata"})  # folders of what may be a table

Identity = tuple[int, int]


def find_files(where: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the Parquet files of a path, directory, glob or list of these, sorted, each file once.

    In a directory, names that begin with `_` or `.` are left out, as are other suffixes than .parquet, .parq and .pq; so they
    are among the matches of a glob, unless it spells the `_` or `.` out. A path that exists is no glob. Links are followed
    (but not by `**`), and a file that is also linked to is known by its own path.

    Raises
    ------
    SourceNotFoundError
        If a path does not exist, or holds no such file.
    UnreadableFileError
        If a directory cannot be listed, a link leads nowhere, or a file is none that can be read twice.
    """
    places = [where] if isinstance(where, str | os.PathLike) else list(where)
    found: dict[Identity, Path] = {}
    for place in places:
        files = list(_files_of(os.fspath(place)))
        if not files:
            msg = f"no Parquet file in {os.fspath(place)!r}"
            raise SourceNotFoundError(msg, hint=f"names must end in {', '.join(SUFFIXES)} and not begin with _ or .")
        for file in files:
            found.setdefault(_identity_of_file(file), file)
    return sorted(found.values(), key=lambda file: file.parts)


def partition_of(file: Path) -> tuple[tuple[str, str | None], ...]:
    """Return the `key=value` folders above a file, outermost first; values stay text, decoded once (`%20`).

    A value is kept as written, so `007` and `7` are two partitions; Hive's default partition is None.
    """
    pairs = (folder.split("=", 1) for folder in file.parts[:-1] if "=" in folder[1:])
    return tuple((_decoded(key), None if value == NULL_PARTITION else _decoded(value)) for key, value in pairs)


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


def _files_of(place: str) -> Iterator[Path]:
    if "://" in place:
        msg = f"cannot read {place!r}: only local files can be read"
        raise SourceError(msg, hint="copy or mount the files, and name their folder")
    path = Path(place)
    if place and _exists(path):
        yield from _walk(path, set()) if _is_folder(path) else [path]
    elif MAGIC & set(place):
        visited: set[Identity] = set()
        for match in _matches(path):
            yield from _walk(match, visited) if _is_folder(match) else _if_parquet(match)
    else:
        msg = f"no such file or directory: {place!r}"
        raise SourceNotFoundError(msg, hint=_nearest_path(path))


def _matches(pattern: Path) -> list[Path]:
    """Return what a glob matches, what is reached by links last. `**` follows no links: in a loop it would never end."""
    parts = [part if part == "**" else re.sub(r"\*+", "*", part) for part in pattern.parts]
    plain = next(place for place, part in enumerate(parts) if MAGIC & set(part))
    asked = [part for part in parts if part.startswith(HIDDEN)]
    folder = Path(*parts[:plain])
    _refuse_tables(folder)
    matches = folder.glob("/".join(parts[plain:]))
    shown = [match for match in matches if not any(_is_hidden(part, asked) for part in match.parts)]
    return sorted(shown, key=lambda match: (os.path.realpath(match) != str(match.absolute()), match))


def _is_hidden(part: str, asked: Sequence[str]) -> bool:
    return part.startswith(HIDDEN) and not any(fnmatch.fnmatchcase(part, pattern) for pattern in asked)


def _walk(root: Path, visited: set[Identity]) -> Iterator[Path]:
    """Yield the Parquet files below a folder, those that are reached by links last."""
    _refuse_tables(root)
    pending = deque([root])
    while pending:
        path = pending.popleft()
        status = _status(path)
        if not stat.S_ISDIR(status.st_mode):
            yield from _if_parquet(path)
            continue
        identity = _identity(status)
        if identity in visited:
            continue  # a link back to where we have been
        visited.add(identity)
        for entry in _entries(path):
            if entry.is_symlink():
                pending.append(Path(entry.path))
            elif entry.is_dir():
                pending.appendleft(Path(entry.path))
            else:
                yield from _if_parquet(Path(entry.path))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        msg = f"cannot list {str(folder)!r}: {error.strerror}"
        raise UnreadableFileError(msg) from error
    if not TABLES.isdisjoint(entry.name for entry in entries):
        _refuse_table(folder)
    return [entry for entry in entries if not entry.name.startswith(HIDDEN)]


def _refuse_tables(folder: Path) -> None:
    """Refuse a table, and a folder of its data: a partition, or what Iceberg calls `data`."""
    folder = folder.absolute()
    _refuse_table(folder)
    while "=" in folder.name or folder.name == "data":
        folder = folder.parent
        _refuse_table(folder)


def _refuse_table(folder: Path) -> None:
    """Refuse a table whose log says which of its files count: reading them all would count deleted rows."""
    is_delta = (folder / "_delta_log").is_dir()
    if is_delta or any((folder / "metadata").glob("*.metadata.json")):
        kind = "Delta" if is_delta else "Iceberg"
        msg = f"{str(folder)!r} is a {kind} table, whose folder also holds files that are deleted"
        raise SourceError(msg, hint="open the table with its own library and pass the frame, such as polars.scan_delta(...)")


def _if_parquet(path: Path) -> list[Path]:
    return [path] if path.name.lower().endswith(SUFFIXES) else []


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: no path holds a NUL
        return False
    except OSError as error:
        raise _unreadable(path, error) from error
    return True


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(_status(path).st_mode)


def _identity_of_file(path: Path) -> Identity:
    status = _status(path)
    if not stat.S_ISREG(status.st_mode):
        msg = f"not a regular file: {str(path)!r}"
        raise UnreadableFileError(msg)
    return _identity(status)


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UnreadableFileError:
    linked = os.path.islink(path)  # noqa: PTH114 - Path.is_symlink raises where a name is too long
    why = "a link that leads nowhere" if linked else error.strerror
    return UnreadableFileError(f"cannot read {str(path)!r}: {why}")


def _nearest_path(path: Path) -> str | None:
    """Say how much of the path exists."""
    for parent in path.parents:
        if os.path.isdir(parent):  # noqa: PTH112 - Path.is_dir raises where it may not look
            return f"{str(parent)!r} exists, {path.relative_to(parent).parts[0]!r} in it does not"
        if os.path.lexists(parent):
            return f"{str(parent)!r} is not a directory"
    return None
