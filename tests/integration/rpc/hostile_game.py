"""A game whose methods do all that a method must not; it prints its port and how it is.

Started with `asyncio`, it runs in an asyncio loop; with `plain`, in one of its own.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import stagedoor

logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)
stage = stagedoor.start("hostile", port=0)
assert stage.enabled
assert stage.port is not None
print("port", stage.port)


@stage.rpc(role="viewer")
def echo(value: Any) -> Any:
    return value


@stage.rpc(role="viewer")
def add(a: int, b: int = 10, *, rocks: list[dict[str, int]] | None = None) -> int:
    return a + b


@stage.rpc(role="viewer")
def vitals() -> dict[str, int]:
    """What must not grow."""
    return {
        "threads": threading.active_count(),
        "calls": len(stage._hub.runner.calls),
        "groups": sum(len(topic.groups) for topic in stage._hub.topics),
    }


longest = 0.0


@stage.rpc(role="viewer")
def frames() -> tuple[int, float]:
    """How many there were, and the processor time of the longest since this was last asked."""
    global longest
    told, longest = longest, 0.0
    return stage._hub.frame, told


def frame_took(seconds: float) -> None:
    global longest
    longest = max(longest, seconds)


@stage.rpc(role="viewer")
def fail() -> None:
    raise LookupError("no such rock")


@stage.rpc(role="viewer")
def leave() -> None:
    raise SystemExit(3)


@stage.rpc(role="viewer")
def interrupt() -> None:
    raise KeyboardInterrupt


@stage.rpc(role="viewer", timeout=0.2)
async def hang() -> None:
    await asyncio.get_running_loop().create_future()


@stage.rpc(role="viewer", timeout=0.2)
def hang_in_steps() -> Iterator[None]:
    while True:
        yield


@stage.rpc(role="viewer")
async def start_task_that_leaves() -> str:
    async def boom() -> None:
        raise SystemExit(4)

    task = asyncio.create_task(boom())
    for _ in range(3):
        await asyncio.sleep(0)
    return type(task.exception()).__name__


@stage.rpc(role="viewer")
def make(what: str) -> Any:
    """What cannot be sent."""
    cycle: list[Any] = []
    cycle.append(cycle)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    made = {
        "object": object(),
        "cycle": cycle,
        "deep": deep,
        "surrogate": "\ud800",
        "keys": {object(): 3},
        "error": ValueError("\ud800"),
    }[what]
    if isinstance(made, Exception):
        raise made
    return made


@stage.rpc(role="viewer", timeout=None)
def large(size: int, kind: str = "text") -> Any:
    """An answer of this size, more or less."""
    piece = 1 << 20
    if kind == "text":
        return "x" * size
    if kind == "parts":  # none of which is large
        return {"parts": [[["x" * piece]] for _ in range(size // piece)]}
    raise ValueError("x" * size)


@stage.rpc(role="viewer")
def tick_again() -> float:
    return stage.tick(0.0)


@stage.rpc(role="viewer")
def call_myself() -> object:
    with stagedoor.connect(f"ws://127.0.0.1:{stage.port}/", timeout=0.2) as client:
        return client.call("echo", 1)


@stage.rpc(role="viewer")
def send_everybody_away() -> None:
    for session in list(stage._hub.sessions):
        session.connection.close(4000, "go")


@stage.rpc(role="viewer")
def disconnect_me(address: str) -> str:
    for session in list(stage._hub.sessions):
        if session.address == address:
            session.connection.close(4000, "go")
    return "nobody hears this"


@stage.rpc(role="viewer")
def replace_tokens() -> None:
    stage.rotate_tokens()


@stage.rpc(role="viewer")
def stop() -> str:
    stage.close()
    return "closing"


@stage.rpc(role="operator")
def change() -> None:
    print("changed")


@stage.rpc(role="viewer", timeout=None)
async def wait() -> None:
    await asyncio.get_running_loop().create_future()


stage.emit("quiet", None)
stage.emit("quiet.too", None)
stage.watch("frame", lambda: stage._hub.frame)


async def run_asyncio() -> None:
    while True:
        began = time.thread_time()
        try:
            await stage.frame(0.0)
        except KeyboardInterrupt:
            print("interrupted")
        await asyncio.sleep(0.002)
        frame_took(time.thread_time() - began)


def run_plain() -> None:
    while True:
        began = time.thread_time()
        try:
            stage.tick(0.0)
            time.sleep(0.002)
        except KeyboardInterrupt:
            print("interrupted")
        frame_took(time.thread_time() - began)


if sys.argv[1:] == ["asyncio"]:
    asyncio.run(run_asyncio())
run_plain()
