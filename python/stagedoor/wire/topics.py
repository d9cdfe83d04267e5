"""`Mode`: which of a topic's values a subscriber gets. `RATES`: how often."""

from bisect import bisect_right
from typing import Final, Literal, TypeAlias, get_args

Mode: TypeAlias = Literal["all", "latest", "mean", "peak", "change"]
"""`all`: every value. The other modes send one value each time that the topic is due: the `latest`,
the `mean` or the `peak` of the values since it was last due, or, for `change`, the latest if it
differs from the one sent before."""

MODES: Final[tuple[Mode, ...]] = get_args(Mode)

# fmt: off
RATES: Final = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
    1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 240, 1000,
)
# fmt: on
"""How many times a second a topic may be due for a subscriber. There are few, because each costs
the game a text for each value."""


def agreed_rate(hz: float) -> float:
    """The highest rate that is not above `hz`; the lowest, if all are. What no subscriber may ask
    for, 0 or less or above the highest, is returned as it is."""
    if not 0 < hz <= RATES[-1]:
        return hz
    return float(RATES[max(bisect_right(RATES, hz) - 1, 0)])
