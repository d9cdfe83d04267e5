"""A native server without `WebSocketServer` around it, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from stagedoor import _core
from stagedoor.limits import Limits

PATIENCE = 60.0
"""Seconds; nothing here takes so long unless it is broken."""


def arrived(client: ClientConnection) -> None:
    """Wait until all that a client has sent is where the program takes it. A ping is answered a
    moment before that, and the next one after it."""
    for _ in range(2):
        assert client.ping().wait(PATIENCE), "it is not read any more"


class Native:
    """Collects the events of a server."""

    def __init__(self, core: _core.Server, clients: ExitStack) -> None:
        self.core = core
        self._clients = clients
        self.host = "{}:{}".format(*core.address)
        self.receiver: list[Any] = [None, self]
        self._events: list[tuple[int, int, Any]] = []

    def next(self, kind: int) -> tuple[int, Any]:
        """The connection id and the data of the next event of this kind; others wait, and messages
        are not kept."""
        while True:
            for at, (found, ident, data) in enumerate(self._events):
                if found == kind:
                    del self._events[at]
                    return ident, data
            assert self.core.wait(PATIENCE), f"no event of kind {kind}"
            self._collect()

    def _collect(self) -> None:
        while self.core.load():
            events = self.core.take(self.receiver, 1000)
            self._events += [data for receiver, data in events if receiver is self.receiver]
        self.core.end()

    def connect(self, **options: Any) -> ClientConnection:
        return self._clients.enter_context(connect(f"ws://{self.host}", proxy=None, **options))

    def opened(self, **options: Any) -> tuple[ClientConnection, _core.Connection]:
        """A new client, and its connection here."""
        client = self.connect(**options)
        return client, self.next(_core.OPENED)[1]


@contextmanager
def listen(**options: Any) -> Iterator[Native]:
    """A server on a free port, with these options beside the usual ones."""
    usual = {"ping_interval": None, "max_calls_per_second": None}
    limits = {name: options.pop(name) for name in Limits._fields if name in options}
    others: dict[str, Any] = {
        "hosts": [],
        "origins": [],
        "subprotocols": [],
        "compression": False,
        "tls": None,
        "tokens": None,
    }
    core = _core.Server("127.0.0.1", 0, Limits(**(usual | limits)), **(others | options))
    with ExitStack() as clients:
        native = Native(core, clients)
        yield native
    core.stop()
    native.next(_core.STOPPED)
