"""Nanoseconds for a call, the smallest of several repeats."""

import json
import timeit
from collections.abc import Mapping

CALLS = 200_000
REPEATS = 7


class Empty:
    """What the others are compared with: a method that hands back its argument."""

    def tick(self, dt: float) -> float:
        return dt


def report(statements: Mapping[str, str], names: Mapping[str, object]) -> None:
    """Time each statement, and an empty method call, and print the results."""
    found = {
        title: min(timeit.repeat(statement, globals=dict(names), number=CALLS, repeat=REPEATS))
        for title, statement in {"empty method": "empty.tick(dt)", **statements}.items()
    }
    print(json.dumps({title: seconds / CALLS * 1e9 for title, seconds in found.items()}))
