"""Change in the share of rows that are unseen, against fractions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from oracles import pvalues, views
from strategies import SHARES

from lakedrift.metrics import unseen_rate


@given(once=SHARES, unseen=SHARES)
def test_statistic__and_pvalue_equal_the_oracle(once, unseen):
    sides = views.presence(once[1], once=once[0]), views.presence(unseen[1], unseen=unseen[0])
    statistic = unseen_rate.METRIC.statistic(*sides)
    assert statistic == pytest.approx([unseen[0] / unseen[1]], rel=1e-12, abs=1e-15)
    expected = 1.0
    if unseen[0] * once[1] > once[0] * unseen[1]:  # more than the reference leads one to expect
        expected = pvalues.two_shares(*once, *unseen)
    assert unseen_rate.METRIC.pvalue(*sides, statistic) == pytest.approx([expected], rel=1e-6, abs=1e-300)


def test_pvalue__rare_categories_that_come_and_go_are_no_evidence():
    random = np.random.default_rng(3)
    found = []
    for _ in range(200):
        one, other = (random.geometric(0.002, 500) for _ in range(2))
        counts = np.bincount(one, minlength=max(one.max(), other.max()) + 1)
        sides = views.presence(500, once=int((counts == 1).sum())), views.presence(500, unseen=int((counts[other] == 0).sum()))
        found.append(unseen_rate.METRIC.pvalue(*sides, unseen_rate.METRIC.statistic(*sides))[0])
    assert np.mean(np.array(found) <= 0.05) < 0.1


def test_statistic__other_rows_do_not_count():
    others = dict.fromkeys({"missing", "null", "nan", "infinite", "unseen"} - {"unseen"}, 5)
    assert unseen_rate.METRIC.statistic(views.presence(10), views.presence(10, **others)) == [0.0]
