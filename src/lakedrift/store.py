"""A store of profiles: what was scanned once is never scanned again.

::

    grids/SERIES/NUMBER.profile                the grids that all others use: the last number counts
    fragments/SERIES/FIT/KE/KEY.profile        one file of a lake, on the grids of a fit
    totals/SERIES/FIT/LAKE.profile             the sum of a lake, as it was at its last audit
    footers/LAKE.json                          what the footers of its files said then
    unfinished/                                what is being written

A series is what profiles must share to add: the columns, the filter, the groups. A fit is a first audit, or one that refits;
grids of columns that come later are added to it, under the next number. The key of a fragment is made of its path, what tells
its content from other content, and its grids, and so a profile under a key never changes: whoever writes it first, the others
would have written the same. A total is made of fragments and says of which, so it can be behind, and then is brought up to
date, but not wrong. Therefore nothing needs a lock, and a process that is killed leaves nothing that anybody could miss.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lakedrift import footers
from lakedrift.errors import StoreError
from lakedrift.manifest import Entry
from lakedrift.profiles import Profile
from lakedrift.source import Fragment
from lakedrift.storage import Storage
from lakedrift.storages import open_storage
from lakedrift.total import Total

__all__ = ["Fit", "Lake", "Series", "Store", "digest", "keys_on", "signature"]

UNFINISHED = "unfinished"
FOLDERS = 2  # digits of a key that name the folder it is in
DIGITS = 6  # of the number of grids


@dataclass(frozen=True)
class Store:
    """Where profiles are kept."""

    storage: Storage
    _lakes: dict[str, Lake] = field(default_factory=dict)

    @classmethod
    def at(cls, where: str | os.PathLike[str] | Storage) -> Store:
        """Open a store, and remove what killed processes left there."""
        storage = open_storage(where, UNFINISHED) if isinstance(where, str | os.PathLike) else where
        storage.sweep()
        return cls(storage)

    def series(self, wanted: Any) -> Series:
        """Return the profiles of what is wanted."""
        return Series(self.storage, digest(wanted))

    def lake(self, where: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> Lake:
        """Return what is kept of the files of some paths, directories or globs."""
        places = [where] if isinstance(where, str | os.PathLike) else where
        name = digest([os.path.abspath(os.fspath(place)) for place in places])  # noqa: PTH100
        return self._lakes.setdefault(name, Lake(self.storage, name))


@dataclass(frozen=True)
class Lake:
    """What is kept of the files of a lake, whatever is profiled of them.

    Attributes
    ----------
    storage
        Where it is.
    name
        What tells the lake from others.
    """

    storage: Storage
    name: str

    @functools.cached_property
    def fragments(self) -> Mapping[str, Fragment]:
        """What the footers of the files said at the last audit, by path."""
        return footers.from_bytes(self.storage.get(f"footers/{self.name}.json") or b"")

    def keep(self, fragments: Sequence[Fragment]) -> None:
        """Keep what the footers say, unless that is known."""
        now, known = ({(one.uri, one.changed) for one in found} for found in (fragments, self.fragments.values()))
        if now != known:
            self.storage.put(f"footers/{self.name}.json", footers.to_bytes(fragments))


@dataclass(frozen=True)
class Series:
    """The profiles of a store that are of the same columns, rows and groups.

    Attributes
    ----------
    storage
        Where they are.
    name
        What tells the series from others.
    """

    storage: Storage
    name: str

    def fit(self) -> Fit | None:
        """Return the fit that counts, None where there is none yet."""
        while names := self.storage.names(f"grids/{self.name}"):
            grids = _read(self.storage, f"grids/{self.name}/{names[-1]}")
            if grids is not None:  # or there are later ones by now
                return Fit(self, int(names[-1].partition(".")[0]), grids)
        return None

    def pin(self, grids: Profile, before: Fit | None, *, refit: bool = False) -> Fit | None:
        """Keep grids in place of those before, None where somebody else has replaced these already."""
        number = 1 if before is None else before.number + 1
        name = before.grids.name if before is not None and not refit else digest([number, signature(grids)])
        fit = Fit(self, number, replace(grids, name=name))
        return fit if self.storage.put_new(fit.place, fit.grids.to_bytes()) else None


@dataclass(frozen=True)
class Fit:
    """The profiles of a series on the same grids.

    Attributes
    ----------
    series
        The series.
    number
        How many times its grids were written.
    grids
        The profile of no rows on these grids. Its name is that of the fit.
    """

    series: Series
    number: int
    grids: Profile

    @property
    def place(self) -> str:
        """Where the grids are."""
        return f"grids/{self.series.name}/{self.number:0{DIGITS}}.profile"

    def fragment(self, key: str) -> Profile | None:
        """Return the profile of a fragment, None where there is none."""
        return _read(self.series.storage, self._of_fragment(key))

    def keep(self, key: str, profile: Profile) -> None:
        """Keep the profile of a fragment."""
        self.series.storage.put_new(self._of_fragment(key), profile.to_bytes())

    def forget(self, key: str) -> None:
        """Remove the profile of a fragment that is gone."""
        self.series.storage.remove(self._of_fragment(key))

    def total(self, lake: str) -> Total | None:
        """Return the sum of a lake, None where there is none."""
        stored = _read(self.series.storage, f"{self._totals}/{lake}.profile")
        return None if stored is None else Total.from_stored(stored)

    def put_total(self, lake: str, total: Total) -> None:
        """Keep the sum of a lake."""
        self.series.storage.put(f"{self._totals}/{lake}.profile", total.stored().to_bytes())

    def sweep(self) -> None:
        """Remove what is on the grids of earlier fits, which nobody reads any more; what cannot be removed now can be later.

        What is there is listed before it is asked which fit counts: if it still is this one, no later fit has written yet.
        """
        storage, home = self.series.storage, f"grids/{self.series.name}"
        with contextlib.suppress(StoreError):
            folders = [f"{kind}/{self.series.name}" for kind in ("fragments", "totals")]
            others = [f"{folder}/{name}" for folder in folders for name in storage.folders(folder) if name != self.grids.name]
            *earlier, last = storage.names(home)
            if f"{home}/{last}" == self.place:
                for name in others:
                    storage.remove_folder(name)
                for name in earlier:
                    storage.remove(f"{home}/{name}")

    @property
    def _totals(self) -> str:
        return f"totals/{self.series.name}/{self.grids.name}"

    def _of_fragment(self, key: str) -> str:
        return f"fragments/{self.series.name}/{self.grids.name}/{key[:FOLDERS]}/{key}.profile"


def _read(storage: Storage, place: str) -> Profile | None:
    data = storage.get(place)
    try:
        return None if data is None else Profile.from_bytes(data)
    except StoreError as error:
        msg = f"cannot read {place!r} of the store: {error.message}"
        raise type(error)(msg, hint=error.hint or "remove it, and it is made anew") from error


def digest(what: Any) -> str:
    """Return a name for something that JSON can tell from anything else."""
    told = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def signature(grids: Profile) -> str:
    """Return what tells the grids of a profile from others, whatever was read on them and however its columns are stored."""
    features = sorted((feature.name, feature.kind) for feature in grids.features)
    states = [(grouping.keys, grouping.empty().states) for grouping in grids.groupings]
    told = [(keys, key, _grid(state)) for keys, held in [(None, grids.states), *states] for key, state in sorted(held.items())]
    return digest([features, told, grids.time, str(grids.every)])


def _grid(state: Any) -> dict[str, str]:
    """Return what `from_arrow` makes an empty state of."""
    metadata = state.empty().to_arrow().schema.metadata or {}
    return {key.decode(): value.decode() for key, value in metadata.items()}


def keys_on(grids: Profile) -> Callable[[Entry | Fragment], str]:
    """Return the function that gives the key of each fragment on these grids, of which it uses those of its own columns.

    What it is given must outlive it: that fragments share a schema is told by identity.
    """
    known: dict[frozenset[str], str] = {}
    seen: dict[tuple[int, tuple[str, ...]], str] = {}

    def key(one: Entry | Fragment) -> str:
        shared = id(one.schema), tuple(name for name, _ in one.partition)
        if shared not in seen:
            names = frozenset(one.names)
            if names not in known:
                known[names] = signature(grids.only([one.name for one in grids.features if one.name in names]))
            seen[shared] = known[names]
        path = os.path.abspath(one.uri)  # noqa: PTH100 -- a name
        told = repr((path, one.bytes, one.modified, one.etag, one.partition, seen[shared]))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:40]

    return key
