"""What counts as flat."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .figures import MIB, ROOM, Sample, growing, table


def samples(memory: Callable[[int], float], descriptors: Callable[[int], float]) -> list[Sample]:
    return [Sample(at / 4, memory(at), descriptors(at), 7, 20) for at in range(120)]


def test_what_goes_up_and_down_is_flat_and_so_is_what_grew_while_it_warmed_up() -> None:
    found = samples(lambda at: (80 + at % 5 + min(at, 29)) * MIB, lambda at: 20 + at % 30)
    assert growing(found) == {}


@pytest.mark.parametrize("name", ["memory", "descriptors"])
def test_what_grows_is_not(name: str) -> None:
    per_sample = ROOM[name] / 25
    found = samples(
        lambda at: 80 * MIB + at * per_sample * (name == "memory"),
        lambda at: 20 + at % 3 + at * per_sample * (name == "descriptors"),
    )
    assert list(growing(found)) == [name]


def test_a_spike_is_no_growth() -> None:
    found = samples(lambda at: (80 + 200 * (at == 100)) * MIB, lambda at: 20)
    assert growing(found) == {}


def test_the_table_has_a_line_for_every_few_samples() -> None:
    lines = table(samples(lambda at: at * MIB, lambda at: 3)).splitlines()
    assert len(lines) == 1 + 24
    assert lines[0].split() == ["seconds", "memory", "descriptors", "threads", "connections"]
    assert lines[2].split() == ["1.2", "5.0", "3.0", "7.0", "20.0"]
