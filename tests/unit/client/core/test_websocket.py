"""One connection, without I/O: `stagedoor.client.core.websocket`, against the server's protocol."""

import logging

import pytest
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from stagedoor.client.core.address import Address
from stagedoor.client.core.websocket import QUIET, Binary, Link
from stagedoor.client.errors import CannotConnectError, ConnectionLostError, TokenRefusedError

ADDRESS = Address("ws://127.0.0.1:8787/", "pong", "secret-token")


class Game:
    """The other side."""

    def __init__(self, link: Link) -> None:
        self.protocol = ServerProtocol(subprotocols=["stagedoor.json"])  # type: ignore[list-item]
        self.protocol.receive_data(link.transmit())
        [request] = self.protocol.events_received()
        assert isinstance(request, Request)
        self.request = request

    def accept(self) -> bytes:
        self.protocol.send_response(self.protocol.accept(self.request))
        return self.said()

    def said(self) -> bytes:
        return b"".join(self.protocol.data_to_send())

    def hears(self, link: Link) -> list[Frame]:
        self.protocol.receive_data(link.transmit())
        return [event for event in self.protocol.events_received() if isinstance(event, Frame)]


def opened() -> tuple[Link, Game]:
    link = Link(ADDRESS, 0.0)
    game = Game(link)
    assert link.receive(game.accept(), 0.0) == []
    assert link.is_open
    return link, game


def test_the_request_has_the_token_and_nothing_that_only_browsers_send() -> None:
    headers = Game(Link(ADDRESS, 0.0)).request.headers
    assert headers["Authorization"] == "Bearer secret-token"
    assert headers["Sec-WebSocket-Protocol"] == "stagedoor.json"
    assert "Origin" not in headers
    assert "Sec-WebSocket-Extensions" not in headers
    assert "Authorization" not in Game(Link(Address(ADDRESS.url), 0.0)).request.headers


def test_the_token_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "websockets.client", "stagedoor.client.core.websocket"):
        caplog.set_level(logging.DEBUG, name)
    link = Link(ADDRESS, 0.0)
    game = Game(link)
    link.receive(game.accept(), 0.0)
    link.close()
    assert "secret-token" not in repr(link)
    ours = [record for record in caplog.records if record.name != "websockets.server"]
    assert "secret-token" not in "".join(record.getMessage() for record in ours)


def test_messages_come_whole_one_byte_at_a_time_and_behind_the_handshake() -> None:
    link = Link(ADDRESS, 0.0)
    game = Game(link)
    data = game.accept()
    game.protocol.send_text(b"one")
    game.protocol.send_text(b"t", fin=False)
    game.protocol.send_ping(b"?")
    game.protocol.send_continuation(b"wo", fin=True)
    game.protocol.send_binary(b"three")
    game.protocol.send_binary(b"fo", fin=False)
    game.protocol.send_continuation(b"ur", fin=True)
    data += game.said()
    messages = [text for byte in data for text in link.receive(bytes([byte]), 0.0)]
    assert messages == [b"one", b"two", b"three", b"four"]
    assert [isinstance(message, Binary) for message in messages] == [False, False, True, True]
    assert [frame.opcode for frame in game.hears(link)] == [Opcode.PONG]


def test_what_is_sent_arrives() -> None:
    link, game = opened()
    link.send(b"hello")
    [frame] = game.hears(link)
    assert (frame.opcode, bytes(frame.data)) == (Opcode.TEXT, b"hello")


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [(401, TokenRefusedError, "the token is not valid"), (503, CannotConnectError, "HTTP 503"),
     (403, CannotConnectError, "HTTP 403")],
)  # fmt: skip
def test_a_refusal_says_why(status: int, kind: type[Exception], words: str) -> None:
    link = Link(ADDRESS, 0.0)
    game = Game(link)
    game.protocol.send_response(game.protocol.reject(status, "no"))
    link.receive(game.said(), 0.0)
    assert type(link.failure) is kind
    assert words in str(link.failure)
    assert "secret" not in str(link.failure)


@pytest.mark.parametrize(
    "data", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0-x\r\n", b"\x00" * 99_999, b"\n" * 10]
)
def test_who_is_no_websocket_server_is_a_clear_error(data: bytes) -> None:
    link = Link(ADDRESS, 0.0)
    link.transmit()
    link.receive(data, 0.0)
    link.receive(b"", 0.0)
    assert isinstance(link.failure, CannotConnectError)
    assert not link.is_open


def test_a_close_of_the_game_is_a_failure_with_its_code_and_is_answered() -> None:
    link, game = opened()
    game.protocol.send_close(4403, "kicked")
    link.receive(game.said(), 0.0)
    assert isinstance(link.failure, ConnectionLostError)
    assert (link.failure.code, link.failure.reason) == (4403, "kicked")
    assert [frame.opcode for frame in game.hears(link)] == [Opcode.CLOSE]
    assert link.receive(b"more", 0.0) == []


@pytest.mark.parametrize(
    ("data", "code"), [(b"\x88\x01x", 1002), (b"\xff\xff", 1002), (b"\x88\x02\x11\x31", 4401)]
)
def test_a_failure_in_the_same_read_as_the_handshake_is_one_of_the_connection(
    data: bytes, code: int
) -> None:
    link = Link(ADDRESS, 0.0)
    assert link.receive(Game(link).accept() + data, 0.0) == []
    assert isinstance(link.failure, ConnectionLostError)
    assert link.failure.code == code


def test_our_close_waits_for_the_games_and_sends_nothing_after() -> None:
    link, game = opened()
    link.close()
    link.send(b"too late")
    link.close()
    assert [frame.opcode for frame in game.hears(link)] == [Opcode.CLOSE]
    assert link.failure is None
    link.receive(game.said(), 0.0)
    assert isinstance(link.failure, ConnectionLostError)
    assert link.failure.code == 1000


@pytest.mark.parametrize(
    ("data", "code"), [(b"", None), (b"\xff\xff", 1002), (b"\x82\x7f\x7f" + b"\xff" * 7, 1002)]
)
def test_an_end_without_a_close_is_a_failure(data: bytes, code: int | None) -> None:
    link, _ = opened()
    link.receive(data, 0.0)
    assert isinstance(link.failure, ConnectionLostError)
    assert link.failure.code == code


def test_a_silent_game_is_pinged_once_and_then_given_up() -> None:
    link, game = opened()
    link.keep_alive(QUIET - 1)
    assert link.transmit() == b""
    link.keep_alive(QUIET)
    link.keep_alive(QUIET + 5)
    assert [frame.opcode for frame in game.hears(link)] == [Opcode.PING]
    link.receive(game.said(), QUIET + 6)
    link.keep_alive(QUIET + 7)
    assert link.failure is None
    link.keep_alive(3 * QUIET + 6)
    assert isinstance(link.failure, ConnectionLostError)
    assert "nothing was heard for 40 s" in str(link.failure)
