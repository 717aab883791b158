"""Change in the share of rows that are null, against fractions."""

from __future__ import annotations

import pytest
from hypothesis import given
from oracles import distances, pvalues, views
from strategies import SHARES

from lakedrift.metrics import null_rate


@given(reference=SHARES, current=SHARES)
def test_statistic__and_pvalue_equal_the_oracle(reference, current):
    sides = [views.presence(rows, null=hits) for hits, rows in (reference, current)]
    statistic = null_rate.METRIC.statistic(*sides)
    assert statistic == pytest.approx([distances.rate_change(reference, current)], rel=1e-12, abs=1e-15)
    expected = pvalues.two_shares(*reference, *current)
    assert null_rate.METRIC.pvalue(*sides, statistic) == pytest.approx([expected], rel=1e-6, abs=1e-300)


def test_statistic__other_rows_do_not_count():
    others = dict.fromkeys({"missing", "null", "nan", "infinite", "unseen"} - {"null"}, 5)
    assert null_rate.METRIC.statistic(views.presence(10), views.presence(10, **others)) == [0.0]
