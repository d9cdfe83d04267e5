"""A game that never sleeps: a frame is 1 ms of work in Python, then callers are answered."""

import json
import os
import signal
from collections.abc import Callable
from time import perf_counter

FRAME = 0.001
"""Seconds of work in a frame."""
CALM_FRAMES = 500
"""So many are timed before anybody can call."""


class Game:
    """Runs until SIGTERM, then prints how much longer its frames took while it was called."""

    def __init__(self) -> None:
        self._steps = _steps_that_take(FRAME)
        self._calls = 0
        self._is_over = False

    def add(self, a: int, b: int) -> int:
        """What is called, on the game's thread."""
        self._calls += 1
        return a + b

    def run(self, answer: Callable[[], object], *announcement: object) -> None:
        """Play; `answer` is called once a frame. Says the announcement when callers may come."""
        signal.signal(signal.SIGTERM, self._end)
        began = perf_counter()
        for _ in range(CALM_FRAMES):
            self._frame(answer)
        calm = (perf_counter() - began) / CALM_FRAMES
        print(*announcement, flush=True)

        frames, since = 0, 0.0
        busy, until = 0, 0.0  # frames from the first to the last that had a call in it
        while not self._is_over:
            calls = self._calls
            self._frame(answer)
            if calls == 0 and self._calls:
                since = perf_counter()
            elif calls:
                frames += 1
                if self._calls > calls:
                    busy, until = frames, perf_counter()
        if busy:
            print(json.dumps({"added_to_frame": (until - since) / busy / calm - 1}), flush=True)
        os._exit(0)  # a server's thread may still be running

    def _frame(self, answer: Callable[[], object]) -> None:
        _work(self._steps)
        answer()

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
