"""Numbers as small bars: `stagedoor.cli.sparkline`."""

import math

import pytest

from stagedoor.cli.sparkline import sparkline


@pytest.mark.parametrize(
    ("numbers", "bars"),
    [
        ([], ""), ([5], "▁"), ([5, 5], "▁▁"), ([0, 7], "▁█"), (range(8), "▁▂▃▄▅▆▇█"),
        ([-1, 0, 1], "▁▅█"), ([math.nan, 1, math.inf, 2], "▁█"), ([-1.7e308, 0, 1.7e308], "▁▅█"),
    ],
    ids=repr,
)  # fmt: skip
def test_each_number_is_a_bar_between_the_least_and_the_greatest(
    numbers: list[float], bars: str
) -> None:
    assert sparkline(numbers) == bars


def test_a_terminal_without_bars_gets_others() -> None:
    assert sparkline([0, 7], "ascii") == "_@"
