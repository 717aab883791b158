"""Where profiles can be kept, one kind of place a file."""

from __future__ import annotations

import os

from lakedrift.storage import Storage
from lakedrift.storages.folder import Folder

__all__ = ["locate", "open_storage"]

S3 = "s3://"


def open_storage(where: str | os.PathLike[str], scratch: str | None = None) -> Storage:
    """Return the storage at a folder, which need not exist, or at an `s3://bucket/prefix`.

    `scratch` names the part of a folder where files are written first; without one that is beside their names.

    Raises
    ------
    UsageError
        If what it takes is not installed.
    """
    place = os.fspath(where)
    if place.startswith(S3):
        from lakedrift.storages.s3 import Bucket  # boto3 takes its time

        return Bucket.at(place)
    return Folder(place, scratch=scratch)


def locate(path: str | os.PathLike[str]) -> tuple[Storage, str]:
    """Return the storage that a file is in, and its name there."""
    place = os.fspath(path)
    folder, name = os.path.split(place) if not place.startswith(S3) else place.rsplit("/", 1)
    return open_storage(folder or os.curdir), name
