"""The rates of subscriptions."""

from __future__ import annotations

from math import inf, isnan, nan

import pytest

from stagedoor.wire.topics import RATES, agreed_rate


def test_rates_that_may_be_had_are_agreed_to() -> None:
    assert [agreed_rate(rate) for rate in RATES] == list(RATES)


@pytest.mark.parametrize(
    ("asked", "agreed"),
    [(1.5, 1), (9.99, 8), (59.9, 50), (61, 60), (999.9, 240), (0.3, 0.2), (1e-9, 0.001)],
)
def test_others_are_rounded_down(asked: float, agreed: float) -> None:
    assert agreed_rate(asked) == agreed


def test_what_may_not_be_asked_for_stays_as_it_is() -> None:
    assert [agreed_rate(hz) for hz in (0, -1, 1000.1, inf)] == [0, -1, 1000.1, inf]
    assert isnan(agreed_rate(nan))
