"""`Peer`: a client that sends what it is told, and `Game`: the process that it sends it to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from program import PATIENCE, Program
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from stagedoor.wire.tokens import Role, Tokens, decode_tokens

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


class Game:
    """hostile_game.py as a process."""

    def __init__(self, program: Program, runtime: Path) -> None:
        self.program = program
        self.runtime = runtime
        self.port = int(program.wait_for(r"^port (\d+)$")[1])

    @property
    def tokens(self) -> Tokens:
        """As they are now."""
        (file,) = (self.runtime / "tokens").iterdir()
        return decode_tokens(file.read_bytes())

    @contextmanager
    def peer(self, role: Role | None = "viewer", token: str | None = None) -> Iterator[Peer]:
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
        text = Path(f"/proc/{self.program.process.pid}/status").read_text()
        (line,) = [line for line in text.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024
