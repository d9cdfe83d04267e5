"""Time statements, and print the nanoseconds of each in several rounds: `report()`."""

import json
import sys
import timeit
from collections.abc import Mapping

CALLS = 100_000
ROUNDS = 15


class Empty:
    """What the others are compared with: a method that returns its argument."""

    def tick(self, dt: float) -> float:
        return dt


def report(statements: Mapping[str, str], names: Mapping[str, object]) -> None:
    """Time an empty method call and each statement, one after the other in each round. Print the
    nanoseconds of each in each round. `statements`: by title. `names`: what they can use."""
    timers = {
        title: timeit.Timer(statement, globals=dict(names))
        for title, statement in {"empty method": "empty.tick(dt)", **statements}.items()
    }
    found: dict[str, list[float]] = {title: [] for title in timers}
    for _ in range(3 if "--quick" in sys.argv else ROUNDS):
        for title, timer in timers.items():
            found[title].append(timer.timeit(CALLS) / CALLS * 1e9)
    print(json.dumps(found))
