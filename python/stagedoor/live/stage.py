"""`Stage`: the game's handle on its door."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, TypeVar, overload

from stagedoor.live.domains import process
from stagedoor.live.registry import Announcement
from stagedoor.live.rpc.methods import Methods
from stagedoor.live.rpc.session import Session
from stagedoor.live.websocket import WebSocketServer, WebSocketServerConnection
from stagedoor.wire.games import Game

logger = logging.getLogger("stagedoor")

Function = TypeVar("Function", bound=Callable[..., Any])

DEFAULT_PORT = 8787
_PORTS_TRIED = 100
_BUDGET = 0.002
"""Seconds of a frame that callers get."""


class Stage:
    """A running game's door: what it offers, and where callers are answered.

    Made by `stagedoor.start()`. Methods are for the game's thread.
    """

    enabled: Literal[True] = True

    def __init__(self, name: str | None = None) -> None:
        self.name = _full_name(name)
        """The game's name; `game/Process-1` for a child made by multiprocessing."""
        self._methods = Methods()
        process.add_to(self._methods, self.name)
        self._server = WebSocketServer(subprotocols=["stagedoor.json"], max_connections=64)
        self._server._advice = "call stage.tick(dt) once a frame"
        self._server.onconnection = self._connected
        self._announcement: Announcement | None = None
        self._spent = 0.0

    @classmethod
    def start(
        cls, name: str | None = None, *, port: int | None = None, host: str = "127.0.0.1"
    ) -> Stage:
        """Listen, and be found by name. Raises OSError when it cannot listen."""
        stage = cls(name)
        stage._listen(port, host)
        return stage

    def __repr__(self) -> str:
        return f"<stagedoor stage {self.name!r}, {self.url or 'closed'}>"

    @property
    def port(self) -> int | None:
        """Where the stage listens; None when it is closed."""
        return self._server.port

    @property
    def url(self) -> str | None:
        """What a client on this machine connects to; None when the stage is closed."""
        return None if self.port is None else f"ws://{_local(self._host)}:{self.port}/"

    def _listen(self, port: int | None, host: str) -> None:
        self._host = host
        first = DEFAULT_PORT if port is None else port
        last = first + _PORTS_TRIED if port is None else first
        for candidate in range(first, last + 1):
            try:
                self._server.listen(candidate, host)
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or candidate == last:
                    raise
        assert self.port is not None
        assert self.url is not None
        self._announcement = Announcement(
            Game(
                name=self.name,
                pid=os.getpid(),
                host=host,
                port=self.port,
                url=self.url,
                started=time.time(),
            )
        )

    def _connected(self, connection: WebSocketServerConnection) -> None:
        Session(connection, self._methods)

    @overload
    def rpc(self, function: Function, /) -> Function: ...
    @overload
    def rpc(
        self, function: None = None, /, *, name: str | None = None
    ) -> Callable[[Function], Function]: ...
    def rpc(self, function: Callable[..., Any] | None = None, /, *, name: str | None = None) -> Any:
        """Make a function callable from outside: `@stage.rpc`, or `@stage.rpc(name="a.b")`.

        Its type hints say what params it takes. The function itself stays as it is. Registering a
        name again replaces it. Raises TypeError for hints that JSON cannot fill, ValueError for a
        name that cannot be one.
        """
        if function is not None:
            self._methods.add(function)
            return function

        def register(function: Function) -> Function:
            self._methods.add(function, name)
            return function

        return register

    def tick(self, dt: float) -> float:
        """Answer callers, on this thread, for 2 ms at most; what is left waits for the next frame.

        Takes and returns the seconds since the last frame. The time spent here is taken off the
        next one: the game never sees it. Call it once a frame, where a frame begins.
        """
        began = perf_counter()
        try:
            self._server.poll(_BUDGET)
        except RuntimeError:
            logger.exception("the stage %s is closed; the game goes on", self.name)
            self.close()
        spent, self._spent = self._spent, perf_counter() - began
        return max(0.0, dt - spent)

    async def frame(self, dt: float) -> float:
        """`tick()` for a game on asyncio: lets the loop run its other tasks once, too."""
        dt = self.tick(dt)
        await asyncio.sleep(0)
        return dt

    def close(self) -> None:
        """Let nobody in any more, and say goodbye to who is here. Does not block."""
        if self._announcement is not None:
            self._announcement.withdraw()
            self._announcement = None
        self._server.close()


def _full_name(name: str | None) -> str:
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    name = name or (Path(main).stem if main else "python")
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        return f"{name}/{multiprocessing.current_process().name}"
    return name


def _local(host: str) -> str:
    """The address under which this machine reaches a server that listens at this host."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host
