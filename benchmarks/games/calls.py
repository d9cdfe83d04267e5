"""What a game with an asyncio thread has to write itself: a queue to the game's thread.

JSON is decoded and encoded on the asyncio thread, so that a frame contains nothing but the calls.
Once a frame, the game takes the calls that have come, and gives all answers back together: one
wake-up a frame.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvloop

Reply = Callable[[bytes], None]
"""Sends an answer. Call it on the asyncio thread."""


class Request(msgspec.Struct):
    id: int
    method: str
    params: list[Any]


class Answer(msgspec.Struct):
    result: object
    id: int
    jsonrpc: str = "2.0"


class Calls:
    """The queue, and the thread that fills it."""

    def __init__(self, add: Callable[[int, int], int]) -> None:
        self._methods = {"add": add}
        self._waiting: deque[tuple[Reply, Request]] = deque()
        self._decode = msgspec.json.Decoder(Request).decode
        self._encode = msgspec.json.Encoder().encode
        self._started = threading.Event()
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, serve: Callable[[], Awaitable[int]]) -> int:
        """Begin to serve, on a new thread; returns the port. `serve`: starts a server, and returns
        its port."""

        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._port = await serve()
            self._started.set()
            await asyncio.Event().wait()

        threading.Thread(target=uvloop.run, args=(main(),), daemon=True).start()
        self._started.wait()
        return self._port

    def put(self, message: bytes | str, reply: Reply) -> None:
        """Queue a request that has come. Call it on the asyncio thread."""
        self._waiting.append((reply, self._decode(message)))

    def answer(self) -> None:
        """Run the calls that wait. Call it once a frame, on the game's thread."""
        if not self._waiting:
            return
        results = []
        for _ in range(len(self._waiting)):
            reply, request = self._waiting.popleft()
            results.append((reply, request.id, self._methods[request.method](*request.params)))
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._send, results)

    def _send(self, results: list[tuple[Reply, int, object]]) -> None:
        for reply, ident, result in results:
            reply(self._encode(Answer(result, ident)))
