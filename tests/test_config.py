"""The configuration file: what it gives a run, and that nothing wrong in it goes by unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakedrift.config import load, metric_names
from lakedrift.errors import ConfigError

EXAMPLE = """
[thresholds]
psi = { warning = 0.1, critical = 0.25 }

[features."*_delay".thresholds]
ks = { warning = 0.05, critical = 0.15 }

[features.zip]
kind = "categorical"

[tables.orders]
reference = "lake/orders/2026-08"
current = "s3://lake/orders/2026-09"

[tables.orders.thresholds]
ks = { warning = 0, critical = 1 }

[tables.orders.features."*_delay"]
kind = "numeric"
thresholds = { psi = { warning = 0.3, critical = 0.4 } }

[tables.orders.features.zip.thresholds]
null_rate = { warning = 0.5, critical = 0.5 }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "lakedrift.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_load__no_file(folder: Path) -> None:
    config = load()
    assert (config.thresholds, config.kinds, config.reference, config.current, config.path) == ({}, {}, None, None, None)


def test_load__general_rules(folder: Path) -> None:
    write(folder, EXAMPLE)
    config = load()
    assert config.thresholds == {
        "psi": {"warning": 0.1, "critical": 0.25},
        "features": {"*_delay": {"ks": {"warning": 0.05, "critical": 0.15}}},
    }
    assert config.kinds == {"zip": "categorical"}
    assert (config.reference, config.current) == (None, None)


def test_load__table_is_on_top(folder: Path) -> None:
    write(folder, EXAMPLE)
    config = load(table="orders")
    assert config.thresholds == {
        "psi": {"warning": 0.1, "critical": 0.25},
        "ks": {"warning": 0.0, "critical": 1.0},
        "features": {
            "*_delay": {"ks": {"warning": 0.05, "critical": 0.15}, "psi": {"warning": 0.3, "critical": 0.4}},
            "zip": {"null_rate": {"warning": 0.5, "critical": 0.5}},
        },
    }
    assert config.kinds == {"*_delay": "numeric", "zip": "categorical"}
    assert (config.reference, config.current) == ("lake/orders/2026-08", "s3://lake/orders/2026-09")


def test_load__a_pattern_of_the_table_comes_after_the_general_ones(folder: Path) -> None:
    limits = "thresholds = { ks = { warning = 0.1, critical = 0.2 } }\n"
    write(folder, f'[features."a*"]\n{limits}[features."*b"]\n{limits}[tables.t.features."a*"]\n{limits}')
    assert list(load(table="t").thresholds["features"]) == ["*b", "a*"]


def test_load__lakedrift_toml_wins_over_pyproject(folder: Path) -> None:
    write(folder, '[tool.lakedrift.features.x]\nkind = "numeric"', "pyproject.toml")
    assert load().kinds == {"x": "numeric"}
    write(folder, '[features.y]\nkind = "numeric"')
    assert load().kinds == {"y": "numeric"}


def test_load__foreign_pyproject_is_no_configuration(folder: Path) -> None:
    write(folder, "[tool.other]\nx = 1", "pyproject.toml")
    assert load().path is None


def test_load__named_file_gives_locations_beside_it(folder: Path) -> None:
    (folder / "conf").mkdir()
    path = write(folder, '[tables.t]\nreference = "old"\ncurrent = "/lake/new"', "conf/any.toml")
    config = load(path, table="t")
    assert config.reference == str(folder / "conf" / "old")
    assert config.current == "/lake/new"


WRONG = [
    ("x = 1", "lakedrift.toml: x: unknown key", None),
    ("[threshold]", "lakedrift.toml: threshold: unknown key", "'thresholds'"),
    ("thresholds = 3", "lakedrift.toml: thresholds: expected `table`, got `int`", None),
    ("[thresholds]\npsy = { warning = 0, critical = 1 }", "lakedrift.toml: thresholds.psy: unknown metric 'psy'", "'psi'"),
    ("[thresholds]\npsi = 0.1", "lakedrift.toml: thresholds.psi: expected `table`, got `float`", None),
    ("[thresholds]\npsi = { warning = 1 }", "lakedrift.toml: thresholds.psi: table missing required field `critical`", None),
    (
        "[thresholds]\npsi = { warning = 'a', critical = 1 }",
        "lakedrift.toml: thresholds.psi.warning: expected `float`, got `str`",
        None,
    ),
    (
        "[thresholds]\npsi = { warning = true, critical = 1 }",
        "lakedrift.toml: thresholds.psi.warning: expected `float`, got `bool`",
        None,
    ),
    (
        "[thresholds]\npsi = { warning = nan, critical = 1 }",
        "lakedrift.toml: thresholds.psi: `warning` must be a finite number of at least 0, and is nan",
        None,
    ),
    (
        "[thresholds]\npsi = { warning = 0, critical = inf }",
        "lakedrift.toml: thresholds.psi: `critical` must be a finite number of at least 0, and is inf",
        None,
    ),
    (
        "[thresholds]\npsi = { warning = -0.1, critical = 1 }",
        "lakedrift.toml: thresholds.psi: `warning` must be a finite number of at least 0, and is -0.1",
        None,
    ),
    (
        "[thresholds]\npsi = { warning = 0.3, critical = 0.2 }",
        "lakedrift.toml: thresholds.psi: `warning` (0.3) is above `critical` (0.2)",
        None,
    ),
    ("[thresholds]\npsi = { warning = 0, critical = 1, x = 2 }", "lakedrift.toml: thresholds.psi.x: unknown key", None),
    ('[features.zip]\nkind = "category"', "lakedrift.toml: features.zip.kind: unknown kind 'category'", "'categorical'"),
    ('[features."a.b*"]\nkid = 1', 'lakedrift.toml: features."a.b*".kid: unknown key', "'kind'"),
    ('[tables.orders]\nreferense = "x"', "lakedrift.toml: tables.orders.referense: unknown key", "'reference'"),
    (
        "[tables.orders.features.zip.thresholds]\nkss = { warning = 0, critical = 1 }",
        "lakedrift.toml: tables.orders.features.zip.thresholds.kss: unknown metric 'kss'",
        "'ks'",
    ),
]


@pytest.mark.parametrize(("text", "message", "near"), WRONG)
def test_load__wrong_key_is_named_with_its_path(folder: Path, text: str, message: str, near: str | None) -> None:
    write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load()
    assert caught.value.message == message
    assert near is None or near in str(caught.value.hint)


def test_load__path_in_pyproject_has_its_prefix(folder: Path) -> None:
    write(folder, "[tool.lakedrift.thresholds]\nkss = { warning = 0, critical = 1 }", "pyproject.toml")
    with pytest.raises(ConfigError, match=r"pyproject.toml: tool.lakedrift.thresholds.kss: unknown metric"):
        load()


def test_load__unreadable(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the configuration nowhere.toml: No such file"):
        load(Path("nowhere.toml"))
    with pytest.raises(ConfigError, match="cannot read the configuration"):
        load(folder)
    with pytest.raises(ConfigError, match=r"there is no \[tool.lakedrift\]"):
        load(write(folder, "[tool.other]", "pyproject.toml"))
    write(folder, "a = = 1")
    with pytest.raises(ConfigError, match=r"lakedrift.toml is not TOML: .*line 1"):
        load()
    (folder / "lakedrift.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load()


def test_load__unknown_table(folder: Path) -> None:
    with pytest.raises(ConfigError, match="could have a table 'orders'"):
        load(table="orders")
    write(folder, EXAMPLE)
    with pytest.raises(ConfigError, match=r"no \[tables.order\]") as caught:
        load(table="order")
    assert caught.value.hint == "did you mean 'orders'?"


def test_metric_names__are_files() -> None:
    assert {"ks", "psi", "total_variation", "null_rate"} <= set(metric_names())


def test_load__grouping_of_a_table_wins(folder: Path) -> None:
    write(folder, "by = ['a', ['a', 'b']]\nevery = '1d'\ntime = 'at'\n[tables.orders]\nevery = '1w'\nfold = true")
    assert load().grouping == {"by": ["a", ["a", "b"]], "time": "at", "every": "1d"}
    assert load(table="orders").grouping == {"by": ["a", ["a", "b"]], "time": "at", "every": "1w", "fold": True}


def test_load__grouping_of_another_type(folder: Path) -> None:
    write(folder, "by = [1]")
    with pytest.raises(ConfigError, match="by"):
        load()
