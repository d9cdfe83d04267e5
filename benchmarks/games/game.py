"""A game: a frame is some work in Python, then callers are answered, then it may sleep.

`GAME WORK FPS`: seconds of work in a frame, and frames in a second, 0 for a game that never sleeps.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from time import perf_counter, sleep

CALM = 0.5
"""Seconds that are timed before anybody can call."""


class Game:
    """Runs until SIGTERM, then prints how much longer its frames took while it was called: the work
    and the answers, without the sleep."""

    def __init__(self) -> None:
        work, rate = map(float, sys.argv[1:])
        self.frame = 1 / rate if rate else work
        self._steps = _steps_that_take(work)
        self._sleeps = rate > 0
        self._due = perf_counter()
        self._calls = 0
        self._is_over = False

    def add(self, a: int, b: int) -> int:
        """What is called, on the game's thread."""
        self._calls += 1
        return a + b

    def run(self, answer: Callable[[], object], *announcement: object) -> None:
        """Play; `answer` is called once a frame. Says the announcement when callers may come."""
        signal.signal(signal.SIGTERM, self._end)
        calm = [self._play(answer) for _ in range(round(CALM / self.frame))]
        print(*announcement, flush=True)

        # Frames from the first to the last that had a call in it: their number and seconds, and
        # those so far, of which the last may have had none.
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
        """A frame; the seconds it took."""
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
