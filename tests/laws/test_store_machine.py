"""A machine that does to a lake and its profiles whatever can be done, beside a model that only knows which files there are."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

import polars as pl
from faults import FailingDisk
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from test_format import frame

import lakedrift as ld
from lakedrift.errors import StoreError
from lakedrift.profiles import Profile
from lakedrift.storages.folder import Folder

COLUMNS = ["price", "country", "items", "paid"]


class Machine(RuleBasedStateMachine):
    """The store, a profile that is merged by hand and saved, and the files that either should know."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="machine-"))
        self.lake, self.store, self.saved = self.root / "lake", self.root / "store", self.root / "a.profile"
        self.lake.mkdir()
        self.number = 0

    @initialize()
    def begin(self) -> None:
        self.add(30)
        self.grids = self.audit()
        self.profile = self.grids.empty()

    @rule(rows=st.integers(0, 30))
    def add(self, rows: int) -> None:
        self.number += 1
        frame(self.number, max(rows, 1)).select(COLUMNS)[:rows].write_parquet(self.lake / f"{self.number:03}.parquet")

    @precondition(lambda self: len(self.files()) > 1)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(self.files()))
        gone.unlink()

    @rule(data=st.data())
    def rewrite(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(self.files()))
        self.number += 1
        frame(self.number, 20).select(COLUMNS).write_parquet(path)

    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        """Divide a file in two: another lake, of the same rows."""
        before, path = self.audit(), data.draw(st.sampled_from(self.files()))
        rows = pl.read_parquet(path)
        at = data.draw(st.integers(0, rows.height))
        for number, part in enumerate((rows[:at], rows[at:])):
            part.write_parquet(self.lake / f"{path.stem}-{number}.parquet")
        path.unlink()
        after = self.audit()
        assert before.rows == after.rows
        assert before.states.keys() == after.states.keys()
        for key, state in before.states.items():
            assert state.to_arrow().equals(after.states[key].to_arrow(), check_metadata=True)

    @rule()
    def update(self) -> None:
        self.audit()

    @rule()
    def refit(self) -> None:
        self.grids = ld.profile(self.lake, store=self.store, threads=1, refit=True)
        self.profile = self.grids.empty()

    @rule(nth=st.integers(1, 40), code=st.sampled_from([errno.ENOSPC, errno.EIO]), for_good=st.booleans())
    def fail(self, nth: int, code: int, for_good: bool) -> None:
        disk = FailingDisk(nth, code, for_good=for_good)
        try:
            found = ld.profile(self.lake, store=Folder(str(self.store), disk, "unfinished"), threads=1)
            assert found.to_bytes() == self.expected()
        except StoreError:
            pass

    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        """Merge the profiles of some files that were not merged yet, one by one or together."""
        new = [path for path in self.files() if str(path) not in {entry.uri for entry in self.profile.fragments}]
        chosen = data.draw(st.lists(st.sampled_from(new), unique=True)) if new else []
        if not chosen:
            return
        if data.draw(st.booleans()):
            parts = [ld.profile(path, like=self.grids, threads=1) for path in chosen]
        else:
            parts = [ld.profile(chosen, like=self.grids, threads=1)]
        before = self.profile.rows
        self.profile = ld.merge([self.profile, *parts])
        assert self.profile.rows == before + sum(part.rows for part in parts)

    @rule()
    def save(self) -> None:
        self.profile.save(self.saved)
        self.profile = ld.load(self.saved)

    @invariant()
    def sound(self) -> None:
        for path in self.store.rglob("*.profile"):
            Profile.from_bytes(path.read_bytes())

    def teardown(self) -> None:
        if self.files():
            assert self.audit().to_bytes() == self.expected()
        shutil.rmtree(self.root)

    def files(self) -> list[Path]:
        return sorted(self.lake.iterdir())

    def audit(self) -> Profile:
        return ld.profile(self.lake, store=self.store, threads=1)

    def expected(self) -> bytes:
        return ld.profile(self.lake, like=self.grids, threads=1).to_bytes()


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
