"""A row of numbers as a line of small bars: `sparkline()`."""

import math
from collections.abc import Iterable

_BARS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=+*#@"


def sparkline(numbers: Iterable[float], encoding: str = "utf-8") -> str:
    """A bar for each number, from the least to the greatest; nothing for what is no number."""
    values = [number for number in numbers if math.isfinite(number)]
    if not values:
        return ""
    low, high = min(values), max(values)
    bars = _bars(encoding)
    if low == high:
        return bars[0] * len(values)
    scale = (len(bars) - 1) / (high / 2 - low / 2)  # halves: the difference could be infinite
    return "".join(bars[round((value / 2 - low / 2) * scale)] for value in values)


def _bars(encoding: str) -> str:
    try:
        _BARS.encode(encoding)
    except UnicodeEncodeError:
        return _ASCII
    return _BARS
