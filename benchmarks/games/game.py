"""A game: in each frame it works in Python, then answers callers, then may sleep.

Arguments: `WORK FPS`, the seconds of work in a frame, and frames per second; 0: it never sleeps.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from time import perf_counter, sleep

CALM = 0.5
"""Seconds that are timed before the game takes calls."""


class Game:
    """Runs until SIGTERM. Then it prints how much longer its frames took with calls than without,
    as a share. The time of a frame is that of the work and the answers, without the sleep."""

    def __init__(self) -> None:
        work, rate = map(float, sys.argv[1:])
        self.frame = 1 / rate if rate else work
        self._steps = _steps_that_take(work)
        self._sleeps = rate > 0
        self._due = perf_counter()
        self._calls = 0
        self._is_over = False

    def add(self, a: int, b: int) -> int:
        """The method that clients call. It runs on the game's thread."""
        self._calls += 1
        return a + b

    def run(self, answer: Callable[[], object], *announcement: object) -> None:
        """Play. `answer` is called once a frame. `announcement` is printed before any calls."""
        signal.signal(signal.SIGTERM, self._end)
        calm = [self._play(answer) for _ in range(round(CALM / self.frame))]
        print(*announcement, flush=True)

        # `frames` and `busy`: the frames from the first to the last with a call, and their seconds.
        # `so_far` and `seconds`: those from the first until now. The last may have had no calls.
        frames, busy, so_far, seconds = 0, 0.0, 0, 0.0
        while not self._is_over:
            calls = self._calls
            took = self._play(answer)
            if self._calls:
                so_far, seconds = so_far + 1, seconds + took
            if self._calls > calls:
                frames, busy = so_far, seconds
        if frames:
            added = busy / frames / (sum(calm) / len(calm)) - 1
            print(json.dumps({"added_to_frame": added}), flush=True)
        os._exit(0)  # a server's thread may still be running

    def _play(self, answer: Callable[[], object]) -> float:
        """Play a frame; return the seconds that it took."""
        began = perf_counter()
        _work(self._steps)
        answer()
        ended = perf_counter()
        if self._sleeps:
            self._due = max(self._due + self.frame, ended)
            sleep(self._due - ended)
        return ended - began

    def _end(self, *_: object) -> None:
        self._is_over = True


def _work(steps: int) -> int:
    total = 0
    for step in range(steps):
        total += step & 7
    return total


def _steps_that_take(seconds: float) -> int:
    steps = 10_000
    best = min(_time(steps) for _ in range(50))
    return int(steps * seconds / best)


def _time(steps: int) -> float:
    began = perf_counter()
    _work(steps)
    return perf_counter() - began
