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

import stagedoor
from stagedoor.live.domains import frame, process, rpc, session, topic
from stagedoor.live.registry import Announcement
from stagedoor.live.rpc.discover import describe
from stagedoor.live.rpc.fanout import Fanout
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.roles import Role, RoleName
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
        self._server = WebSocketServer(
            subprotocols=["stagedoor.json"], compression=True, max_connections=64
        )
        fanout = Fanout(self._server)
        self._hub = Hub(self.name, fanout)
        for domain in (rpc, frame, session):
            domain.add_to(self._hub)
        process.add_to(self._hub.methods, self.name)
        topic.add_to(self._hub, fanout.join, fanout.leave)
        self._hub.on_authenticated = self._authenticated
        self._server._advice = "call stage.tick(dt) once a frame"
        self._server._tokens = self._hub.keys.for_core()
        self._server.onconnection = self._connected
        self._announcement: Announcement | None = None
        self._spent = 0.0
        self._generation = 0
        """Of the tokens: how often they were rotated."""

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
        game = Game(
            name=self.name,
            pid=os.getpid(),
            host=host,
            port=self.port,
            url=self.url,
            started=time.time(),
        )
        self._announcement = Announcement(game, self._hub.keys.tokens)

    def _connected(self, connection: WebSocketServerConnection) -> None:
        if connection._core.token_generation < self._generation:
            # It came in by an old token while the tokens were changed.
            connection.close(4401, "the tokens have changed")
            return
        role = connection._core.role
        self._hub.connected(connection, None if role is None else Role(role))

    def _authenticated(self, session: Session) -> None:
        session.connection._core.authenticate()

    @overload
    def rpc(self, function: Function, /) -> Function: ...
    @overload
    def rpc(
        self,
        function: None = None,
        /,
        *,
        name: str | None = None,
        role: RoleName = "operator",
        timeout: float | None = 5.0,
        thread: bool = False,
    ) -> Callable[[Function], Function]: ...
    def rpc(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        role: RoleName = "operator",
        timeout: float | None = 5.0,
        thread: bool = False,
    ) -> Any:
        """Make a function callable from outside: `@stage.rpc`, or `@stage.rpc(name="a.b")`.

        Its type hints say what params it takes. Plain functions run in `tick()`; `async def` in the
        game's asyncio loop, or in one that the stage steps; a generator one step a frame, each
        `yield` being told as progress; with `thread=True` a plain function runs on a thread of its
        own. `role`: who may call it. `timeout`: seconds, None: as long as it takes. The function
        itself stays as it is. Registering a name again replaces it. Raises TypeError for hints that
        JSON cannot fill, ValueError for a name or option that cannot be one.
        """
        options: dict[str, Any] = {"name": name, "role": role, "timeout": timeout, "thread": thread}
        if function is not None:
            self._hub.methods.add(function, **options)
            return function

        def register(function: Function) -> Function:
            self._hub.methods.add(function, **options)
            return function

        return register

    def rpc_all(self, prefix: str, instance: object, /, *, role: RoleName = "operator") -> None:
        """Make each public method of an object callable, as `prefix.method`."""
        self._hub.methods.add_all(prefix, instance, role=role)

    def remove(self, name: str, /) -> None:
        """Take a method back. Calls under way go on. Raises KeyError."""
        self._hub.methods.remove(name)

    def encoder(self, kind: type, encode: Callable[[Any], Any], /) -> None:
        """Say how values of a type that JSON does not know are sent: `encode` makes of one
        something that it does know. Holds for subclasses, too."""
        self._hub.encoders[kind] = encode

    def watch(
        self, name: str, read: Callable[[], Any], /, *, description: str = "", history: int = 0
    ) -> None:
        """A live value that clients can subscribe to.

        `read` is called once a frame in `tick()`, while somebody subscribes or history is kept, and
        not at all otherwise. `history`: how many values to keep for who comes later. Watching a
        name again replaces it.
        """
        self._hub.topics.add(name, read, description=description, history=history)

    def emit(self, topic: str, data: object, /) -> None:
        """Tell something to who subscribes to the topic; costs next to nothing when nobody does."""
        self._hub.topics.emit(topic, data)

    def rotate_tokens(self) -> None:
        """Make new tokens; connections that were let in by the old ones are closed with 4401."""
        self._hub.keys.rotate()
        tokens = self._hub.keys.for_core()
        self._server._tokens = tokens
        if self._server._core is not None:
            self._generation = self._server._core.set_tokens(tokens)
        if self._announcement is not None:
            try:
                self._announcement.write_tokens(self._hub.keys.tokens)
            except OSError as error:
                logger.warning("the new tokens of %s are nowhere to be read: %s", self.name, error)
        for session_ in list(self._hub.sessions):
            session_.role = None
            session_.connection.close(4401, "the tokens have changed")

    def describe(self) -> dict[str, Any]:
        """What `rpc.discover` answers: an OpenRPC document."""
        return describe(self._hub, stagedoor.__version__)

    def tick(self, dt: float) -> float:
        """Answer callers, on this thread, for 2 ms at most; what is left waits for the next frame.

        Takes and returns the seconds since the last frame. The time spent here is taken off the
        next one: the game never sees it. Call it once a frame, where a frame begins.
        """
        began = perf_counter()
        hub = self._hub
        hub.topics.frame += 1
        try:
            self._server.poll(_BUDGET)
        except RuntimeError:
            logger.exception("the stage %s is closed; the game goes on", self.name)
            self.close()
        if hub.runner.calls or hub.topics.live or hub.has_changed:
            hub.end_frame()
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
        self._hub.runner.close()
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
