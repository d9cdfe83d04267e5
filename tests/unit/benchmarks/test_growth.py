"""How costs grow, and which growth is said to be too fast."""

import os
import time

from benchmarks.growth import TABLES, TOLERANCE, Table, lines, too_fast
from benchmarks.serving import on_processor


def table(*, is_flat: bool) -> Table:
    return Table("Echo:", "connections", (1, 10), lambda count, seconds: 0.0, is_flat=is_flat)


def test_a_flat_cost_may_not_grow_and_another_in_proportion() -> None:
    flat, steep = table(is_flat=True), table(is_flat=False)
    assert list(too_fast(flat, {1: 100.0, 10: 100.0 * TOLERANCE})) == []
    assert list(too_fast(flat, {1: 100.0, 10: 160.0})) == [
        "Grows too fast: 1.6 x from 1 to 10 connections, at most 1.5 x was expected."
    ]
    assert list(too_fast(steep, {1: 100.0, 10: 1000.0 * TOLERANCE})) == []
    assert len(list(too_fast(steep, {1: 100.0, 10: 1600.0, 100: 100.0}))) == 1


def test_a_table_says_costs_and_how_they_compare_with_the_first() -> None:
    found = list(lines(table(is_flat=False), {1: 2000.0, 1000: 5000.0}))
    assert found[0].strip() == "Echo:"
    assert found[-2:] == ["| 1 | 2.00 us | 1.00 |", "| 1 000 | 5.00 us | 2.50 |"]


def test_counts_go_up() -> None:
    for one in TABLES:
        assert list(one.counts) == sorted(set(one.counts)), one.title


def test_the_processor_time_of_a_process_is_that_of_its_threads() -> None:
    before, mine = on_processor(os.getpid()), time.process_time_ns()
    while time.process_time_ns() < mine + 20_000_000:
        pass
    assert on_processor(os.getpid()) - before >= 15_000_000
