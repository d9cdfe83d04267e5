"""A row of numbers as a line of small bars: `sparkline()`."""

import math
from collections.abc import Iterable

_BARS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=+*#@"


def sparkline(numbers: Iterable[float], encoding: str = "utf-8") -> str:
    """A bar for each number, scaled between the least and the greatest. NaN and the infinities are
    left out. If `encoding` has no bars, they are ASCII characters."""
    values = [number for number in numbers if math.isfinite(number)]
    if not values:
        return ""
    low, high = min(values), max(values)
    bars = _bars(encoding)
    if low == high:
        return bars[0] * len(values)
    scale = (len(bars) - 1) / (high / 2 - low / 2)  # halves, because the difference could overflow
    return "".join(bars[round((value / 2 - low / 2) * scale)] for value in values)


def _bars(encoding: str) -> str:
    try:
        _BARS.encode(encoding)
    except UnicodeEncodeError:
        return _ASCII
    return _BARS
