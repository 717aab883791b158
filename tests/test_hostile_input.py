"""Input that is damaged, or made to do damage: a result, or a typed error that names the file; never anything else."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lakedrift as ld
from lakedrift.errors import LakedriftError, SourceError, UnreadableFileError
from lakedrift.observer import Silent
from lakedrift.scanners import ENGINES
from lakedrift.summaries import frequencies
from lakedrift.summaries.frequencies import Frequencies

ROWS = 300
ROW = np.arange(ROWS)
TABLE = pa.table(
    {
        "number": np.sqrt(ROW),
        "count": ROW % 17,
        "word": [f"word {row % 5}" for row in ROW],
        "text": pa.array([f"more than twelve bytes {row % 3}" for row in ROW]).dictionary_encode(),
        "flag": pa.array(ROW % 2 == 0, mask=ROW % 9 == 0),
        "at": pa.array(ROW, pa.timestamp("us")),
    }
)
MUTATIONS = 250
NAMES = (
    *(
        "",
        " ",
        "*",
        "?",
        "[x]",
        "^x.*$",
        "x.y",
        'quo"te',
        "it's",
        "new\nline",
        "tab\t",
        "nul\0nul",
        "\x1b[31mred",
        "\u202egnp.exe",
    ),
    *(
        "<script>alert(1)</script>",
        "</script>",
        "{{ x }}",
        "=1+1",
        "| pipe |",
        "`tick`",
        "x" * 10_000,
        "ünï",
        "e\u0301",
        "\U0001f600",
    ),
    *(
        "keep",
        "row",
        "0",
        "feature",
        "segment",
        "metric",
        "null",
        "presence",
        "__index_level_0__",
        "filename",
        "%41",
        "a=b",
        "a/b",
    ),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("sound") / "a.parquet"
    pq.write_table(TABLE, file, row_group_size=100)
    return file


@pytest.fixture(scope="module")
def reference(sound: Path) -> ld.Profile:
    return ld.profile(sound)


def outcome(reference: ld.Profile, file: Path, raw: bytes, engine: str = "polars") -> str:
    """A verdict, `error`, or an error that does not say enough; any exception but one of ours passes through."""
    file.write_bytes(raw)
    try:
        return ld.sweep(reference, file, engine=engine).verdict
    except LakedriftError as error:
        named = isinstance(error, UnreadableFileError) and str(file) in error.message and "\n" not in error.message
        return "error" if named else f"{type(error).__name__}: {error}"


def test_sweep__truncated_anywhere(sound, reference, tmp_path):
    raw = sound.read_bytes()
    ends = {*range(0, len(raw), 37), *range(len(raw) - 24, len(raw))}
    assert {outcome(reference, tmp_path / "cut.parquet", raw[:end]) for end in ends} == {"error"}


@pytest.mark.parametrize("engine", ENGINES)
def test_sweep__bits_flipped(sound, reference, tmp_path, engine):
    """Half of the flips are in the footer, which is what readers trust most."""
    raw, dice = sound.read_bytes(), random.Random(7)
    footer = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    outcomes = []
    for _ in range(MUTATIONS):
        spoilt = bytearray(raw)
        for _ in range(dice.choice([1, 1, 2, 8])):
            spoilt[dice.randrange(footer if dice.random() < 0.5 else 0, len(raw))] ^= 1 << dice.randrange(8)
        outcomes.append(outcome(reference, tmp_path / "flipped.parquet", bytes(spoilt), engine))
    assert set(outcomes) <= {"error", "ok", "warning", "critical", "none"}
    assert outcomes.count("error") > MUTATIONS // 4


@pytest.mark.parametrize("length", [0, 1, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_sweep__footer_length(sound, reference, tmp_path, length):
    raw = sound.read_bytes()
    assert outcome(reference, tmp_path / "a.parquet", raw[:-8] + length.to_bytes(4, "little") + b"PAR1") == "error"


@pytest.mark.parametrize("where", [None, "number >= 0", "word LIKE 'word%'"])
def test_sweep__damaged_page_is_named_among_many(sound, tmp_path, where):
    raw = sound.read_bytes()
    for name in "abcde":
        (tmp_path / f"{name}.parquet").write_bytes(raw)
    (tmp_path / "d.parquet").write_bytes(raw[:4] + b"\xff" * 400 + raw[404:])
    with pytest.raises(UnreadableFileError, match=r"cannot read '.*d\.parquet': ") as error:
        ld.sweep(sound, tmp_path, where=where)
    assert error.value.exit_code == 3


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:14]))
@pytest.mark.parametrize("kind", ["file", "frame"])
def test_sweep__column_name(tmp_path, name, kind):
    values = pl.Series(np.sqrt(ROW))
    for side, factor in (("a", 1.0), ("b", 50.0)):
        pq.write_table(pa.table([(values * factor).to_arrow(), TABLE["count"]], names=[name, "steady"]), tmp_path / side)
    sides = [tmp_path / "a", tmp_path / "b"]
    if kind == "frame":
        sides = [
            pl.DataFrame({name: values, "steady": TABLE["count"]}),
            pl.DataFrame({name: values * 50, "steady": TABLE["count"]}),
        ]
    comparison = ld.sweep(*sides, min_rows=10)
    assert comparison.drifted.get_column("feature").to_list() == [name]
    assert ld.sweep(*sides, features=[name], min_rows=10).verdicts().get_column("feature").to_list() == [name]
    assert ld.sweep(*sides, exclude=[name], min_rows=10).verdict == "ok"
    assert comparison.to_dict()["verdicts"][0]["feature"] == name


def test_sweep__all_these_names_at_once(tmp_path):
    table = pa.table([np.sqrt(ROW) + place for place in range(len(NAMES))], names=list(NAMES))
    pq.write_table(table, tmp_path / "a.parquet")
    profile = ld.profile(tmp_path, where='"x.y" >= 0 AND "it\'s" >= 0')
    found = {
        feature.name: round(profile.state(feature.name).moments()[0] - np.sqrt(ROW).mean()) for feature in profile.features
    }
    assert found == {name: place for place, name in enumerate(NAMES)}


def test_sweep__wide_table(tmp_path):
    names = [f"column_{place:04}" for place in range(300)]
    pq.write_table(pa.table([ROW[:20] + place for place in range(300)], names=names), tmp_path / "a.parquet")
    profile = ld.profile(tmp_path)
    assert [feature.name for feature in profile.features] == names
    assert profile.state("column_0299").moments()[0] == 299 + 9.5


@pytest.mark.parametrize(
    "text",
    ["", "\0", "a\0b", "x" * 100_000, "\U0010ffff", "\u202e", "</script>", "null", "NaN", "twelve bytes", "thirteen byte"],
)
def test_sweep__any_text_is_a_category(text):
    frame = pl.DataFrame({"word": [text, "other", None] * 300})
    profile = ld.profile(frame)
    state = profile.state("word")
    counts = {value.partition("… (")[0]: count for value, count in zip(state.values, state.counts[0].tolist(), strict=True)}
    assert counts == {text[:256]: 300, "other": 300}
    assert state.null.tolist() == [300]
    comparison = ld.sweep(frame, frame.with_columns(pl.col("word").replace(text, "gone")))
    assert comparison.verdict == "critical"


BROKEN = (
    b"ab\xff",
    b"\xed\xa0\x80",
    b"\\xff",
    b"caf\xe9, and more than twelve bytes",
    b"\xff" * 300,
    b"\xff" * 299 + b"\xfe",
    None,
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("coded", [True, False], ids=["dictionary", "plain"])
def test_sweep__text_that_is_no_utf8_is_named(tmp_path, engine, coded):
    for name, texts in (("a", BROKEN), ("b", BROKEN[1:])):
        column = pa.array([texts[row % len(texts)] for row in range(1_400)], pa.binary()).view(pa.string())
        pq.write_table(pa.table({"text": column, "row": range(1_400)}), tmp_path / f"{name}.parquet", use_dictionary=coded)
    files = tmp_path / "a.parquet", tmp_path / "b.parquet"
    with pytest.raises(UnreadableFileError, match=r"column 'text' of '.*a.parquet' holds text that is not UTF-8") as error:
        ld.sweep(*files, engine=engine)
    assert error.value.hint == "--exclude leaves the column out"
    assert ld.sweep(*files, engine=engine, exclude=["text"]).verdict == "none"


def test_profile__text_that_is_no_utf8_beyond_the_exact_limit(monkeypatch):
    monkeypatch.setattr(frequencies, "MOST_VALUES", 3)
    words = pa.array([*BROKEN] * 20, pa.binary()).view(pa.string())
    early, late = Frequencies.new(["ab\udcff"]), Frequencies.new(["ab\udcff"])
    early.update(words)
    for word in BROKEN:
        part = late.empty()
        part.update(pa.array([word] * 20, pa.binary()).view(pa.string()))
        late.merge(part)
    assert early.values == late.values == ("ab\udcff",)
    assert np.array_equal(early.buckets, late.buckets)
    assert early.buckets.sum() == 100


def test_profile__strings_of_eight_megabytes_leave_little_behind():
    """They begin alike, differ in their last byte, and one is a byte longer."""
    huge = "ä" * (4 << 20)
    frame = pl.DataFrame({"word": [huge + "a", huge + "b", huge + "b", huge, None]})
    state = ld.profile(frame).state("word")
    assert sorted(state.counts[0].tolist()) == [1, 1, 2]
    assert sum("(8,388,609 bytes, " in value for value in state.values) == 2
    assert state.to_arrow().nbytes < 2_000


def test_sweep__lying_statistics(tmp_path, sound):
    """Least and greatest value of a row group are patched: nothing may rest on them."""
    values = pa.table({"x": pa.array([1.5] * ROWS)})
    honest, lying = tmp_path / "honest.parquet", tmp_path / "lying.parquet"
    pq.write_table(values, honest, compression="none", use_dictionary=False)
    raw = honest.read_bytes()
    footer = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    told = raw[footer:].count(np.float64(1.5).tobytes())
    lying.write_bytes(raw[:footer] + raw[footer:].replace(np.float64(1.5).tobytes(), np.float64(99.0).tobytes()))
    assert told >= 2
    assert pq.read_metadata(lying).row_group(0).column(0).statistics.max == 99.0
    profile = ld.profile(lying, where="x < 2")
    assert (profile.rows, profile.filtered) == (ROWS, 0)
    assert profile.state("x").moments() == (1.5, 0.0)


@pytest.mark.parametrize(
    "name", ["[1]", "a*b", "a?b", "it's", 'quo"te', "new\nline", "%41", "a b", "ü", "-rf", "{x}", "~", "$HOME"]
)
def test_sweep__file_name(sound, tmp_path, name):
    for decoy in ("1", "aXb", "A"):
        (tmp_path / decoy).mkdir()
        (tmp_path / decoy / "a.parquet").write_bytes(b"not read")
    (tmp_path / name).mkdir()
    file = tmp_path / name / f"{name}.parquet"
    file.write_bytes(sound.read_bytes())
    assert ld.sweep(file, tmp_path / name, min_rows=10).verdict == "ok"


@pytest.mark.parametrize("name", [b"\xff.parquet", b"k=\xff/a.parquet"])
def test_sweep__file_name_that_is_no_utf8(sound, tmp_path, name):
    file = tmp_path / os.fsdecode(name)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(sound.read_bytes())
    with pytest.raises(UnreadableFileError, match=r"cannot read '.*udcff") as error:
        ld.sweep(sound, tmp_path)
    assert error.value.message.isprintable()


def test_sweep__name_inside_a_type(sound):
    nested = pa.array([{"a\nb\x1b[31m": 1}] * ROWS)
    comparison = ld.sweep(sound, TABLE.set_column(2, "word", nested), min_rows=10)
    (found,) = comparison.drifted.rows(named=True)
    assert (found["feature"], found["status"]) == ("word", "type_changed")
    assert found["headline"].isprintable()


class Meddler(Silent):
    """Writes over a file when the stage of that number begins."""

    def __init__(self, stage: int, file: Path, raw: bytes) -> None:
        self.left, self.file, self.raw = stage, file, raw

    def stage(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            self.file.write_bytes(self.raw)


@pytest.mark.parametrize("stage", [1, 2, 3, 4])
@pytest.mark.parametrize("change", ["other values", "fewer rows", "no file at all"])
def test_sweep__file_that_changes_between_two_scans(tmp_path, stage, change):
    """Both sides are read twice; the third stage is the reference again, the fourth the current side again."""
    values = np.random.default_rng(0).normal(size=(2, 5_000))
    files = [tmp_path / "reference.parquet", tmp_path / "current.parquet"]
    for file, column in zip(files, values, strict=True):
        pq.write_table(pa.table({"x": column}), file)
    other = tmp_path / "other"
    pq.write_table(pa.table({"x": values[0, : 5_000 if change == "other values" else 4_000] * 1.1}), other)
    raw = b"" if change == "no file at all" else other.read_bytes()
    meddler = Meddler(stage, files[(stage + 1) % 2], raw)
    if change == "other values" and stage < 3:  # what counts is what is read first
        assert ld.sweep(*files, exact=True, observer=meddler).verdict == "ok"
    else:
        side = "reference" if stage % 2 else "current"
        with pytest.raises(SourceError, match=rf"{side}\.parquet|changed between two scans"):
            ld.sweep(*files, exact=True, observer=meddler)
    assert meddler.left <= 0


@pytest.mark.parametrize("option", ["features", "exclude"])
def test_sweep__names_that_look_like_attacks_are_only_unknown(sound, option):
    for name in ("'; DROP TABLE x; --", "../../etc/passwd", "<script>", "\x1b[31m", "[", "[!", "*" * 300 + "x"):
        with pytest.raises(LakedriftError) as error:
            ld.sweep(sound, sound, **{option: [name]})
        assert error.value.exit_code == 2
        assert repr(name) in error.value.message
