"""A hub with the domain `objects`, a game to reach into, and callers of each role."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of, request

from stagedoor.live.domains import rpc, topic
from stagedoor.live.domains.objects import methods
from stagedoor.wire.roles import Role

PATIENCE = 60.0


@dataclass(eq=False)
class Rock:
    x: float = 0.0
    kind: str = "big"


@dataclass(eq=False)
class World:
    rocks: list[Rock] = field(default_factory=lambda: [Rock(1.0), Rock(2.0)])
    score: int = 0
    name: str = "space"
    _private: int = 1
    password: str = "hunter2"
    config: dict[Any, Any] = field(default_factory=lambda: {"easy": True, 3: 1.5})

    @property
    def trap(self) -> int:
        raise AssertionError("code of the game has run")


class Stage:
    """Frames pass when somebody asks, or waits."""

    def __init__(self) -> None:
        self.parts = parts_of(new_hub())
        self.hub = self.parts.hub
        methods.add_to(self.parts)
        topic.add_to(self.parts)
        rpc.add_to(self.parts)
        self.world = World()
        self.parts.roots.expose("world", self.world)
        self.connection = connect(self.hub)
        self._ids = itertools.count(1)

    def client(self, role: Role) -> FakeConnection:
        return connect(self.hub, role)

    def ask(self, method: str, connection: FakeConnection | None = None, **params: Any) -> Any:
        """The whole answer, however many frames it takes; `progress` has what came before it."""
        connection, ident = connection or self.connection, next(self._ids)
        self.progress: list[Any] = []
        connection.deliver(json.dumps(request(method, params, ident)))
        deadline = time.monotonic() + PATIENCE
        while True:
            for message in connection.messages():
                if message.get("id") == ident:
                    return message
                if message.get("method") == "rpc.progress":
                    self.progress.append(message["params"]["value"])
            assert time.monotonic() < deadline
            frame(self.hub)

    def call(self, method: str, connection: FakeConnection | None = None, **params: Any) -> Any:
        answer = self.ask(method, connection, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def fault(self, method: str, connection: FakeConnection | None = None, **params: Any) -> Any:
        return self.ask(method, connection, **params)["error"]

    def frames(self, count: int = 1) -> None:
        frame(self.hub, count)
