"""The Cocos interface, made exact: a connection's state, its close, and what it knows."""

from __future__ import annotations

import threading

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from stagedoor.live.net.websocket import ReadyState, WebSocketServer

from .conftest import Connect, Serve
from .raw import CLOSE, PATIENCE, TEXT, close_payload, frame
from .running import Recording, client_of, poll_until, wait_until


class TestConnectionClose:
    @pytest.mark.parametrize("code", [1000, 3000, 4999])
    def test_sends_code_and_reason(
        self, server: WebSocketServer, connect: Connect, code: int
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()
        connection.send("last words")
        connection.close(code, "é" * 61 + "!")
        connection.close(3333, "only the first close counts")
        assert connection.readyState.name == "CLOSING"
        assert client.read_frame().payload == b"last words"
        assert client.read_close() == (code, "é" * 61 + "!")
        client.send(frame(CLOSE, close_payload(code)))
        recording.wait_for("closed")
        assert recording.events == [("closed", 1, None)]
        assert connection.readyState.name == "CLOSED"
        assert connection.close_code == code

    def test_without_arguments_it_is_1000(self, server: WebSocketServer, connect: Connect) -> None:
        client = connect(server)
        Recording(server).next_connection().close()
        assert client.read_close() == (1000, "")

    @pytest.mark.parametrize("code", [0, 999, 1001, 1005, 1006, 1011, 2999, 5000, 1 << 40, -1])
    def test_other_codes_are_a_value_error(
        self, server: WebSocketServer, connect: Connect, code: int
    ) -> None:
        connect(server)
        connection = Recording(server).next_connection()
        with pytest.raises(ValueError, match="code must be 1000 or 3000-4999"):
            connection.close(code)
        assert connection.readyState == ReadyState.OPEN

    def test_a_reason_has_at_most_123_bytes(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        connect(server)
        connection = Recording(server).next_connection()
        with pytest.raises(ValueError, match="at most 123 bytes"):
            connection.close(1000, "é" * 62)
        with pytest.raises(ValueError, match="surrogates"):
            connection.close(1000, "\ud800")
        for code, reason in [("1000", ""), (True, ""), (1000, b"bytes"), (1000, None)]:
            with pytest.raises(TypeError, match="must be"):
                connection.close(code, reason)  # type: ignore[arg-type]
        assert connection.readyState == ReadyState.OPEN

    def test_a_peer_that_does_not_answer_is_given_up(self, serve: Serve, connect: Connect) -> None:
        server = serve(close_timeout=0.1)
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()
        connection.close(4000)
        (text,) = recording.wait_for("closed")
        assert "did not answer our close frame" in text
        assert connection.close_code == 1006
        client.read_close()
        assert client.read_to_end() == b""

    def test_messages_still_come_until_the_peer_has_closed(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        recording.next_connection().close()
        client.read_close()
        client.send(frame(TEXT, b"on its way") + frame(CLOSE, close_payload(1000)))
        recording.wait_for("closed")
        assert recording.events == [("text", 1, "on its way"), ("closed", 1, None)]

    def test_from_another_thread_while_the_game_does_not_poll(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        connection = Recording(server).next_connection()
        thread = threading.Thread(target=connection.close, args=(4001,))
        thread.start()
        assert client.read_close() == (4001, "")
        thread.join()


class TestReadyState:
    def test_has_the_numbers_of_browsers(self) -> None:
        assert [(state.name, state) for state in ReadyState] == [
            ("CONNECTING", 0),
            ("OPEN", 1),
            ("CLOSING", 2),
            ("CLOSED", 3),
        ]

    def test_follows_the_connections_life(self, server: WebSocketServer, connect: Connect) -> None:
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()
        states = [connection.readyState]
        connection.onclose = lambda: states.append(connection.readyState)
        connection.close()
        states.append(connection.readyState)
        client.read_close()
        client.send(frame(CLOSE, close_payload(1000)))
        poll_until(server, lambda: len(states) == 3)
        assert states == [ReadyState.OPEN, ReadyState.CLOSING, ReadyState.CLOSED]


class TestWhatAConnectionKnows:
    def test_headers_in_lower_case_and_joined(
        self, server: WebSocketServer, connect: Connect, dial: Connect
    ) -> None:
        client = dial(server)
        client.upgrade(headers=["X-Team: Red", "x-many: 1", "X-MANY:  2 ", "X-Latin: caf\xe9"])
        headers = Recording(server).next_connection().headers
        assert headers["x-team"] == "Red"
        assert headers["x-many"] == "1, 2"
        assert headers["x-latin"] == "caf\xe9"
        assert headers["host"] == f"127.0.0.1:{server.port}"
        assert all(name == name.lower() for name in headers)

    def test_path_with_its_query(self, server: WebSocketServer) -> None:
        with client_of(server, "/level?n=1&m=%20"):
            assert Recording(server).next_connection().path == "/level?n=1&m=%20"

    def test_protocol_is_none_without_one(self, server: WebSocketServer, connect: Connect) -> None:
        connect(server)
        assert Recording(server).next_connection().protocol is None

    def test_protocol_is_the_one_agreed_on(self, serve: Serve) -> None:
        server = serve(subprotocols=["b.v2", "a.v1"])
        offered = [Subprotocol("x"), Subprotocol("a.v1"), Subprotocol("b.v2")]
        with client_of(server, subprotocols=offered) as client:
            assert client.subprotocol == "a.v1", "the client's first that is spoken here"
            assert Recording(server).next_connection().protocol == "a.v1"

    def test_remote_address_is_the_clients(self, server: WebSocketServer) -> None:
        with client_of(server) as client:
            assert Recording(server).next_connection().remote_address == client.local_address

    def test_ids_count_from_1(self, server: WebSocketServer, connect: Connect) -> None:
        recording = Recording(server)
        for number in (1, 2, 3):
            client = connect(server)
            connection = recording.next_connection()
            assert connection.id == number
            assert f" {number} from 127.0.0.1:" in repr(connection)
            client.close()
            recording.wait_for("closed", number)


class TestWithAClientThatIsNotOurs:
    def test_echoes_and_closes_cleanly_both_ways(self, server: WebSocketServer) -> None:
        recording = Recording(server)
        with client_of(server) as client:
            connection = recording.next_connection()
            connection.onmessage = lambda data: connection.send(data)
            for data in ("text é", b"\0\1", "x" * 70_000, "", b"y" * (1 << 20)):
                client.send(data)
                poll_until(server, lambda: recording.events)
                recording.events.clear()
                assert client.recv(PATIENCE) == data
        recording.wait_for("closed")
        assert recording.events == [("closed", 1, None)]
        with client_of(server) as client:
            recording.next_connection().close(4000, "enough")
            with pytest.raises(ConnectionClosed) as closed:
                client.recv(PATIENCE)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "enough")
            assert closed.value.sent is not None
        recording.wait_for("closed", 2)
        assert recording.of("closed") == [None, None]

    def test_many_messages_in_flight_come_in_order(self, server: WebSocketServer) -> None:
        recording = Recording(server)
        with client_of(server) as client:
            recording.next_connection()
            for number in range(2000):
                client.send(str(number))
            wait_until(lambda: server._transport.native is not None)
            recording.wait_for("text", 2000)
        assert recording.of("text") == [str(number) for number in range(2000)]
