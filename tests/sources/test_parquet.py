"""Parquet files, opened: what they declare, which of them are read together, and where samples are taken."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakedrift.errors import UnreadableFileError
from lakedrift.reading import Reader
from lakedrift.sampling import sampled
from lakedrift.sources import open_source


def write(path: Path, data: pa.Table | dict[str, object], **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(data if isinstance(data, pa.Table) else pa.table(data), path, **options)
    return path


def test_open__says_what_the_footers_declare(tmp_path):
    file = write(tmp_path / "day=1" / "k=a%20b" / "a.parquet", {"x": range(10)}, row_group_size=4)
    (fragment,) = open_source(tmp_path).fragments
    assert (fragment.uri, fragment.rows, fragment.bytes) == (str(file), 10, file.stat().st_size)
    assert fragment.row_groups == (4, 4, 2)
    assert fragment.partition[-2:] == (("day", "1"), ("k", "a b"))
    assert fragment.schema.names == ["x"]


def test_open__is_called_what_was_asked_for(tmp_path):
    files = [str(write(tmp_path / f"{name}.parquet", {"x": [1]})) for name in "ab"]
    assert open_source(tmp_path).name == str(tmp_path)
    assert open_source(files[:1]).name == files[0]
    assert open_source(files).name == f"{files[0]} …"


def test_open__order_does_not_depend_on_the_list(tmp_path):
    files = [write(tmp_path / f"{name}.parquet", {"x": [1]}) for name in "cab"]
    assert open_source(files).fragments == open_source(tmp_path).fragments


@pytest.mark.parametrize(
    "raw", [b"", b"PAR1", b"not parquet at all", b"PAR1PAR1", b"\0" * 4096, b"PAR1" + b"\xff" * 40 + b"PAR1"]
)
def test_open__no_parquet(tmp_path, raw):
    write(tmp_path / "a.parquet", {"x": [1]})
    bad = tmp_path / "b.parquet"
    bad.write_bytes(raw)
    with pytest.raises(UnreadableFileError) as error:
        open_source(tmp_path)
    assert str(bad) in error.value.message
    assert "\n" not in error.value.message
    assert (error.value.hint == "the file is empty: did its writer crash?") == (raw == b"")


def test_open__footer_that_contradicts_itself(tmp_path):
    file = write(tmp_path / "a.parquet", {"x": range(300)})
    raw = file.read_bytes()
    footer = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    three_hundred, more = b"\xd8\x04", b"\xd8\x06"  # as Parquet writes them; the whole comes before its row groups
    file.write_bytes(raw[:footer] + raw[footer:].replace(three_hundred, more, 1))
    assert pq.read_metadata(file).num_rows > pq.read_metadata(file).row_group(0).num_rows == 300
    with pytest.raises(UnreadableFileError, match=r"a\.parquet.*declares 428 rows, and 300 in row groups"):
        open_source(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_open__file_that_may_not_be_read(tmp_path):
    file = write(tmp_path / "a.parquet", {"x": [1]})
    file.chmod(0)
    with pytest.raises(UnreadableFileError, match=r"a\.parquet.*Permission denied"):
        open_source(tmp_path)


def test_open__a_column_twice(tmp_path):
    file = write(tmp_path / "a.parquet", pa.table([[1], [2], [3]], names=["x", "y", "x"]))
    with pytest.raises(UnreadableFileError, match="has more than one column 'x'") as error:
        open_source(file)
    assert str(file) in error.value.message


def test_open__case_makes_two_columns(tmp_path):
    (fragment,) = open_source(write(tmp_path / "a.parquet", {"x": [1], "X": [2]})).fragments
    assert fragment.schema.names == ["x", "X"]


def test_scans__files_of_one_schema_are_read_together(tmp_path):
    for name in "ab":
        write(tmp_path / f"{name}.parquet", {"x": [1], "y": ["u"]})
    write(tmp_path / "reordered.parquet", {"y": ["u"], "x": [1]})
    write(tmp_path / "other.parquet", {"x": [1.5], "y": ["u"]})
    scans = open_source(tmp_path).scans(["x"])
    assert sorted(len(scan.fragments) for scan in scans) == [1, 3]
    assert {scan.columns for scan in scans} == {("x",)}


def test_scans__a_value_of_an_asked_partition_key_each(tmp_path):
    for name in ("k=1/a", "k=1/b", "k=01/a", "k=__HIVE_DEFAULT_PARTITION__/a"):
        write(tmp_path / f"{name}.parquet", {"x": [1]})
    source = open_source(tmp_path)
    assert len(source.scans(["x"])) == 1
    literals = {scan.literals: len(scan.fragments) for scan in source.scans(["x", "k"])}
    assert literals == {(("k", value, pa.string()),): files for value, files in (("1", 2), ("01", 1), (None, 1))}


def test_scans__the_column_in_a_file_counts_not_its_folder(tmp_path):
    write(tmp_path / "k=1" / "a.parquet", {"x": [1], "k": ["inside"]})
    (scan,) = open_source(tmp_path).scans(["k"])
    assert (scan.columns, scan.literals) == (("k",), ())


def test_scans__what_a_filter_needs_is_null_of_its_own_type_where_it_is_missing(tmp_path):
    write(tmp_path / "a.parquet", {"x": [1], "day": pa.array([1], pa.date32())})
    write(tmp_path / "b.parquet", {"x": [1]})
    scans = open_source(tmp_path).scans(["x"], ["day"])
    assert {(scan.columns, scan.literals) for scan in scans} == {
        (("x", "day"), ()),
        (("x",), (("day", None, pa.date32()),)),
    }


def test_scans__what_cannot_be_looked_at_is_not_read(tmp_path):
    write(tmp_path / "a.parquet", {"x": [1], "nested": [[1]], "raw": [b"\xff"], "void": pa.nulls(1)})
    source = open_source(tmp_path)
    (scan,) = source.scans(["x", "nested", "raw", "void"])
    assert (scan.columns, scan.literals) == (("x",), (("void", None, pa.null()),))
    assert source.scans(["x"], ["raw"])[0].columns == ("x", "raw")


def test_scans__a_column_of_nulls_has_the_type_it_has_elsewhere(tmp_path):
    for name, values in (("a", pa.nulls(1)), ("b", pa.array([1.5])), ("c", pa.nulls(1))):
        write(tmp_path / f"{name}.parquet", {"x": values})
    scans = open_source(tmp_path).scans(["x"])
    assert {(scan.columns, scan.literals): len(scan.fragments) for scan in scans} == {
        ((), (("x", None, pa.float64()),)): 2,
        (("x",), ()): 1,
    }


def test_samples__are_spread_over_the_row_groups(tmp_path):
    for name in "abc":
        write(tmp_path / f"{name}.parquet", {"x": range(1000)}, row_group_size=100)
    samples = open_source(tmp_path).samples(["x"], 200)
    assert {sample.scan.fragments[0].uri[-9] for sample in samples} == set("abc")
    assert len({(sample.scan.fragments[0].uri, sample.group) for sample in samples}) == len(samples) == 3
    assert [sample.rows for sample in samples] == [67] * 3


def test_samples__many_large_row_groups_are_not_all_decoded_to_their_end(tmp_path):
    write(tmp_path / "a.parquet", {"x": np.zeros(3_000_000)}, row_group_size=150_000)
    among = [sample.among for sample in open_source(tmp_path).samples(["x"], 25_000)]
    assert Counter(among) == {1 << 14: 2, 150_000: 1}


@pytest.mark.parametrize(("rows", "groups"), [(1_000, 10), (600, 6), (210, 3), (10_000, 12)])
def test_samples__come_from_more_row_groups_where_these_are_small(tmp_path, rows, groups):
    write(tmp_path / "a.parquet", {"x": range(2000)}, row_group_size=100)
    samples = open_source(tmp_path).samples(["x"], rows)
    assert len(samples) == groups
    assert sum(sample.rows for sample in samples) == min(rows, 100 * groups)


@pytest.mark.parametrize(("row_groups", "sampled"), [(10, 4), (24, 9), (40, 12), (6, 3)])
def test_samples__come_from_more_row_groups_of_a_larger_lake(tmp_path, row_groups, sampled):
    write(tmp_path / "a.parquet", {"x": range(8)})
    files = open_source(tmp_path)
    (fragment,) = files.fragments
    large = files.part([replace(fragment, row_groups=(1 << 20,) * row_groups, group_bytes=(8 << 20,) * row_groups)])
    assert len(large.samples(["x"], 25_000)) == sampled


def test_samples__of_few_row_groups_are_of_all_of_them(tmp_path):
    for name, row_groups in zip("abcdef", range(1, 7), strict=True):
        write(tmp_path / name / "a.parquet", {"x": range(100 * row_groups)}, row_group_size=100)
    samples = {name: open_source(tmp_path / name).samples(["x"], 100) for name in "abcdef"}
    assert [len(samples[name]) for name in "abcdef"] == [1, 2, 3, 4, 3, 3]
    assert all(sample.among == 100 for name in "abcd" for sample in samples[name])


def test_samples__leave_out_empty_row_groups(tmp_path):
    write(tmp_path / "a.parquet", pa.table({"x": pa.array([], pa.int64())}))
    assert open_source(tmp_path).samples(["x"], 100) == []
    write(tmp_path / "b.parquet", {"x": [1, 2]})
    with pq.ParquetWriter(tmp_path / "c.parquet", pa.schema({"x": pa.int64()})) as writer:
        for values in ([], [3, 4], [], [], [5]):
            writer.write_table(pa.table({"x": pa.array(values, pa.int64())}))
    samples = open_source(tmp_path).samples(["x"], 100)
    assert [(sample.group, sample.rows) for sample in samples] == [(0, 2), (1, 2), (4, 1)]
    assert [batch["x"].to_pylist() for batch in sampled(Reader(), samples, None)] == [[1, 2], [3, 4], [5]]
