"""`Healthy`: the client that only wants its calls answered."""

from __future__ import annotations

import threading
import traceback
from typing import Any

from rpc.peer import Peer
from websockets.exceptions import ConnectionClosed

from .door import Door

TOKENS_CHANGED = 4401


class Healthy(threading.Thread):
    """Calls again and again, and looks at every answer. When the tokens change it comes in again;
    nothing else ends its connection."""

    def __init__(self, door: Door, stop: threading.Event) -> None:
        super().__init__(name="healthy", daemon=True)
        self._door = door
        self._stop_ = stop
        self.calls = 0
        self.comings = 0
        self.vitals: dict[str, int] = {"connections": 0}
        self.errors: list[str] = []

    def run(self) -> None:
        try:
            while not self._stop_.is_set():
                self._visit()
        except Exception:
            self.errors.append(traceback.format_exc())

    def _visit(self) -> None:
        with self._door.peer() as peer:
            self.comings += 1
            try:
                while not self._stop_.wait(0.005):
                    self._call(peer)
            except ConnectionClosed as closed:
                if closed.rcvd is None or closed.rcvd.code != TOKENS_CHANGED:
                    raise

    def _call(self, peer: Peer) -> None:
        self.calls += 1
        value: Any = {"number": self.calls, "text": "é" * (self.calls % 300)}
        answer = peer.call("echo", value)
        assert answer == {"jsonrpc": "2.0", "id": 1, "result": value}, answer
        if self.calls % 10 == 0:
            self.vitals = peer.call("vitals")["result"]
