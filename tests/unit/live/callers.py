"""Callers of a real stage, over real sockets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as websocket

from stagedoor.live.stage import Stage
from stagedoor.wire.roles import RoleName

PATIENCE = 60.0
Start = Callable[..., Stage]


def tick_until(stage: Stage, condition: Callable[[], object]) -> None:
    """Have frames without clients' help."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        stage.tick(0.0)


class Caller:
    """A client with the token of a role; its calls are answered by ticks on this thread."""

    def __init__(self, stage: Stage, role: RoleName | None = "admin", **options: Any) -> None:
        assert stage.url is not None
        self.stage = stage
        if role is not None:
            token = stage._hub.keys.tokens.of(role)
            options["additional_headers"] = {"Authorization": f"Bearer {token}"}
        self._connect: AbstractContextManager[ClientConnection] = websocket(
            stage.url, proxy=None, compression=None, **options
        )

    def __enter__(self) -> Caller:
        self.client = self._connect.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._connect.__exit__(None, None, None)

    def send(self, method: str, *positional: object, **by_name: object) -> None:
        params = by_name or positional
        request = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        self.client.send(json.dumps(request))

    def receive(self) -> Any:
        """Tick until there is an answer."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.stage.tick(0.0)
            try:
                return json.loads(self.client.recv(0.005))
            except TimeoutError:
                continue
        pytest.fail("no answer")

    def call(self, method: str, *positional: object, **by_name: object) -> Any:
        self.send(method, *positional, **by_name)
        return self.receive()
