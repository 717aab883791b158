"""Limits and verdicts: both size and evidence, q-values worked out by hand, and every wrong limit named by its path."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.errors import ConfigError, UnknownNameError
from lakedrift.threshold import LEVELS, SIGNIFICANCE, Threshold, Thresholds, beyond_noise, false_discovery_rate

METRICS = ["ks", "psi", "null_rate", "total_variation"]
TIERS = Threshold(0.1, 0.2)
NAN = math.nan
PVALUES = st.lists(st.one_of(st.floats(0.0, 1.0), st.sampled_from([0.0, 0.05, 1.0, NAN])), max_size=20)


def judged(lower: float, upper: float, greatest: float, least: float | None = None) -> tuple[str, bool]:
    """Return the verdict by the greatest and the least q-value, and whether there may be another."""
    qvalues = greatest, greatest if least is None else least
    evidence = (beyond_noise(np.array([value])) for value in qvalues)
    levels, undecided = TIERS.verdicts(np.array([lower]), np.array([upper]), *evidence)
    return LEVELS[levels[0]], bool(undecided[0])


@pytest.mark.parametrize(
    ("statistic", "qvalue", "verdict"),
    [
        (0.0, 0.0, "ok"),
        (0.0999, 0.0, "ok"),
        (0.1, 0.0, "warning"),
        (0.1999, 0.0, "warning"),
        (0.2, 0.0, "critical"),
        (math.inf, 0.0, "critical"),
        (0.2, SIGNIFICANCE, "critical"),
        (0.2, math.nextafter(SIGNIFICANCE, 1.0), "ok"),
        (0.9, 1.0, "ok"),
        (0.15, NAN, "warning"),
        (NAN, 0.0, "none"),
        (NAN, NAN, "none"),
    ],
)
def test_verdicts__need_both_size_and_evidence(statistic, qvalue, verdict):
    assert judged(statistic, statistic, qvalue) == (verdict, False)


@pytest.mark.parametrize(
    ("lower", "upper", "qvalue", "verdict", "undecided"),
    [
        (0.05, 0.09, 0.0, "ok", False),
        (0.05, 0.1, 0.0, "warning", True),
        (0.05, 0.5, 0.0, "critical", True),
        (0.1, 0.19, 0.0, "warning", False),
        (0.1, 0.2, 0.0, "critical", True),
        (0.2, 0.9, 0.0, "critical", False),
        (0.05, 0.5, 0.9, "ok", False),
    ],
)
def test_verdicts__are_undecided_where_the_bounds_hold_a_limit(lower, upper, qvalue, verdict, undecided):
    assert judged(lower, upper, qvalue) == (verdict, undecided)


@pytest.mark.parametrize(
    ("lower", "upper", "greatest", "least", "verdict", "undecided"),
    [
        (0.05, 0.3, 0.4, 0.0, "ok", True),  # what may be noise does not alarm
        (0.05, 0.3, 0.4, 0.06, "ok", False),
        (0.05, 0.09, 0.4, 0.0, "ok", False),
        (0.15, 0.15, 0.06, 0.04, "ok", True),  # what others of its family may be says whether it is evident
        (0.15, 0.3, 0.06, 0.04, "ok", True),
        (0.15, 0.3, 0.04, 0.01, "critical", True),
        (0.15, 0.19, 0.04, 0.01, "warning", False),
        (NAN, NAN, 0.4, 0.0, "none", False),
    ],
)
def test_verdicts__are_undecided_where_the_bounds_hold_both_noise_and_evidence(
    lower, upper, greatest, least, verdict, undecided
):
    assert judged(lower, upper, greatest, least) == (verdict, undecided)


@given(pvalues=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12), data=st.data())
def test_false_discovery_rate__does_not_grow_where_a_pvalue_falls(pvalues, data):
    """So the least p-values of a family give the least q-values, and the greatest the greatest."""
    lower = [data.draw(st.floats(0.0, value)) for value in pvalues]
    assert (false_discovery_rate(lower) <= false_discovery_rate(pvalues)).all()


def test_verdicts__group_by_group():
    evident = np.array([True, True, True])
    levels, undecided = TIERS.verdicts(np.array([0.0, 0.15, NAN]), np.array([0.3, 0.15, NAN]), evident, evident)
    assert [LEVELS[level] for level in levels] == ["critical", "warning", "none"]
    assert undecided.tolist() == [True, False, False]


def test_false_discovery_rate__on_paper():
    """Benjamini and Hochberg's own fifteen p-values: the fourth is the last below 0.05."""
    pvalues = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    expected = [0.0015, 0.0030, 0.0095, 0.035625, 0.0603, 0.06385714, 0.06385714, 0.0645, 0.0765, 0.486, 0.58118182, 0.714875]
    assert false_discovery_rate(pvalues)[:12] == pytest.approx(expected, rel=1e-6)
    assert (false_discovery_rate(pvalues) <= 0.05).sum() == 4


@given(data=st.data(), pvalues=PVALUES)
def test_false_discovery_rate__of_families_is_that_of_each_alone(data, pvalues):
    families = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(pvalues), max_size=len(pvalues))), np.int64)
    found = false_discovery_rate(pvalues, families)
    for family in set(families.tolist()):
        of = families == family
        np.testing.assert_array_equal(found[of], false_discovery_rate(np.array(pvalues)[of]))


@given(pvalues=PVALUES)
def test_false_discovery_rate__equals_the_oracle(pvalues):
    known = [Fraction(value) for value in pvalues if value == value]
    found = false_discovery_rate(pvalues)
    for value, adjusted in zip(pvalues, found.tolist(), strict=True):
        if value != value:
            assert math.isnan(adjusted)
            continue
        larger = [p for p in known if p >= value]
        expected = min(p * len(known) / sum(other <= p for other in known) for p in larger)
        assert adjusted == pytest.approx(float(min(expected, Fraction(1))), rel=1e-14)


@given(pvalues=PVALUES.flatmap(lambda values: st.tuples(st.just(values), st.permutations(values))))
def test_false_discovery_rate__does_not_depend_on_the_order(pvalues):
    given_order, other_order = (dict(zip(order, false_discovery_rate(order).tolist(), strict=True)) for order in pvalues)
    assert {p: q for p, q in given_order.items() if p == p} == {p: q for p, q in other_order.items() if p == p}


@pytest.mark.parametrize(
    ("feature", "kind", "metric", "expected"),
    [
        ("price", "numeric", "ks", (0.1, 0.2)),
        ("price", "numeric", "psi", (0.1, 0.2)),
        ("price", "numeric", "total_variation", None),
        ("price", "numeric", "null_rate", (0.02, 0.1)),
        ("country", "categorical", "total_variation", (0.1, 0.2)),
        ("country", "categorical", "ks", None),
        ("flag", "boolean", "psi", (0.1, 0.2)),
        ("seen_at", "temporal", "ks", None),
        ("seen_at", "temporal", "null_rate", (0.02, 0.1)),
        ("order_id", "identifier", "psi", None),
    ],
)
def test_limit__defaults_by_kind(feature, kind, metric, expected):
    limit = Thresholds.of(None, METRICS).limit(feature, kind, metric)
    assert (limit and (limit.warning, limit.critical)) == expected
    assert limit is None or limit.source == "default"


def test_limit__a_literal_name_wins_then_the_later_pattern_then_the_metric():
    given_limits = {
        "ks": (0.3, 0.4),
        "features": {"price": {"ks": (0.01, 0.02)}, "p*": {"ks": (0.5, 0.6)}, "*e": {"ks": (0.7, 0.8)}, "pr*": {"psi": (1, 2)}},
    }
    thresholds = Thresholds.of(given_limits, METRICS)
    warnings = {name: thresholds.limit(name, "numeric", "ks").warning for name in ("price", "pear", "plum", "fig")}
    assert warnings == {"price": 0.01, "pear": 0.5, "plum": 0.5, "fig": 0.3}
    assert thresholds.limit("prune", "numeric", "ks").warning == 0.7
    assert thresholds.limit("price", "numeric", "psi") == Threshold(1.0, 2.0, "config")


@pytest.mark.parametrize("limit", [(0.1, 0.2), [0.1, 0.2], {"warning": 0.1, "critical": 0.2}, Threshold(0.1, 0.2, "config")])
def test_of__limits_in_any_spelling(limit):
    assert Thresholds.of({"ks": limit}, METRICS).metrics == {"ks": Threshold(0.1, 0.2, "config")}


WRONG = ["12", "0.1, 0.2", 0.1, None, (), (0.1,), (0.1, 0.2, 0.3), ("0.1", "0.2"), (True, True), {"warning": 0.1}, {0.1, 0.2}]
WRONG += [{"warning": 0.1, "critical": 0.2, "critcal": 0.3}, (0.2, 0.1), (-0.1, 0.2), (NAN, 0.2), (0.1, math.inf), (None, 0.2)]


@pytest.mark.parametrize("limit", WRONG, ids=repr)
def test_of__a_wrong_limit_is_named_by_its_path(limit):
    with pytest.raises(ConfigError) as caught:
        Thresholds.of({"ks": limit}, METRICS)
    assert caught.value.message.startswith("thresholds.ks: ")
    with pytest.raises(ConfigError) as caught:
        Thresholds.of({"features": {"price_*": {"ks": limit}}}, METRICS)
    assert caught.value.message.startswith("thresholds.features.price_*.ks: ")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("given_limits", "path"),
    [
        ([("ks", (0.1, 0.2))], "thresholds: "),
        ({"features": ["price"]}, "thresholds.features: "),
        ({"features": {"price": (0.1, 0.2)}}, "thresholds.features.price: "),
        ({"features": {"price": None}}, "thresholds.features.price: "),
    ],
)
def test_of__what_is_no_table_is_named_by_its_path(given_limits, path):
    with pytest.raises(ConfigError) as caught:
        Thresholds.of(given_limits, METRICS)
    assert caught.value.message.startswith(path)


@pytest.mark.parametrize(
    ("given_limits", "path"),
    [({"kss": (0.1, 0.2)}, "thresholds:"), ({"features": {"x": {"kss": (0.1, 0.2)}}}, "thresholds.features.x:")],
)
def test_of__an_unknown_metric_is_named_with_the_nearest_one(given_limits, path):
    with pytest.raises(UnknownNameError) as caught:
        Thresholds.of(given_limits, METRICS)
    assert caught.value.message == f"unknown metric in {path} 'kss'"
    assert caught.value.hint == "did you mean 'ks'?"
