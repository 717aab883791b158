"""A store of profiles: what was scanned once is never scanned again.

::

    grids/SERIES.profile                   the grid of the first audit, which all others use
    fragments/SERIES/KE/KEY.profile        one file of a lake, on that grid
    totals/TOTAL.profile                   the sum of a lake, as it was at its last audit
    unfinished/                            what is being written

A series is what profiles must share to add: the columns, the filter, the groups. The key of a fragment is made of its path,
size, time of change and grid, and so a profile under a key never changes: whoever writes it first, the others would have
written the same. A total is made of fragments and says of which, so it can be behind, and then is brought up to date, but not
wrong. Therefore nothing needs a lock, and a process that is killed leaves nothing that anybody could miss.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from lakedrift.errors import StoreError
from lakedrift.feature import Feature
from lakedrift.manifest import Entry
from lakedrift.profiles import Profile
from lakedrift.storage import Storage
from lakedrift.storages import open_storage

__all__ = ["Series", "digest", "keys_on", "open_series", "signature"]

UNFINISHED = "unfinished"
FOLDERS = 2  # digits of a key that name the folder it is in


@dataclass(frozen=True)
class Series:
    """The profiles of a store that add.

    Attributes
    ----------
    storage
        Where they are.
    name
        What tells the series from others.
    """

    storage: Storage
    name: str

    def grids(self) -> Profile | None:
        """Return the profile of no rows whose grids are used, None where there is none yet."""
        return self._read(f"grids/{self.name}.profile")

    def pin(self, grids: Profile) -> Profile:
        """Keep the grids, unless there are some; return those that are kept."""
        place = f"grids/{self.name}.profile"
        if self.storage.put_new(place, grids.to_bytes()):
            return grids
        return self._read(place) or grids

    def repin(self, grids: Profile) -> Profile:
        """Keep the grids in place of those before."""
        self.storage.put(f"grids/{self.name}.profile", grids.to_bytes())
        return grids

    def fragment(self, key: str) -> Profile | None:
        """Return the profile of a fragment, None where there is none."""
        return self._read(self._place(key))

    def keep(self, key: str, profile: Profile) -> None:
        """Keep the profile of a fragment."""
        self.storage.put_new(self._place(key), profile.to_bytes())

    def forget(self, key: str) -> None:
        """Remove the profile of a fragment that is gone."""
        self.storage.remove(self._place(key))

    def total(self, name: str) -> Profile | None:
        """Return the sum of a lake, None where there is none."""
        return self._read(f"totals/{name}.profile")

    def put_total(self, name: str, profile: Profile) -> None:
        """Keep the sum of a lake."""
        self.storage.put(f"totals/{name}.profile", profile.to_bytes())

    def _place(self, key: str) -> str:
        return f"fragments/{self.name}/{key[:FOLDERS]}/{key}.profile"

    def _read(self, place: str) -> Profile | None:
        data = self.storage.get(place)
        try:
            return None if data is None else Profile.from_bytes(data)
        except StoreError as error:
            msg = f"cannot read {place!r} of the store: {error.message}"
            raise type(error)(msg, hint=error.hint or "remove it, and it is made anew") from error


def open_series(where: str | os.PathLike[str] | Storage, wanted: Any) -> Series:
    """Return the series of a store whose profiles are of what is wanted, and remove what killed processes left there."""
    storage = open_storage(where, UNFINISHED) if isinstance(where, str | os.PathLike) else where
    storage.sweep()
    return Series(storage, digest(wanted))


def digest(what: Any) -> str:
    """Return a name for something that JSON can tell from anything else."""
    told = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def signature(grids: Profile) -> str:
    """Return what tells the grids of a profile from others, whatever was read on them and however its columns are stored."""
    features = tuple(sorted((Feature(one.name, one.kind, "") for one in grids.features), key=lambda one: one.name))
    bare = replace(
        grids.empty(), name="", features=features, states=MappingProxyType(dict(sorted(grids.empty().states.items())))
    )
    return hashlib.sha256(bare.to_bytes()).hexdigest()


def keys_on(grids: Profile) -> Callable[[Entry], str]:
    """Return the function that gives the key of each fragment on these grids, of which it uses those of its own columns."""
    known: dict[frozenset[str], str] = {}

    def key(entry: Entry) -> str:
        names = frozenset(name for name, _ in (*entry.schema, *entry.partition))
        if names not in known:
            known[names] = signature(grids.only([one.name for one in grids.features if one.name in names]))
        return digest([os.path.abspath(entry.uri), entry.bytes, entry.modified, entry.partition, known[names]])  # noqa: PTH100

    return key
