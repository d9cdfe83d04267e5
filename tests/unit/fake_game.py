"""A game that is not one: a JSON-RPC server in a thread of this process, for clients to call."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from stagedoor.wire.games import Game, encode_game

Answer = Callable[["FakeGame", dict[str, object]], str | bytes | None]


class FakeGame:
    """`answer` gets each request and says what to send; `headers` and `received` say what came."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.headers: dict[str, str] = {}
        self.received: list[dict[str, object]] = []
        self.connection: ServerConnection | None = None
        self.notified = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.connection = connection
        self.headers = {name.lower(): value for name, value in connection.request.headers.items()}
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
def running(answer: Answer) -> Iterator[FakeGame]:
    """Such a game, listening on a port of its own."""
    game = FakeGame(answer)
    with serve(game.handle, "127.0.0.1", 0, subprotocols=["stagedoor.json"]) as server:  # type: ignore[list-item]
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
