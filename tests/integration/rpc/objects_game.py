"""A game whose objects are large, deep, never the same, and stop it if code of theirs runs."""

from __future__ import annotations

import sys
import time
from typing import Any

import stagedoor

stage = stagedoor.start("objects", port=0)
assert stage.enabled
print("port", stage.port)
longest = 0.0
MILLION = 1_000_000


def trap(*_: object, **__: object) -> Any:
    """Stops the game for good."""
    print("code of the game ran", flush=True)
    time.sleep(600)


class Trap:
    __repr__ = __str__ = __len__ = __bool__ = __iter__ = __getattr__ = __eq__ = __hash__ = trap  # type: ignore[assignment]
    __class__ = __dir__ = property(trap)  # type: ignore[assignment]
    value = property(trap)

    def __init__(self) -> None:
        self.me = self


class World:
    def __init__(self) -> None:
        self.score = 0
        self.list = [0] * (10 * MILLION)
        self.dict = {f"key {number}": number for number in range(MILLION)}
        self.set = set(range(MILLION))
        self.changing = dict.fromkeys(range(50_000))
        self.text = "x" * (64 * MILLION)
        self.bytes = bytes(1 << 30)
        self.deep: list[Any] = []
        self.trap = Trap()
        self.traps = [Trap()] * 1000
        self.wide = Wide()
        self.password = "hunter2"


class Wide:
    """It has 100 000 attributes."""

    def __init__(self) -> None:
        for number in range(100_000):
            setattr(self, f"attribute{number}", number)


@stage.rpc(role="viewer")
def echo(value: Any) -> Any:
    return value


@stage.rpc(role="viewer")
def frames() -> tuple[int, float]:
    """How many there were, and the processor time of the longest since this was last asked."""
    global longest
    told, longest = longest, 0.0
    return stage._hub.frame, told


world = World()
for _ in range(100_000):
    world.deep = [world.deep]
stage.expose("world", world)
stage.expose("game", sys.modules["__main__"])

while True:
    began = time.thread_time()
    world.changing[stage._hub.frame + MILLION] = None
    stage.tick(0.0)
    longest = max(longest, time.thread_time() - began)
    time.sleep(0.002)
