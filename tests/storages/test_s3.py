"""A bucket, against a server that speaks S3 on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import boto3
import polars as pl
import pytest
from killing import audit
from moto.server import ThreadedMotoServer
from test_format import frame
from writing import ROWS, five_writers, write

import lakedrift as ld
from lakedrift.errors import SourceNotFoundError, StoreError, StoreWriteError
from lakedrift.storages import open_storage

pytestmark = pytest.mark.filterwarnings("default")  # the server's and the client's own


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("s3").create_bucket(Bucket="lake")
        yield "s3://lake"
    server.stop()


def test_put__get_names_and_remove(bucket):
    storage = open_storage(f"{bucket}/verbs/")
    assert storage.get("x/a") is None
    storage.put("x/a", b"old")
    storage.put("x/a", b"new")
    storage.put("x/y/b", b"deeper")
    assert (storage.get("x/a"), storage.names("x"), storage.names("none")) == (b"new", ["a"], [])
    assert not storage.put_new("x/a", b"newer")
    assert storage.put_new("x/c", b"first")
    storage.remove("x/a")
    assert (storage.get("x/a"), storage.get("x/c")) == (None, b"first")
    storage.put("x/y/z/d", b"deepest")
    storage.put("xy/e", b"beside")
    assert (storage.folders("x"), storage.folders("x/y"), storage.folders("none")) == (["y"], ["z"], [])
    storage.remove_folder("x")
    assert (storage.folders("x"), storage.names("x"), storage.get("xy/e")) == ([], [], b"beside")


def test_put_new__of_ten_threads_one_wins(bucket):
    won, start = [], threading.Barrier(10)

    def race(number: int) -> None:
        storage = open_storage(f"{bucket}/race")
        start.wait()
        if storage.put_new("a", bytes([number]) * 100):
            won.append(number)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = won
    assert open_storage(f"{bucket}/race").get("a") == bytes([winner]) * 100


def test_failures__are_typed(bucket):
    nowhere = open_storage("s3://no-such-bucket/x")
    with pytest.raises(StoreWriteError, match="no-such-bucket"):
        nowhere.put("a", b"")
    with pytest.raises(StoreError, match="no-such-bucket"):
        nowhere.names("a")


def test_profile__is_saved_and_loaded(bucket):
    profile = ld.profile(frame())
    profile.save(f"{bucket}/profiles/jan.profile")
    assert ld.load(f"{bucket}/profiles/jan.profile").to_bytes() == profile.to_bytes()
    with pytest.raises(SourceNotFoundError):
        ld.load(f"{bucket}/profiles/feb.profile")


def test_store__in_a_bucket(bucket, tmp_path):
    for day in (1, 2):
        frame(day).write_parquet(tmp_path / f"{day}.parquet")
    store = f"{bucket}/store"
    first = ld.profile(tmp_path, store=store)
    frame(3).filter(pl.col("items") > 2).write_parquet(tmp_path / "3.parquet")
    (tmp_path / "1.parquet").unlink()
    assert ld.profile(tmp_path, store=store).to_bytes() == ld.profile(tmp_path, like=first).to_bytes()
    second = ld.profile(tmp_path, store=store, refit=True)
    assert second.to_bytes() == ld.profile(tmp_path).to_bytes()
    storage = open_storage(store)
    assert [len(storage.folders(f"fragments/{series}")) for series in storage.folders("fragments")] == [1]


def test_five_writers__lose_nothing(bucket, tmp_path):
    store = f"{bucket}/shared"
    write(tmp_path / "lake", 1)
    first = audit(tmp_path / "lake", store)
    files = 1 + five_writers(tmp_path / "lake", store)
    storage = open_storage(store)
    (series,) = storage.folders("fragments")
    (fit,) = storage.folders(f"fragments/{series}")
    fragments = f"fragments/{series}/{fit}"
    assert sum(len(storage.names(f"{fragments}/{folder}")) for folder in storage.folders(fragments)) == files
    found = audit(tmp_path / "lake", store)
    assert found.to_bytes() == ld.profile(tmp_path / "lake", like=first, threads=1).to_bytes()
    assert found.rows == files * ROWS
