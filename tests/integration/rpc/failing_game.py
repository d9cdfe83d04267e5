"""A game in which everything fails that a client can reach, with a text as long as it is told."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

import stagedoor
from stagedoor.wire.errors import TooManyRequests

logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)
stage = stagedoor.start("failing", port=0)
assert stage.enabled


class Unsendable:
    pass


@stage.rpc(role="viewer")
def raises(text: str) -> None:
    raise KeyError(text)


@stage.rpc(role="viewer")
def refuses(text: str) -> None:
    raise TooManyRequests(text)


@stage.rpc(role="viewer")
def exits(text: str) -> None:
    raise SystemExit(text)


@stage.rpc(role="viewer")
def unsendable(text: str) -> Any:
    return Unsendable()


@stage.rpc(role="viewer")
def large(text: str) -> str:
    return "x" * (17 << 20)


@stage.rpc(role="viewer")
def yields(text: str) -> Iterator[Any]:
    yield Unsendable()
    raise KeyError(text)


@stage.rpc(role="viewer")
def cannot_stop(text: str) -> Iterator[int]:
    try:
        while True:
            yield 1
    finally:
        raise KeyError(text)


@stage.rpc(role="viewer")
async def awaits(text: str) -> None:
    await asyncio.sleep(0)
    raise KeyError(text)


@stage.rpc(role="viewer")
async def starts(text: str) -> None:
    async def task() -> None:
        raise KeyError(text)

    asyncio.get_running_loop().create_task(task())


@stage.rpc(role="viewer", thread=True)
def threads(text: str) -> None:
    raise KeyError(text)


@stage.rpc(role="operator")
def changes(text: str) -> None: ...


@stage.rpc(role="viewer")
def takes(text: str) -> int:
    return len(text)


@stage.rpc(role="viewer")
def mark(text: str) -> None:
    print("INFO", text, flush=True)


def no_value() -> Any:
    raise KeyError("x" * 1_000_000)


stage.watch("raises", no_value)
stage.watch("dict", lambda: {"x": 1})
stage.watch("unsendable", Unsendable)
stage.watch("sometimes", lambda: {"x": 1} if time.time() % 0.1 < 0.05 else 1)

print("port", stage.port, flush=True)
while True:
    stage.tick(0.005)
    time.sleep(0.005)
