"""The benchmarks run, once and tiny, so that they cannot rot; nothing here is timed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from benchmarks import page, report
from benchmarks.lake import audits
from benchmarks.lake.works import WORKS
from benchmarks.lakes import Lake, LakeOnDisk, build
from benchmarks.peer import FOLDER, Peer, peers
from benchmarks.plot import HEIGHT, WIDTH, chart
from scipy import stats

ROOT = Path(__file__).parents[1]
SMALL = Lake(rows=2_000, columns=7, files=2, row_group=300)
OWN = {"lakedrift", "lakedrift_exact"}
KS_ERROR = {"lakedrift": 0.001, "nannyml": 0.005, "popmon": 0.05, "whylogs": 0.05}  # the others are exact
PSI_ERROR = 0.05


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> LakeOnDisk:
    return build(SMALL, tmp_path_factory.mktemp("lakes"))


def frames(lake: LakeOnDisk) -> Iterator[pl.DataFrame]:
    return (pl.read_parquet(side, hive_partitioning=False) for side in (lake.reference, lake.current))


def test_build__writes_what_was_asked_for(lake: LakeOnDisk) -> None:
    reference, current = frames(lake)
    assert reference.shape == current.shape == (2_000, 7)
    assert tuple(reference.columns) == SMALL.names
    assert len(lake.reference) == len(lake.current) == 2
    assert lake.bytes == sum(Path(file).stat().st_size for file in [*lake.reference, *lake.current])


def test_build__the_same_seed_is_the_same_lake_and_another_is_not(lake: LakeOnDisk, tmp_path: Path) -> None:
    again = build(SMALL, tmp_path)
    assert all(one.equals(other) for one, other in zip(frames(lake), frames(again), strict=True))
    other = build(Lake(2_000, 7, 2, 300, seed=2), tmp_path)
    assert not next(frames(other)).equals(next(frames(again)))


def test_build__a_narrow_lake_has_the_first_columns_of_a_wider_one(lake: LakeOnDisk, tmp_path: Path) -> None:
    narrow = build(Lake(2_000, 3, 2, 300), tmp_path)
    assert all(one.equals(other.select(one.columns)) for one, other in zip(frames(narrow), frames(lake), strict=True))


def test_audits__find_what_a_profile_without_a_store_does(tmp_path: Path) -> None:
    found = audits.measure(Lake(rows=900, columns=7, files=3), runs=2, folder=tmp_path)
    assert set(found.later) == {"nothing is new", "a file is new", "a file is gone", "several files are new", "without a store"}
    assert min(found.first, *found.later.values()) > 0


def test_build__only_the_drifting_columns_drift(lake: LakeOnDisk) -> None:
    reference, current = frames(lake)
    same, much = (ks(reference[name], current[name]) for name in ("normal_0", "cents_4"))
    assert same < 0.05 < 0.1 < much


def test_build__a_lake_that_is_there_is_not_written_again(lake: LakeOnDisk) -> None:
    before = [Path(file).stat().st_mtime_ns for file in lake.reference]
    assert build(SMALL, lake.root.parent) == lake
    assert [Path(file).stat().st_mtime_ns for file in lake.reference] == before


def test_build__two_files_may_share_one_row(tmp_path: Path) -> None:
    reference, current = frames(build(Lake(rows=1, files=2), tmp_path))
    assert reference.height == current.height == 1


@pytest.mark.parametrize("work", WORKS)
def test_works__go_over_every_row(work: str, lake: LakeOnDisk) -> None:
    assert WORKS[work](lake) == 4_000


@pytest.mark.parametrize("peer", peers(), ids=lambda peer: peer.name)
def test_peers__agree_on_what_they_measure(peer: Peer, lake: LakeOnDisk) -> None:
    if not peer.is_ready:
        pytest.skip(f"no environment: python -m benchmarks.peer {peer.name}")
    outcome = peer.run(lake, runs=1, seconds=1.0, timeout=120.0)
    assert outcome.error == ""
    assert outcome.seconds >= outcome.seconds_from_memory > 0.0
    reference, current = frames(lake)
    for name, found in outcome.statistics.get("ks", {}).items():
        assert found == pytest.approx(ks(reference[name], current[name]), abs=KS_ERROR.get(peer.name, 1e-12))
    for name, found in outcome.statistics.get("psi", {}).items():
        assert found == pytest.approx(psi(reference[name], current[name]), abs=PSI_ERROR)
    numbers = [name for name, dtype in reference.schema.items() if dtype.is_numeric()]
    assert outcome.columns in (len(numbers), reference.width)


def ks(reference: pl.Series, current: pl.Series) -> float:
    return float(stats.ks_2samp(reference.drop_nulls(), current.drop_nulls()).statistic)


def psi(reference: pl.Series, current: pl.Series) -> float:
    """The stability index over the deciles of the reference, or over its categories."""
    if reference.dtype.is_numeric():
        edges = sorted({reference.quantile(step / 10) for step in range(1, 10)})
        reference, current = (
            pl.Series([sum(x > edge for edge in edges) for x in side.drop_nulls()]) for side in (reference, current)
        )
    counts = [dict(side.value_counts().iter_rows()) for side in (reference, current)]
    bins = counts[0].keys() | counts[1].keys()
    p, q = ({name: (side.get(name, 0) + 0.5) / (sum(side.values()) + len(bins) / 2) for name in bins} for side in counts)
    return sum((p[name] - q[name]) * math.log(p[name] / q[name]) for name in bins)


def test_peers__are_pinned_exactly_and_described() -> None:
    assert {peer.name for peer in peers()} - OWN == {pins.stem for pins in FOLDER.glob("*.txt")}
    for pins in FOLDER.glob("*.txt"):
        lines = pins.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# ")
        assert all(line.count("==") == 1 for line in lines[1:])
    assert all(peer.what for peer in peers())


def test_peer__that_dies_is_reported_without_paths(tmp_path: Path) -> None:
    outcome = Peer("lakedrift").run(LakeOnDisk(tmp_path), runs=1, seconds=1.0, timeout=60.0)
    assert outcome.error
    assert str(tmp_path) not in outcome.error
    assert not outcome.statistics


def test_peer__that_takes_too_long_is_ended(lake: LakeOnDisk) -> None:
    outcome = Peer("lakedrift").run(lake, runs=1, seconds=1.0, timeout=0.05)
    assert outcome.error == "not done after 0 s"


def test_chart__is_well_formed_and_stays_within_its_frame() -> None:
    lines = {"<one>": [(1e4, 0.2), (1e7, 300.0)], "two": [(1e4, 0.2), (1e7, 299.0)]}
    root = ElementTree.fromstring(chart("a & b", "rows", "seconds", lines))
    texts = [element for element in root if element.tag.endswith("text")]
    assert {"<one>", "two", "a & b", "10,000", "0.1", "1,000"} <= {element.text for element in texts}
    places = [(float(element.attrib["cx"]), float(element.attrib["cy"])) for element in root if element.tag.endswith("circle")]
    assert len(places) == 4
    assert all(0 < across < WIDTH and 0 < down < HEIGHT for across, down in places)
    one, two = (float(element.attrib["y"]) for element in texts if element.text in lines)
    assert abs(one - two) >= 12.0  # the names do not lie on one another


def test_report__measures_everything_and_writes_the_page(tmp_path: Path) -> None:
    places = ["--output", str(tmp_path / "benchmarks.md"), "--results", str(tmp_path / "results.json")]
    report.main(["--tiny", "--peers", *sorted(OWN), *places])
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(headings) == 6
    assert str(ROOT) not in text
    assert str(Path.home()) not in text
    assert "(benchmarks-rows.svg)" in text
    ElementTree.parse(tmp_path / "benchmarks-rows.svg")
    assert not (tmp_path / "benchmarks-columns.svg").exists()
    before = (tmp_path / "results.json").read_text(encoding="utf-8")
    report.main(["--tiny", "--only", "peers", "--peers", "lakedrift", "--timeout", "0.05", *places])
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| not done after 0 s |" in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == headings
    assert (tmp_path / "results.json").read_text(encoding="utf-8") != before


def test_page__without_results_has_no_tables() -> None:
    assert set(page.write({}, "benchmarks")) == {"benchmarks.md"}
