"""A game that is not one: a JSON-RPC server in threads of this process, for clients to call.

`running(answer)` is one that answers as it is told; `fake_stage` has answers that keep to the
contract of the RPC interface.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from stagedoor.wire.games import Game, encode_game
from stagedoor.wire.tokens import Tokens, encode_tokens

Answer = Callable[["FakeGame", dict[str, object]], str | bytes | None]


class FakeGame:
    """`answer` gets each request and says what to send; `headers` and `received` say what came."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.headers: dict[str, str] = {}
        self.received: list[dict[str, object]] = []
        self.connection: ServerConnection | None = None
        self.connections = 0
        self.tokens: set[str] | None = None
        self.notified = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse a client without a good token, where there are any."""
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens is None or shown in self.tokens:
            return None
        return connection.respond(401, "")

    def notify(self, method: str, params: object) -> None:
        """Send a notification to the client that came last."""
        assert self.connection is not None
        self.connection.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    def handle(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.connections += 1
        try:
            for message in connection:
                assert isinstance(message, str)
                request = json.loads(message)
                self.received.append(request)
                answer = self.answer(self, request)
                if answer is not None:
                    connection.send(answer)
                self.notified.set()
        except ConnectionClosed:
            pass


def result(value: object) -> Answer:
    """Answers every call with this result."""
    return lambda game, call: (
        json.dumps({"jsonrpc": "2.0", "result": value, "id": call["id"]}) if "id" in call else None
    )


def error(code: int, message: str, data: object = None) -> Answer:
    """Answers every call with this error."""
    body = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return lambda game, call: json.dumps({"jsonrpc": "2.0", "error": body, "id": call["id"]})


@contextmanager
def running(answer: Answer, *, port: int = 0, tokens: set[str] | None = None) -> Iterator[FakeGame]:
    """Such a game, listening on a port of its own, or on this one; it leaves with the block."""
    game = FakeGame(answer)
    game.tokens = tokens
    with serve(
        game.handle,
        "127.0.0.1",
        port,
        process_request=game.admit,
        subprotocols=[Subprotocol("stagedoor.json")],
    ) as server:
        game.port = _port(server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield game
        finally:
            server.shutdown()
            thread.join()


def _port(server: Server) -> int:
    port: int = server.socket.getsockname()[1]
    return port


def register(folder: Path, game: Game) -> Path:
    """Write what a running game writes."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / game.file_name
    file.write_bytes(encode_game(game))
    return file


def register_tokens(games: Path, game: Game, tokens: Tokens) -> Path:
    """Write what a running game writes for its owner alone; `games` is the folder of the games."""
    folder = games.parent / "tokens"
    folder.mkdir(exist_ok=True, mode=0o700)
    file = folder / game.file_name
    file.touch(mode=0o600)
    file.write_bytes(encode_tokens(tokens))
    return file
