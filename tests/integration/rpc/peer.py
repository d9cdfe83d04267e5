"""`Peer`: a client that sends what it is told, and `Game`: the process that it sends it to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from after import Frames, Health, peak_memory
from program import PATIENCE, Program
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from stagedoor.wire.roles import RoleName
from stagedoor.wire.tokens import Tokens, decode_tokens

GAME = Path(__file__).with_name("hostile_game.py")


class Peer:
    """One connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, message: object) -> None:
        """A text message: a `str` as it is, anything else as JSON."""
        self.connection.send(message if isinstance(message, str) else json.dumps(message))

    def receive(self) -> Any:
        """The next message, decoded."""
        return json.loads(self.connection.recv(PATIENCE))

    def ask(self, message: object) -> Any:
        """Send a message; what is sent back."""
        self.send(message)
        return self.receive()

    def call(self, method: str, *positional: object, **by_name: object) -> Any:
        """The whole answer to a call."""
        return self.ask(request(method, by_name or positional))

    def error(self, method: str, *positional: object, **by_name: object) -> Any:
        """The error that a call is answered with."""
        answer = self.call(method, *positional, **by_name)
        assert "error" in answer, answer
        return answer["error"]

    def round_trip(self) -> Frames:
        """How the game's frames are."""
        assert self.call("echo", "still here")["result"] == "still here"
        return Frames(*self.call("frames")["result"])

    def close_code(self) -> int | None:
        """Read until the connection is closed."""
        try:
            while True:
                self.connection.recv(PATIENCE)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else None

    @property
    def address(self) -> str:
        host, port = self.connection.local_address[:2]
        return f"{host}:{port}"


def request(method: str, params: object = None, ident: object = 1) -> dict[str, Any]:
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "id": ident}
    return message if params is None else message | {"params": params}


@contextmanager
def sending(peer: Peer, messages: Iterable[object]) -> Iterator[None]:
    """Sends all of these from a thread of its own: the peer may read meanwhile."""

    def send_all() -> None:
        for message in messages:
            peer.send(message)

    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send_all)
        yield
        sent.result(PATIENCE)


class Game:
    """hostile_game.py as a process."""

    def __init__(self, program: Program, runtime: Path) -> None:
        self.program = program
        self.runtime = runtime
        self.port = int(program.wait_for(r"^port (\d+)$")[1])
        self._health: Health | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is done in this context leaves the game as it was: calls and subscriptions, too."""
        if self._health is None:
            with self.peer() as first:  # coroutines get their loop, which stays
                first.call("hang")
            self._health = Health(self.program.process.pid, self.peer, is_hostile=True)
        with self._health.kept(), self.peer() as healthy:
            before = healthy.call("vitals")["result"]
            yield
            deadline = time.monotonic() + PATIENCE
            while (after := healthy.call("vitals")["result"]) != before:
                assert time.monotonic() < deadline, (before, after)
                time.sleep(0.01)

    @property
    def tokens(self) -> Tokens:
        """As they are now."""
        (file,) = (self.runtime / "tokens").iterdir()
        return decode_tokens(file.read_bytes())

    @contextmanager
    def peer(self, role: RoleName | None = "viewer", token: str | None = None) -> Iterator[Peer]:
        """A client with the token of a role, or another one, or none."""
        if role is not None and token is None:
            token = self.tokens.of(role)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        with connect(
            f"ws://127.0.0.1:{self.port}",
            additional_headers=headers,
            compression=None,
            max_size=None,
            proxy=None,
            close_timeout=1,
        ) as connection:
            yield Peer(connection)

    def memory(self) -> int:
        """Bytes resident at the most so far."""
        return peak_memory(self.program.process.pid)
