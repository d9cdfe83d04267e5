"""A game for the soak: it has methods of every kind, topics, and methods that come and go.

With `leak`, each call of `echo` leaves 64 KiB behind: to see the soak fail.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

import stagedoor

RECORDS = 10_000
"""What the log's ring takes: it is full before anything is measured."""

leaked: list[bytes] = []
logger = logging.getLogger("game")
logger.addHandler(logging.NullHandler())
logger.propagate = False
logger.setLevel(logging.INFO)

stage = stagedoor.start("soak", port=0)
assert stage.enabled
for number in range(RECORDS):
    logger.info("the log's ring holds what it holds: record %d", number)
print("port", stage.port)


@stage.rpc(role="viewer")
def echo(value: Any) -> Any:
    if "leak" in sys.argv:
        leaked.append(b"x" * 65536)
    return value


@stage.rpc(role="viewer")
def vitals() -> dict[str, int]:
    """What must not grow."""
    return {
        "connections": len(stage._transport.peers),
        "calls": len(stage._hub.runner.calls),
        "groups": sum(len(topic.groups) for topic in stage._hub.topics),
        "frames": stage._hub.frame,
    }


@stage.rpc(role="viewer")
def count(to: int) -> Iterator[int]:
    yield from range(to)


@stage.rpc(role="viewer")
async def later(value: int) -> int:
    return value


@stage.rpc(role="viewer", thread=True)
def aside(value: int) -> int:
    return value


@stage.rpc(role="viewer")
def fail(value: int) -> None:
    raise LookupError(f"no rock {value}")


@stage.rpc
def reload(number: int) -> None:
    """Each time another function, with other params; now and then it is taken back."""

    def changing(value: int, times: int = number) -> int:
        return value * times

    stage.rpc(changing)
    if number % 3 == 0:
        stage.remove("changing")


@stage.rpc(role="admin")
def rotate() -> None:
    stage.rotate_tokens()


stage.watch("position", lambda: {"x": time.time(), "y": [1.0] * 50}, history=100)
stage.watch("map", lambda: "x" * 50_000)
while True:
    stage.tick(0.005)
    stage.emit("shots", {"frame": stage._hub.frame})
    if stage._hub.frame % 20 == 0:
        logger.info("a flood of the game's own, in frame %d", stage._hub.frame)
    time.sleep(0.005)
