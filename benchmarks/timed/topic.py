"""A frame of a stage that publishes a value to one subscriber, and to a thousand.

The subscribers are connections of the load generator, which reads from them all the time. Each
frame changes a topic of 200 B. Only `tick()` is timed, on the game's thread.
"""

import json
import os
import sys
from statistics import median
from time import perf_counter, sleep

os.environ["STAGEDOOR"] = "1"

from benchmarks.costs import MANY, ONE
from benchmarks.timed.readers import FRAME, Readers, stage_for
from stagedoor.live.stage import Stage

COUNTS = {ONE: 1, MANY: 1000}


def main() -> None:
    rounds, seconds = (1, 1.0) if "--quick" in sys.argv else (5, 2.0)
    stage = stage_for(max(COUNTS.values()))
    letters = [chr(ord("a") + number % 26) * 198 for number in range(26)]
    stage.watch("value", lambda: letters[stage._hub.frame % 26])
    found: dict[str, list[float]] = {what: [] for what in COUNTS}
    for _ in range(rounds):
        for what, count in COUNTS.items():
            found[what].append(median(frames_of(stage, count, seconds)) * 1e9)
    print(json.dumps(found))


def frames_of(stage: Stage, subscribers: int, seconds: float) -> list[float]:
    """Seconds of each tick while so many subscribers read."""
    times: list[float] = []
    token = stage._hub.keys.tokens.viewer
    readers = Readers(stage.port, token, subscribers, seconds, "value")
    while readers.are_there:
        began = perf_counter()
        stage.tick(FRAME)
        if readers.are_ready.is_set():
            times.append(perf_counter() - began)
        sleep(FRAME)
    for _ in range(10):  # handle that the subscribers have left
        stage.tick(FRAME)
        sleep(FRAME)
    found = readers.left()
    if found["fewest"] < len(times) / 10:  # a busy machine loses some values, but not so many
        raise SystemExit(f"not all {subscribers} got the values: {found}")
    return times


if __name__ == "__main__":
    main()
