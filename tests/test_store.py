"""A store: what was scanned is not scanned again, and the numbers are those of a profile without one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from test_format import frame

import lakedrift as ld
from lakedrift.errors import SourceError, StoreError, UsageError
from lakedrift.profiles import Profile
from lakedrift.sources import parquet
from lakedrift.storages.folder import Folder


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    (tmp_path / "lake").mkdir()
    for day in range(1, 6):
        write(tmp_path / "lake", day)
    return tmp_path / "lake"


def write(lake: Path, day: int, rows: int = 200, **columns: pl.Expr) -> Path:
    path = lake / f"day={day}.parquet"
    frame(day, rows).with_columns(**columns).write_parquet(path)
    return path


class Scans:
    """Counts the rows that a run reads."""

    def __init__(self) -> None:
        self.rows = 0
        self.stages: list[tuple[str, int | None]] = []

    def stage(self, name: str, rows: int | None) -> None:
        self.stages.append((name, rows))

    def advance(self, rows: int) -> None:
        self.rows += rows

    def note(self, text: str) -> None:
        pass

    def done(self) -> None:
        pass


def audited(lake: Path, store: Path, **options) -> tuple[Profile, int]:
    scans = Scans()
    return ld.profile(lake, store=store, observer=scans, **options), scans.rows


def fresh(lake: Path, found: Profile, **options) -> bytes:
    """Return the profile of the lake without a store, on the same grids."""
    return ld.profile(lake, like=found, **options).to_bytes()


def test_store__the_first_audit_is_the_profile(lake, tmp_path):
    found, rows = audited(lake, tmp_path / "store")
    assert rows == 1_000
    assert found.to_bytes() == ld.profile(lake).to_bytes() == fresh(lake, found)


def test_store__a_second_audit_reads_what_is_new(lake, tmp_path):
    first, _ = audited(lake, tmp_path / "store")
    assert audited(lake, tmp_path / "store") == (first, 0) or audited(lake, tmp_path / "store")[1] == 0
    write(lake, 6, 70)
    second, rows = audited(lake, tmp_path / "store")
    assert rows == 70
    assert second.rows == 1_070
    assert second.to_bytes() == fresh(lake, first)
    third, rows = audited(lake, tmp_path / "store")
    assert (rows, third.to_bytes()) == (0, second.to_bytes())


def test_store__deleted_and_rewritten_files_are_noticed(lake, tmp_path):
    first, _ = audited(lake, tmp_path / "store")
    (lake / "day=2.parquet").unlink()
    write(lake, 4, 30)
    second, rows = audited(lake, tmp_path / "store")
    assert rows == 30
    assert second.to_bytes() == fresh(lake, first)
    os.utime(lake / "day=3.parquet", ns=(1, 1))  # the same bytes, but who knows
    third, rows = audited(lake, tmp_path / "store")
    assert rows == 200
    assert third.to_bytes() == fresh(lake, first)
    for path in list(lake.iterdir())[1:]:
        path.unlink()
    assert audited(lake, tmp_path / "store")[0].to_bytes() == fresh(lake, first)


@pytest.mark.parametrize("most", [1 << 16, 3])
def test_store__sums_that_cannot_be_taken_away_are_made_anew(most, lake, tmp_path, monkeypatch):
    monkeypatch.setattr("lakedrift.summaries.frequencies.MOST_VALUES", most)
    first, _ = audited(lake, tmp_path / "store")
    for day in (5, 1, 3):
        (lake / f"day={day}.parquet").unlink()
        found, rows = audited(lake, tmp_path / "store")
        assert (rows, found.to_bytes()) == (0, fresh(lake, first))


def test_store__groups(lake, tmp_path):
    options = {"by": ["country", ("country", "paid")], "time": "at", "every": "1d"}
    first, _ = audited(lake, tmp_path / "store", **options)
    assert first.to_bytes() == fresh(lake, first, **options)
    write(lake, 6, 50, country=pl.lit("NEW"))
    (lake / "day=1.parquet").unlink()
    second, _ = audited(lake, tmp_path / "store", **options)
    assert second.to_bytes() == fresh(lake, first, **options)
    (lake / "day=6.parquet").unlink()
    third, _ = audited(lake, tmp_path / "store", **options)
    assert "country=NEW" not in third.groupings[0].labels().to_list()
    assert third.to_bytes() == fresh(lake, first, **options)


def test_store__columns_come_go_and_change_their_type(lake, tmp_path):
    store = tmp_path / "store"
    audited(lake, store)
    frame(7).with_columns(fresh=pl.col("far") * 2).drop("hash").write_parquet(lake / "day=7.parquet")
    second, rows = audited(lake, store)
    assert rows == 300
    assert second.feature("fresh").kind == "numeric"
    assert second.to_bytes() == fresh(lake, second)
    frame(8).with_columns(pl.col("items").cast(pl.Int16)).write_parquet(lake / "day=8.parquet")
    third, rows = audited(lake, store)
    assert (rows, third.to_bytes()) == (300, fresh(lake, second))
    frame(9).with_columns(pl.col("items").cast(pl.String)).write_parquet(lake / "day=9.parquet")
    fourth, rows = audited(lake, store)
    assert fourth.feature("items").dtype.startswith("mixed")
    assert fourth.to_bytes() == fresh(lake, second)
    (lake / "day=9.parquet").unlink()
    fifth, rows = audited(lake, store)
    assert (rows, fifth.to_bytes()) == (0, third.to_bytes())


def test_store__refit_replaces_the_grid(lake, tmp_path):
    store = tmp_path / "store"
    first, _ = audited(lake, store)
    for day in range(1, 6):
        write(lake, day, 200, price=pl.col("price") * 1e6)
    kept, _ = audited(lake, store)
    assert kept.state("price").binning == first.state("price").binning
    new, rows = audited(lake, store, refit=True)
    assert rows == 1_000
    assert new.state("price").binning != first.state("price").binning
    assert new.to_bytes() == ld.profile(lake).to_bytes()
    assert audited(lake, store)[0].to_bytes() == new.to_bytes()


def test_store__filters_and_selections_are_kept_apart(lake, tmp_path):
    store = tmp_path / "store"
    audited(lake, store)
    few, rows = audited(lake, store, where="items > 3", features=["price"])
    assert rows == 1_000
    plain = ld.profile(lake, where="items > 3", features=["price"])
    assert few.to_bytes() == plain.to_bytes()


def test_sweep__with_a_store_equals_one_without(lake, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for day in range(11, 14):
        write(other, day, 300, far=pl.col("far") + 0.5)
    plain = ld.sweep(lake, other, min_rows=10, exact=True).to_dict()
    stored = ld.sweep(lake, other, min_rows=10, exact=True, store=tmp_path / "store").to_dict()
    assert stored == plain
    scans = Scans()
    ld.sweep(lake, other, min_rows=10, store=tmp_path / "store", observer=scans)
    assert scans.rows == 0


def test_store__what_cannot_be_kept_is_said(lake, tmp_path):
    with pytest.raises(UsageError, match="in memory"):
        ld.profile(frame(), store=tmp_path / "store")
    with pytest.raises(UsageError, match="fold"):
        ld.profile(lake, by="country", fold=True, store=tmp_path / "store")


def test_store__a_damaged_profile_is_named(lake, tmp_path):
    store = tmp_path / "store"
    audited(lake, store)
    for path in (store / "totals").rglob("*.profile"):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match="totals/"):
        audited(lake, store)


def test_store__a_file_that_changes_while_it_is_read_is_not_kept(lake, tmp_path, monkeypatch):
    real = parquet.ParquetFiles.part

    def touched(self, fragments):
        os.utime(fragments[0].uri, ns=(5, 5))
        return real(self, fragments)

    monkeypatch.setattr(parquet.ParquetFiles, "part", touched)
    with pytest.raises(SourceError, match="changed while it was read"):
        audited(lake, tmp_path / "store")
    assert not list((tmp_path / "store").rglob("fragments/*/*/*.profile"))


def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files whose footers are read from now on."""
    found: list[str] = []
    real = parquet._end_of

    def end_of(file: Path) -> object:
        found.append(file.name)
        return real(file)

    monkeypatch.setattr(parquet, "_end_of", end_of)
    return found


def read_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is read in a store from now on."""
    found: list[str] = []
    real = Folder.get

    def get(self: Folder, name: str) -> bytes | None:
        found.append(name.partition("/")[0])
        return real(self, name)

    monkeypatch.setattr(Folder, "get", get)
    return found


def test_store__a_later_audit_opens_new_footers_only(lake, tmp_path, monkeypatch):
    audited(lake, tmp_path / "store")
    found = opened(monkeypatch)
    audited(lake, tmp_path / "store")
    assert found == []
    write(lake, 6)
    first, _ = audited(lake, tmp_path / "store")
    assert found == ["day=6.parquet"]
    for path in (tmp_path / "store" / "footers").iterdir():
        path.write_bytes(path.read_bytes()[:-9])
    second, rows = audited(lake, tmp_path / "store")
    assert (len(found), rows, second.to_bytes()) == (7, 0, first.to_bytes())


@pytest.mark.parametrize("most", [1 << 16, 3])
def test_store__a_later_audit_reads_few_profiles(most, lake, tmp_path, monkeypatch):
    monkeypatch.setattr("lakedrift.summaries.frequencies.MOST_VALUES", most)
    first, _ = audited(lake, tmp_path / "store")
    found = read_in(monkeypatch)
    write(lake, 6)
    audited(lake, tmp_path / "store")
    assert sorted(found) == ["footers", "fragments", "grids", "totals"]  # there is no profile of the new file
    found.clear()
    (lake / "day=2.parquet").unlink()
    second, rows = audited(lake, tmp_path / "store")
    assert sorted(found) == ["footers", "fragments", "grids", "totals"]  # that of the file that is gone
    assert (rows, second.to_bytes()) == (0, fresh(lake, first))


def test_store__a_rewrite_that_keeps_size_and_time_is_noticed(tmp_path):
    lake, store = tmp_path / "lake", tmp_path / "store"
    lake.mkdir()
    path = lake / "a.parquet"
    pl.DataFrame({"x": [1.0, 2.0, 3.0]}).write_parquet(path, compression="uncompressed")
    before = path.stat()
    first, _ = audited(lake, store)
    pl.DataFrame({"x": [1.0, 5.0, 4.0]}).write_parquet(path, compression="uncompressed")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    found, rows = audited(lake, store)
    assert (rows, found.to_bytes()) == (3, fresh(lake, first))


def test_store__a_link_to_a_file_or_other_rights_change_nothing(lake, tmp_path):
    first, _ = audited(lake, tmp_path / "store")
    os.link(lake / "day=1.parquet", tmp_path / "backup")
    (lake / "day=2.parquet").chmod(0o640)
    found, rows = audited(lake, tmp_path / "store")
    assert (rows, found.to_bytes()) == (0, first.to_bytes())


class Racing(Folder):
    """A folder in which somebody else is always a little earlier, once."""

    def __init__(self, path: Path, meanwhile: Callable[[], object]) -> None:
        super().__init__(str(path), scratch="unfinished")
        self._meanwhile: Callable[[], object] | None = meanwhile

    def put_new(self, name: str, data: bytes) -> bool:
        meanwhile, self._meanwhile = self._meanwhile, None
        if name.startswith("grids/") and meanwhile is not None:
            meanwhile()
        else:
            self._meanwhile = meanwhile
        return super().put_new(name, data)


@pytest.mark.parametrize("refit", [False, True])
def test_store__of_two_who_pin_new_columns_at_once_both_are_kept(refit, lake, tmp_path):
    other, store = tmp_path / "other", tmp_path / "store"
    other.mkdir()
    audited(lake, store)
    write(lake, 6, mine=pl.col("price") * 2)
    write(other, 7, theirs=pl.col("price") * 3)
    mine, _ = audited(lake, Racing(store, lambda: audited(other, store)), refit=refit)
    theirs, rows = audited(other, store)
    assert rows == 0
    assert audited(lake, store) == (mine, 0) or audited(lake, store)[1] == 0
    assert mine.to_bytes() == fresh(lake, mine)
    assert theirs.to_bytes() == fresh(other, theirs)
    for name in ("price", "far", "items"):
        assert mine.state(name).binning == theirs.state(name).binning


def test_store__refit_leaves_nothing_of_the_old_grids(lake, tmp_path):
    store = tmp_path / "store"
    audited(lake, store)
    before = {path.relative_to(store) for path in store.rglob("*.profile")}
    new, _ = audited(lake, store, refit=True)
    after = {path.relative_to(store) for path in store.rglob("*.profile")}
    assert len(after) == len(before) == 5 + 2
    assert not before & after
    assert [len(list((store / kind).glob("*/*"))) for kind in ("grids", "fragments", "totals")] == [1, 1, 1]
    assert audited(lake, store)[0].to_bytes() == new.to_bytes()


def test_store__a_column_that_is_gone_with_its_files(lake, tmp_path):
    first, _ = audited(lake, tmp_path / "store")
    write(lake, 6, fresh=pl.lit(1.5))
    audited(lake, tmp_path / "store")
    (lake / "day=6.parquet").unlink()
    third, rows = audited(lake, tmp_path / "store")
    assert (rows, third.to_bytes()) == (0, first.to_bytes())


@pytest.mark.parametrize("missing", ["country", "at"])
def test_sweep__a_missing_key_is_a_finding_with_a_store_too(missing, lake, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    frame(11, 900).drop(missing).write_parquet(other / "a.parquet")
    options = {"by": ["country", "paid"], "time": "at", "every": "1d", "min_rows": 10, "against": "reference"}
    plain = ld.sweep(lake, other, **options)
    stored = ld.sweep(lake, other, **options, store=tmp_path / "store", exact=True)
    again = ld.sweep(lake, other, **options, store=tmp_path / "store", refit=True, exact=True)
    assert plain.verdict == stored.verdict == again.verdict == "critical"
    verdicts = [found.verdicts().drop("decided_by") for found in (plain, stored, again)]
    assert verdicts[0].equals(verdicts[1])
    assert verdicts[0].equals(verdicts[2])
