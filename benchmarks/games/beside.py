"""An event loop of uvloop on a thread beside the game."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

import uvloop

Serve = Callable[[], Awaitable[int]]
"""Starts a server and returns its port."""


def start(serve: Serve) -> tuple[asyncio.AbstractEventLoop, int]:
    """Begin to serve, on a thread of its own; returns its loop and the port."""
    started: Future[tuple[asyncio.AbstractEventLoop, int]] = Future()

    async def main() -> None:
        started.set_result((asyncio.get_running_loop(), await serve()))
        await asyncio.Event().wait()

    threading.Thread(target=lambda: uvloop.run(main()), daemon=True).start()
    return started.result()
