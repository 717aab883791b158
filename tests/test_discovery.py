"""Which files a path stands for: every name counts once, nothing half-written counts, and nothing is left out in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lakedrift.discovery import find_files, partition_of
from lakedrift.errors import LakedriftError, SourceError, SourceNotFoundError, UnreadableFileError

ODD_NAMES = ("[1]", "a*b", "a?b", "it's", 'quo"te', "new\nline", "%41", "with space", "a=b", "ünï", "-rf", "{x}", "a#b;c")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    folder.mkdir()
    return folder


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"whatever: files are listed, not opened")
    return path


def found(where) -> list[str]:
    return [file.name for file in find_files(where)]


def one_line(error: pytest.ExceptionInfo[LakedriftError]) -> str:
    assert "\n" not in error.value.message
    return error.value.message


@pytest.mark.parametrize("name", ["a.parquet", "A.PARQUET", "b.parq", "c.pq", "d.Pq", "part-0.snappy.parquet"])
def test_find_files__suffix_in_any_case(lake, name):
    touch(lake / name)
    assert found(lake) == [name]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "_SUCCESS",
            ".a.parquet",
            "_a.parquet",
            "a.parquet.crc",
            ".a.parquet.crc",
            "a.parquet.tmp",
            "a.csv",
            "README",
            "parquet",
        ),
        *("_temporary/0/a.parquet", ".staging/a.parquet", "day=1/_tmp/a.parquet", "_committed_1", "a.parquet~", ".parquet"),
    ],
)
def test_find_files__leaves_out_what_is_no_data(lake, name):
    touch(lake / name)
    touch(lake / "data.parquet")
    assert found(lake) == ["data.parquet"]


def test_find_files__hidden_folder_named_outright(lake):
    touch(lake / "_archive" / "a.parquet")
    touch(lake / "_archive" / "_b.parquet")
    assert found(lake / "_archive") == ["a.parquet"]
    assert found(lake / "_archive" / "_b.parquet") == ["_b.parquet"]


def test_find_files__file_of_any_name(lake):
    assert found(touch(lake / "data.bin")) == ["data.bin"]


def test_find_files__directory_with_the_suffix(lake):
    touch(lake / "b.parquet" / "part-1.parquet")
    touch(lake / "a.parquet")
    assert found(lake) == found(f"{lake}/*.parquet") == ["a.parquet", "part-1.parquet"]


def test_find_files__nested_and_sorted(lake):
    for name in ("z.parquet", "b/2.parquet", "b/1.parquet", "a/x/y/3.parquet"):
        touch(lake / name)
    files = find_files(lake)
    assert files == sorted(files)
    assert len(files) == 4


@pytest.mark.parametrize("name", ODD_NAMES)
def test_find_files__odd_names_are_literal(lake, name):
    for decoy in ("1", "aXb", "A"):
        touch(lake / decoy / "part.parquet")
    odd = touch(lake / name / f"{name}.parquet")
    assert find_files(lake / name) == find_files(str(lake / name)) == find_files(odd) == [odd]


def test_find_files__name_that_is_no_utf8(lake):
    touch(lake / os.fsdecode(b"\xff.parquet"))
    touch(lake / os.fsdecode(b"\xffolder") / "a.parquet")
    assert len(find_files(lake)) == 2


def test_find_files__a_name_with_magic_wins_over_the_pattern(lake):
    odd = touch(lake / "[1].parquet")
    touch(lake / "1.parquet")
    assert find_files(odd) == [odd]


def test_find_files__link_loop(lake):
    touch(lake / "a.parquet")
    (lake / "sub").mkdir()
    (lake / "sub" / "back").symlink_to(lake)
    (lake / "self").symlink_to(lake)
    assert find_files(lake) == find_files(f"{lake}/**") == [lake / "a.parquet"]


def test_find_files__the_same_file_twice(lake):
    real = touch(lake / "real.parquet")
    (lake / "a-link.parquet").symlink_to(real)
    os.link(real, lake / "z-hard.parquet")
    assert find_files(lake) == [real]
    assert len(find_files([lake, lake, real, str(real)])) == 1


@pytest.mark.parametrize("where", ["{lake}", "{lake}/*", "{lake}/*/*.parquet", "{lake}/**/*.parquet"])
def test_find_files__a_link_does_not_hide_the_partition(lake, where):
    real = touch(lake / "day=2026-08-01" / "a.parquet")
    for name in ("current", "latest"):
        (lake / name).symlink_to(real.parent)
    (lake / "a-link.parquet").symlink_to(real)
    assert find_files(where.format(lake=lake)) == [real]


def test_find_files__links_out_of_the_folder_are_followed(lake, tmp_path):
    outside = touch(tmp_path / "outside" / "a.parquet")
    (lake / "folder").symlink_to(outside.parent)
    (lake / "file.parquet").symlink_to(touch(tmp_path / "b.bin"))
    assert [file.relative_to(lake).as_posix() for file in find_files(lake)] == ["file.parquet", "folder/a.parquet"]


@pytest.mark.parametrize("name", ["gone.parquet", "day=1"])
@pytest.mark.parametrize("target", ["nowhere", "{name}"], ids=["dangling", "to itself"])
def test_find_files__link_that_leads_nowhere(lake, name, target):
    touch(lake / "a.parquet")
    (lake / name).symlink_to(lake / target.format(name=name))
    for where in (lake, lake / name, f"{lake}/*"):
        with pytest.raises(UnreadableFileError) as error:
            find_files(where)
        assert name in one_line(error)
        assert "a link that leads nowhere" in one_line(error)


@pytest.mark.parametrize("where", ["{lake}", "{lake}/pipe.parquet", "{lake}/*.parquet"])
def test_find_files__pipe(lake, where):
    os.mkfifo(lake / "pipe.parquet")
    with pytest.raises(UnreadableFileError, match=r"not a regular file: .*pipe\.parquet"):
        find_files(where.format(lake=lake))


def test_find_files__device():
    with pytest.raises(UnreadableFileError, match="not a regular file: '/dev/null'"):
        find_files("/dev/null")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_find_files__folder_that_may_not_be_listed(lake):
    touch(lake / "a.parquet")
    touch(lake / "closed" / "b.parquet")
    (lake / "closed").chmod(0)
    try:
        with pytest.raises(UnreadableFileError, match=r"closed.*Permission denied"):
            find_files(lake)
    finally:
        (lake / "closed").chmod(0o700)


@pytest.mark.parametrize("where", ["{lake}", "{lake}/*", "{lake}/**/*.parquet"])
def test_find_files__nothing_in_it(lake, where):
    (lake / "empty").mkdir()
    touch(lake / "_hidden.parquet")
    with pytest.raises(SourceNotFoundError) as error:
        find_files(where.format(lake=lake))
    assert one_line(error) == f"no Parquet file in {where.format(lake=lake)!r}"
    assert error.value.hint
    assert error.value.exit_code == 3


def test_find_files__one_empty_place_among_several(lake, tmp_path):
    touch(lake / "a.parquet")
    (tmp_path / "empty").mkdir()
    for places in ([lake, tmp_path / "empty"], [tmp_path / "empty", lake], [lake, f"{lake}/*.nothing"]):
        with pytest.raises(SourceNotFoundError, match=r"no Parquet file in .*(empty|nothing)"):
            find_files(places)


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ("nope", "exists, 'nope' in it does not"),
        ("nope/deeper/a.parquet", "exists, 'nope' in it does not"),
        ("a.parquet/inside", "a.parquet' is not a directory"),
    ],
)
def test_find_files__no_such_path(lake, where, hint):
    touch(lake / "a.parquet")
    with pytest.raises(SourceNotFoundError) as error:
        find_files(f"{lake}/{where}")
    assert one_line(error) == f"no such file or directory: {f'{lake}/{where}'!r}"
    assert hint in str(error.value)


@pytest.mark.parametrize("where", ["", "a\0b", "a\nb", "\x1b[31m", "x" * 300])
def test_find_files__no_path_at_all(where):
    with pytest.raises(SourceError) as error:
        find_files(where)
    assert repr(where) in one_line(error)


@pytest.mark.parametrize("where", ["s3://bucket/lake", "gs://b", "http://host/a.parquet", "file:///tmp/a.parquet"])
def test_find_files__remote(where):
    with pytest.raises(SourceError) as error:
        find_files(where)
    assert where in one_line(error)
    assert error.value.hint


@pytest.mark.parametrize("where", ["{lake}", "{lake}/table", "{lake}/*"])
@pytest.mark.parametrize(("log", "kind"), [("_delta_log/0.json", "Delta"), ("metadata/v1.metadata.json", "Iceberg")])
def test_find_files__table_with_a_log(lake, where, log, kind):
    touch(lake / "table" / log)
    touch(lake / "table" / "data" / "a.parquet")
    with pytest.raises(SourceError, match=f"is a {kind} table") as error:
        find_files(where.format(lake=lake))
    assert "library" in (error.value.hint or "")


@pytest.mark.parametrize(
    "where",
    [
        "{table}/data",
        "{table}/data/day=1",
        "{table}/*/*.parquet",
        "{table}/**",
        "{table}/data/*.parquet",
        "{table}/data/day=1/*/*.parquet",
    ],
)
@pytest.mark.parametrize("log", ["_delta_log/0.json", "metadata/v1.metadata.json"])
def test_find_files__part_of_a_table_with_a_log(lake, where, log):
    table = lake / "table"
    touch(table / log)
    touch(table / "data" / "day=1" / "hour=1" / "a.parquet")
    with pytest.raises(SourceError, match=r"table' is a (Delta|Iceberg) table"):
        find_files(where.format(table=table))


def test_find_files__folder_called_metadata(lake):
    touch(lake / "metadata" / "a.parquet")
    assert found(lake) == ["a.parquet"]


def test_find_files__globs(lake):
    for name in ("a1.parquet", "a2.PARQUET", "b1.parquet", "notes.txt", "_a3.parquet", "sub/a4.parquet"):
        touch(lake / name)
    assert found(f"{lake}/a*") == ["a1.parquet", "a2.PARQUET"]
    assert found(f"{lake}/?1.parquet") == ["a1.parquet", "b1.parquet"]
    assert found(f"{lake}/[!b]*.parquet") == ["a1.parquet"]
    assert found(f"{lake}/**/*.parquet") == ["a1.parquet", "b1.parquet", "a4.parquet"]
    assert found(f"{lake}/s*") == ["a4.parquet"]
    assert found(f"{lake}/_a*.parquet") == ["_a3.parquet"]


@pytest.mark.parametrize("pattern", ["*/*.parquet", "**/*.parquet", "**"])
def test_find_files__globs_leave_out_hidden_folders(lake, pattern):
    touch(lake / "_temporary" / "a.parquet")
    touch(lake / ".staging" / "a.parquet")
    touch(lake / "day" / "b.parquet")
    assert found(f"{lake}/{pattern}") == ["b.parquet"]


def test_find_files__glob_below_a_hidden_folder(lake):
    touch(lake / "_archive" / "a.parquet")
    assert found(f"{lake}/_archive/*.parquet") == found(f"{lake}/_*/*.parquet") == ["a.parquet"]


def test_find_files__relative_glob(lake, monkeypatch):
    touch(lake / "a.parquet")
    monkeypatch.chdir(lake)
    assert found("*.parquet") == found("./*.parquet") == found("../lake/*.parquet") == found(".") == ["a.parquet"]


def test_find_files__list_of_a_folder_a_glob_and_a_file(lake):
    for name in ("one/a.parquet", "two/b.parquet", "three/c.parquet", "three/d.parquet"):
        touch(lake / name)
    assert found([lake / "one", f"{lake}/t*/b*", str(lake / "three" / "c.parquet")]) == ["a.parquet", "c.parquet", "b.parquet"]


@pytest.mark.parametrize(
    ("path", "partition"),
    [
        ("lake/a.parquet", ()),
        ("k=7/a.parquet", (("k", "7"),)),
        ("k=007/a.parquet", (("k", "007"),)),
        ("k=/a.parquet", (("k", ""),)),
        ("k=a=b/a.parquet", (("k", "a=b"),)),
        ("=x/a.parquet", ()),
        ("k=__HIVE_DEFAULT_PARTITION__/a.parquet", (("k", None),)),
        ("k=a%20b/a.parquet", (("k", "a b"),)),
        ("k=a%2Fb/a.parquet", (("k", "a/b"),)),
        ("k=%252F/a.parquet", (("k", "%2F"),)),
        ("k=%zz/a.parquet", (("k", "%zz"),)),
        ("k=100%/a.parquet", (("k", "100%"),)),
        ("k=%ff/a.parquet", (("k", "%ff"),)),
        ("k=caf%C3%A9/a.parquet", (("k", "café"),)),
        ("a%20b=1/a.parquet", (("a b", "1"),)),
        ("year=2026/x/month=08/a.parquet", (("year", "2026"), ("month", "08"))),
        ("day=1/k=v.parquet", (("day", "1"),)),
    ],
)
def test_partition_of__keeps_the_text(path, partition):
    assert partition_of(Path(path)) == partition
