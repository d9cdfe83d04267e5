"""How many calls a second somebody may make."""

from __future__ import annotations

import pytest

from stagedoor.live.rpc import rate as module
from stagedoor.live.rpc.rate import Rate


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def granted(rate: Rate, asked: int) -> int:
    return sum(rate.take() for _ in range(asked))


def test_so_many_are_granted_at_once_and_not_one_more(clock: list[float]) -> None:
    rate = Rate(1000)
    assert granted(rate, 1000) == 1000
    assert granted(rate, 5000) == 0
    clock[0] += 0.999
    assert granted(rate, 5000) == 0
    clock[0] += 0.001
    assert granted(rate, 5000) == 1000


def test_no_second_has_more_wherever_it_begins(clock: list[float]) -> None:
    rate = Rate(1000)
    grants: list[float] = []
    for turn in range(5000):
        clock[0] += (turn % 7) * 0.0005
        grants += [clock[0]] * granted(rate, 3)
    for first in range(len(grants)):
        past = first + 1000 + 100  # the rest of a portion that was granted before
        assert past >= len(grants) or grants[past] - grants[first] >= 1.0
    assert len(grants) >= 0.9 * 1000 * (clock[0] - 1000.0)


def test_who_calls_slowly_is_never_refused(clock: list[float]) -> None:
    rate = Rate(1000)
    for _ in range(5000):
        clock[0] += 0.0011
        assert rate.take()


@pytest.mark.parametrize("most", [1, 5, 99, 100, 101, 150, 199, 10_050])
def test_any_number_is_granted_exactly(clock: list[float], most: int) -> None:
    rate = Rate(most)
    for _ in range(5):
        assert granted(rate, most) == most
        assert granted(rate, most) == 0
        clock[0] += 1.0
