"""Which files a path stands for, and what their folders say.

Engines differ here, silently: some follow a symlink loop and count a file forty times, some read half-written files of a
running job, some skip what they may not read. So files are listed here, and engines are only ever given an explicit list.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from lakedrift.errors import SourceError, SourceNotFoundError, UnreadableFileError

__all__ = ["NULL_PARTITION", "find_files", "partition_of"]

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
SUFFIXES = (".parquet", ".parq", ".pq")
HIDDEN = ("_", ".")
MAGIC = frozenset("*?[")


def find_files(where: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the Parquet files of a path, directory, glob or list of these, sorted, each file once.

    In a directory, names that begin with `_` or `.` are left out, as are other suffixes than .parquet, .parq and .pq.

    Raises
    ------
    SourceNotFoundError
        If a path does not exist, or holds no such file.
    UnreadableFileError
        If a directory cannot be listed, or a link leads nowhere.
    """
    places = [where] if isinstance(where, str | os.PathLike) else list(where)
    found: dict[tuple[int, int], Path] = {}
    for place in places:
        before = len(found)
        for file in _files_of(os.fspath(place)):
            status = file.stat()
            found.setdefault((status.st_dev, status.st_ino), file)
        if len(found) == before and not found:
            msg = f"no Parquet file in {os.fspath(place)!r}"
            raise SourceNotFoundError(msg, hint=f"names must end in {', '.join(SUFFIXES)} and not begin with _ or .")
    return sorted(found.values())


def partition_of(file: Path) -> tuple[tuple[str, str | None], ...]:
    """Return the `key=value` folders above a file, outermost first; values stay text, decoded once (`%20`).

    A value is kept as written, so `007` and `7` are two partitions; Hive's default partition is None.
    """
    pairs = (folder.split("=", 1) for folder in file.parts[:-1] if "=" in folder[1:])
    return tuple((unquote(key), None if value == NULL_PARTITION else unquote(value)) for key, value in pairs)


def _files_of(place: str) -> Iterator[Path]:
    if "://" in place:
        msg = f"cannot read {place!r}: only local files can be read"
        raise SourceError(msg, hint="copy or mount the files, and name their folder")
    path = Path(place)
    if path.is_dir():
        yield from _walk(path, set())
    elif path.exists():
        _check_regular(path)
        yield path
    elif MAGIC & set(place):
        matches = sorted(glob.glob(place, recursive=True))  # noqa: PTH207 - a pattern may be absolute, which Path.glob is not
        for match in matches:
            yield from _files_of(match) if Path(match).is_dir() or match.lower().endswith(SUFFIXES) else ()
    else:
        msg = f"no such file or directory: {place!r}"
        raise SourceNotFoundError(msg, hint=_nearest_path(path))


def _walk(folder: Path, visited: set[tuple[int, int]]) -> Iterator[Path]:
    status = folder.stat()
    if (status.st_dev, status.st_ino) in visited:
        return  # a link back to where we have been
    visited.add((status.st_dev, status.st_ino))
    for entry in _entries(folder):
        path = Path(entry.path)
        if entry.name.startswith(HIDDEN):
            continue
        if entry.is_dir():
            yield from _walk(path, visited)
        elif entry.name.lower().endswith(SUFFIXES):
            _check_regular(path)
            yield path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        msg = f"cannot list {str(folder)!r}: {error.strerror}"
        raise UnreadableFileError(msg) from error
    _refuse_tables(folder, entries)
    return entries


def _refuse_tables(folder: Path, entries: Sequence[os.DirEntry[str]]) -> None:
    """Refuse a table whose log says which of its files count: reading them all would count deleted rows."""
    names = {entry.name for entry in entries}
    is_iceberg = "metadata" in names and any((folder / "metadata").glob("*.metadata.json"))
    if "_delta_log" in names or is_iceberg:
        kind = "Delta" if "_delta_log" in names else "Iceberg"
        msg = f"{str(folder)!r} is a {kind} table, whose folder also holds files that are deleted"
        raise SourceError(msg, hint="open the table with its own library and pass the frame, such as polars.scan_delta(...)")


def _check_regular(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        msg = f"cannot read {str(path)!r}: {error.strerror}"
        raise UnreadableFileError(msg) from error
    if not stat.S_ISREG(mode):
        msg = f"not a regular file: {str(path)!r}"
        raise UnreadableFileError(msg)


def _nearest_path(path: Path) -> str | None:
    """Say how much of the path exists."""
    for parent in path.parents:
        if parent.is_dir():
            return f"{str(parent)!r} exists, {path.relative_to(parent).parts[0]!r} in it does not"
    return None
