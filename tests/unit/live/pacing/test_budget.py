"""`Budget`: what gives when stagedoor takes more of a frame than it may."""

from __future__ import annotations

import pytest

from stagedoor.live.pacing.budget import MOST, WINDOW, Budget

BUDGET = 0.002


@pytest.fixture
def budget() -> Budget:
    return Budget(BUDGET)


def window(budget: Budget, calls: float, topics: float) -> None:
    """As many frames as it takes; `topics`: what reading them all costs."""
    for _ in range(WINDOW):
        telemetry = topics / budget.thinning
        budget.count(calls + telemetry, telemetry)


def test_within_the_budget_nothing_happens(budget: Budget) -> None:
    for _ in range(10):
        window(budget, 0.0005, 0.001)
    assert budget.thinning == 1
    assert budget.cost == pytest.approx(0.0015)


def test_topics_that_cost_too_much_are_thinned_until_they_fit(budget: Budget) -> None:
    thinnings = []
    for _ in range(6):
        window(budget, 0.0, 0.01)
        thinnings.append(budget.thinning)
    assert thinnings == [2, 4, 8, 8, 8, 8]
    assert budget.cost < BUDGET


def test_not_beyond_a_limit(budget: Budget) -> None:
    for _ in range(10):
        window(budget, 0.0, 10.0)
    assert budget.thinning == MOST


def test_one_slow_frame_is_no_reason(budget: Budget) -> None:
    budget.count(0.05, 0.05)
    for _ in range(WINDOW - 1):
        budget.count(0.0005, 0.0005)
    assert budget.thinning == 1


def test_calls_alone_do_not_thin_topics_that_cost_next_to_nothing(budget: Budget) -> None:
    for _ in range(5):
        window(budget, 0.01, 0.00001)
    assert budget.thinning == 1


def test_a_frame_full_of_calls_is_not_over_the_budget(budget: Budget) -> None:
    window(budget, BUDGET, 0.0001)
    assert budget.thinning == 1


def test_it_recovers_by_itself_and_does_not_swing(budget: Budget) -> None:
    for _ in range(3):
        window(budget, 0.0, 0.01)
    assert budget.thinning == 8
    for _ in range(5):
        window(budget, 0.0, 0.0005)
    assert budget.thinning == 1
    seen = set()
    for _ in range(20):
        window(budget, 0.0, 0.003)
        seen.add(budget.thinning)
    assert seen == {2}


def test_a_larger_budget_is_kept_to_from_then_on(budget: Budget) -> None:
    window(budget, 0.0, 0.01)
    budget.seconds = 0.05
    window(budget, 0.0, 0.01)
    assert budget.thinning == 1


def test_listeners_hear_of_each_change(budget: Budget) -> None:
    heard: list[int] = []
    budget.listeners.append(lambda: heard.append(budget.thinning))
    for _ in range(5):
        window(budget, 0.0, 0.01)
    for _ in range(5):
        window(budget, 0.0, 0.0)
    assert heard == [2, 4, 8, 4, 2, 1]
