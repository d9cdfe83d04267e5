"""What clients cost a game's thread that look at its objects: pages, a root, previews.

Calls are made as `tick()` makes them, without a network: the time is that of the game's thread for
the method and its answer as JSON, in all frames that it takes.
"""

import json
import os
import sys
from time import perf_counter
from timeit import Timer
from typing import Any

os.environ["STAGEDOOR"] = "1"

from benchmarks.costs import (
    OPEN_ROOT,
    PAGES,
    PREVIEW_OF_1_GB,
    PREVIEW_OF_1_KB,
)
from stagedoor.live.reach.preview import preview
from stagedoor.live.rpc.plain import exhaust
from stagedoor.live.stage import Stage
from stagedoor.wire.roles import Role

MILLION = 1_000_000
TIMES = 30
PAGE = 100


class Rock:
    def __init__(self, number: int) -> None:
        self.number = number
        self.kind = "big"


class World:
    """What the game exposes."""

    def __init__(self) -> None:
        for prefix, size in (("small", 2 * PAGE), ("large", MILLION)):
            numbers = range(size)
            setattr(self, f"{prefix}_list", list(numbers))
            setattr(self, f"{prefix}_dict", {f"key {number}": number for number in numbers})
            setattr(self, f"{prefix}_set", set(numbers))


class Caller:
    """Calls methods of a stage as a client of this role would."""

    def __init__(self, stage: Stage) -> None:
        self._hub = stage._hub
        self.role = Role.VIEWER

    def call(self, name: str, **params: Any) -> bytes:
        """Take all steps of a method. Returns its result as JSON."""
        method = self._hub.methods.by_name[name]
        result = exhaust(method.function(self, **params))
        text: bytes = self._hub.encoder.encode(result)
        return text


def main() -> None:
    rounds = 3 if "--quick" in sys.argv else 15
    stage, world = Stage("objects"), World()
    large = [Rock(number) for number in range(100_000)]
    stage.expose("world", world)
    stage.expose("rocks", large)
    caller = Caller(stage)
    few, gigabyte = bytes(1000), bytes(1 << 30)
    found: dict[str, list[float]] = {}

    def note(what: str, nanoseconds: float) -> None:
        found.setdefault(what, []).append(nanoseconds)

    for _ in range(rounds):
        for kind, (small, large) in PAGES.items():
            note(small, pages(caller, f"world.small_{kind}"))
            note(large, pages(caller, f"world.large_{kind}"))
        began = perf_counter()
        caller.call("objects.get", path="rocks")
        caller.call("objects.children", path="rocks")
        note(OPEN_ROOT, (perf_counter() - began) * 1e9)
        for what, value in {PREVIEW_OF_1_KB: few, PREVIEW_OF_1_GB: gigabyte}.items():
            timer = Timer(lambda value=value: preview(value, Role.VIEWER))  # type: ignore[misc]
            note(what, min(timer.repeat(TIMES, 100)) / 100 * 1e9)
    print(json.dumps(found))


def pages(caller: Caller, path: str) -> float:
    """Nanoseconds of a page after the first, the fastest of some: each goes on after the last."""
    fastest, start = float("inf"), 0
    for _ in range(TIMES):
        began = perf_counter()
        page = caller.call("objects.children", path=path, start=start, count=PAGE)
        took = perf_counter() - began
        if start:
            fastest = min(fastest, took)
        start = json.loads(page).get("next", 0)
    return fastest * 1e9


if __name__ == "__main__":
    main()
