"""Every row of the table in the design: the seed's interface, made exact."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as websocket
from websockets.typing import Subprotocol

from stagedoor.live.net.websocket import ReadyState, WebSocketServer, WebSocketServerConnection

from .conftest import Connect, Serve
from .raw import BINARY, CLOSE, PATIENCE, TEXT, Frame, close_payload, frame
from .running import MORE_THAN_THE_KERNEL_TAKES, Recording, poll_until, wait_until


def client_of(server: WebSocketServer, path: str = "/", **options: Any) -> ClientConnection:
    url = f"ws://127.0.0.1:{server.port}{path}"
    client: ClientConnection = websocket(url, proxy=None, compression=None, **options)
    return client


class TestListen:
    def test_without_a_host_it_is_127_0_0_1(self, server: WebSocketServer) -> None:
        with client_of(server) as client:
            assert client.remote_address == ("127.0.0.1", server.port)
        assert f"127.0.0.1:{server.port}" in repr(server)

    def test_port_0_takes_a_free_port_and_port_tells_which(self, serve: Serve) -> None:
        first, second = serve(), serve()
        assert first.port is not None
        assert first.port > 0
        assert first.port != second.port

    def test_port_is_none_before_listen_and_after_the_end(self, server: WebSocketServer) -> None:
        assert WebSocketServer().port is None
        server.close()
        poll_until(server, lambda: server.port is None)
        assert "not listening" in repr(server)

    def test_the_callback_gets_none_in_a_later_poll(self) -> None:
        server, called = WebSocketServer(), list[object]()
        server.listen(0, called.append)
        assert called == []
        assert server.poll() == 1
        assert called == [None]
        server.close()
        poll_until(server, lambda: server.port is None)

    def test_the_callback_may_leave_out_the_parameter(self) -> None:
        server, called = WebSocketServer(), list[str]()
        server.listen(0, "127.0.0.1", lambda: called.append("listening"))
        poll_until(server, lambda: called)
        server.close(lambda: called.append("closed"))
        poll_until(server, lambda: len(called) == 2)
        assert called == ["listening", "closed"]

    def test_a_port_in_use_is_an_oserror_that_names_it(self, server: WebSocketServer) -> None:
        assert server.port is not None
        with pytest.raises(OSError, match=str(server.port)) as raised:
            WebSocketServer().listen(server.port)
        assert raised.value.errno == errno.EADDRINUSE

    def test_a_port_in_use_is_the_callbacks_text_and_nothing_is_raised(
        self, server: WebSocketServer
    ) -> None:
        assert server.port is not None
        other, called = WebSocketServer(), list[str]()
        other.listen(server.port, called.append)
        other.poll()
        assert len(called) == 1
        assert str(server.port) in called[0]
        assert other.port is None

    def test_after_a_failed_listen_it_can_listen_elsewhere(self, server: WebSocketServer) -> None:
        other = WebSocketServer()
        with pytest.raises(OSError, match="in use"):
            other.listen(server.port or 0)
        other.listen(0)
        other.close()
        poll_until(other, lambda: other.port is None)

    def test_an_address_of_another_machine_is_an_oserror(self) -> None:
        with pytest.raises(OSError, match=r"192\.0\.2\.1"):
            WebSocketServer().listen(0, "192.0.2.1")

    def test_a_name_that_does_not_resolve_is_an_oserror(self) -> None:
        with pytest.raises(OSError, match=r"no-such-host\.invalid"):
            WebSocketServer().listen(0, "no-such-host.invalid")

    def test_a_second_listen_is_a_runtime_error(self, server: WebSocketServer) -> None:
        with pytest.raises(RuntimeError, match="already running"):
            server.listen(0)

    def test_a_second_listen_is_the_callbacks_text(self, server: WebSocketServer) -> None:
        called: list[str] = []
        server.listen(0, called.append)
        server.poll()
        assert called == ["Server is already running"]

    def test_it_may_listen_again_on_the_same_port_after_the_close(self, serve: Serve) -> None:
        server = serve()
        port = server.port
        assert port is not None
        recording = Recording(server)
        with client_of(server):
            recording.next_connection()
            server.close()
            recording.wait_for("server closed")
        server.listen(port)
        assert server.port == port
        with client_of(server) as client:
            recording.next_connection().send("again")
            assert client.recv(PATIENCE) == "again"

    def test_it_may_listen_again_from_its_onclose(self, server: WebSocketServer) -> None:
        server.onclose = lambda: server.listen(0)
        server.close()
        first = server._core
        poll_until(server, lambda: server.port is not None and server._core is not first)
        with client_of(server):
            poll_until(server, lambda: server.connections)

    def test_while_closing_it_cannot_listen(self, server: WebSocketServer) -> None:
        server.close()
        with pytest.raises(RuntimeError, match="onclose"):
            server.listen(0)

    @pytest.mark.parametrize("port", [-1, 65536, 1 << 40])
    def test_a_number_that_is_no_port_is_a_value_error(self, port: int) -> None:
        with pytest.raises(ValueError, match="port must be 0 to 65535"):
            WebSocketServer().listen(port)

    @pytest.mark.parametrize("port", ["80", 80.0, None, True])
    def test_a_port_that_is_no_int_is_a_type_error(self, port: Any) -> None:
        with pytest.raises(TypeError, match="port must be an int"):
            WebSocketServer().listen(port)

    def test_a_host_that_is_no_text_is_a_type_error(self) -> None:
        with pytest.raises(TypeError, match="host must be a str"):
            WebSocketServer().listen(0, 5)  # type: ignore[arg-type]

    def test_an_empty_host_is_a_value_error(self) -> None:
        with pytest.raises(ValueError, match="host must not be empty"):
            WebSocketServer().listen(0, "")

    def test_two_callbacks_are_a_type_error(self) -> None:
        with pytest.raises(TypeError, match="two callbacks"):
            WebSocketServer().listen(0, print, print)

    def test_ipv6_is_an_explicit_host(self, serve: Serve) -> None:
        server = WebSocketServer()
        try:
            server.listen(0, "::1")
        except OSError as error:
            pytest.skip(f"no IPv6 here: {error}")
        with websocket(f"ws://[::1]:{server.port}/", proxy=None, compression=None):
            poll_until(server, lambda: server.connections)
            assert server.connections[0].remote_address[0] == "::1"
        server.close()
        poll_until(server, lambda: server.port is None)


class TestClose:
    def test_onclose_of_each_connection_then_of_the_server_then_the_callbacks(
        self, server: WebSocketServer
    ) -> None:
        recording = Recording(server)
        with client_of(server), client_of(server):
            poll_until(server, lambda: len(recording.connections) == 2)
            server.close(lambda error: recording.events.append(("callback 1", error)))
            server.close(lambda error: recording.events.append(("callback 2", error)))
            assert recording.events == []
            poll_until(server, lambda: recording.of("callback 2"))
        order = [event[0] for event in recording.events]
        assert order == ["closed", "closed", "server closed", "callback 1", "callback 2"]
        assert [event[-1] for event in recording.events] == [None] * 5
        assert server.connections == []

    def test_clients_are_closed_with_1001(self, server: WebSocketServer, connect: Connect) -> None:
        client = connect(server)
        poll_until(server, lambda: server.connections)
        server.close()
        assert client.read_close()[0] == 1001

    def test_a_close_before_a_client_was_polled_still_tells_of_both(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        recording = Recording(server)
        client = connect(server)
        server.close()
        client.read_close()
        client.send(frame(CLOSE, close_payload(1001)))
        recording.wait_for("server closed")
        assert [event[0] for event in recording.events] == ["closed", "server closed"]

    def test_a_server_that_is_not_running_only_calls_the_callback(self) -> None:
        server, called = WebSocketServer(), list[object]()
        server.onclose = lambda: called.append("onclose")
        server.close()
        assert server.poll() == 0
        server.close(called.append)
        server.poll()
        assert called == ["Server is not running"]

    @pytest.mark.timing
    def test_a_peer_that_never_answers_delays_it_by_the_close_timeout_at_most(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(close_timeout=0.2)
        recording = Recording(server)
        client = connect(server)
        connection = recording.next_connection()
        began = time.monotonic()
        server.close()
        took = time.monotonic() - began
        assert took < 0.05 * 5, "close() itself never blocks"
        assert connection.readyState == ReadyState.CLOSING
        recording.wait_for("server closed")
        assert 0.2 <= time.monotonic() - began < 0.2 * 5
        assert client.read_close()[0] == 1001
        (text,) = recording.of("closed")
        assert "close frame" in text

    @pytest.mark.timing
    def test_a_peer_that_never_reads_delays_it_by_the_close_timeout_at_most(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(close_timeout=0.2)
        recording = Recording(server)
        connect(server, receive_buffer=4096)
        recording.next_connection().send(MORE_THAN_THE_KERNEL_TAKES)
        began = time.monotonic()
        server.close()
        recording.wait_for("server closed")
        assert time.monotonic() - began < 0.2 * 5

    @pytest.mark.timing
    def test_close_does_not_block_with_the_default_options(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(close_timeout=2.0)
        client = connect(server)
        poll_until(server, lambda: server.connections)
        began = time.monotonic()
        server.close()
        server.close()
        assert time.monotonic() - began < 0.01 * 5
        client.read_close()
        client.send(frame(CLOSE, close_payload(1001)))

    def test_no_client_is_let_in_after_it(self, server: WebSocketServer, connect: Connect) -> None:
        connect(server)
        port = server.port
        poll_until(server, lambda: server.connections)
        server.close()
        poll_until(server, lambda: server.port is None)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port or 0), timeout=PATIENCE)

    def test_from_a_message_handler_and_under_traffic(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        recording = Recording(server)
        clients = [connect(server) for _ in range(3)]
        poll_until(server, lambda: len(recording.connections) == 3)
        for connection in recording.connections:
            connection.ontext = lambda: server.close()
        for client in clients:
            client.send(frame(TEXT, b"close!") * 100)
        recording.wait_for("server closed")
        assert len(recording.of("closed")) == 3


class TestConnections:
    def test_is_a_list_made_at_the_call(self, server: WebSocketServer, connect: Connect) -> None:
        connect(server)
        poll_until(server, lambda: server.connections)
        before = server.connections
        assert isinstance(before, list)
        assert before is not server.connections
        before.clear()
        assert len(server.connections) == 1

    def test_holds_those_that_are_not_closed(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        recording = Recording(server)
        first, second = connect(server), connect(server)
        poll_until(server, lambda: len(server.connections) == 2)
        assert server.connections == recording.connections
        first.close()
        recording.wait_for("closed")
        assert server.connections == recording.connections[1:]
        second.close()
        recording.wait_for("closed", 2)
        assert server.connections == []

    def test_onconnection_sees_itself_in_the_list(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        seen: list[bool] = []
        server.onconnection = lambda connection: seen.append(connection in server.connections)
        connect(server)
        poll_until(server, lambda: seen)
        assert seen == [True]


class TestSend:
    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            ("text, π and 🎮", Frame(TEXT, "text, π and 🎮".encode())),
            ("", Frame(TEXT, b"")),
            (b"\x00\xff", Frame(BINARY, b"\x00\xff")),
            (b"", Frame(BINARY, b"")),
            (bytearray(b"array"), Frame(BINARY, b"array")),
            (memoryview(b"-view-")[1:5], Frame(BINARY, b"view")),
            (memoryview(b"a.b.c.")[::2], Frame(BINARY, b"abc")),
            (b"x" * 125, Frame(BINARY, b"x" * 125)),
            (b"x" * 126, Frame(BINARY, b"x" * 126)),
            (b"x" * 65535, Frame(BINARY, b"x" * 65535)),
            (b"x" * 65536, Frame(BINARY, b"x" * 65536)),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_str_is_text_and_bytes_like_is_binary_each_in_one_frame(
        self, server: WebSocketServer, connect: Connect, data: Any, expected: Frame
    ) -> None:
        client = connect(server)
        Recording(server).next_connection().send(data)
        assert client.read_frame() == expected

    @pytest.mark.parametrize("data", [None, 5, 1.5, ["a"], {"a": 1}, object()])
    def test_anything_else_is_a_type_error_that_says_what_was_expected(
        self, server: WebSocketServer, connect: Connect, data: Any
    ) -> None:
        client = connect(server)
        connection = Recording(server).next_connection()
        with pytest.raises(TypeError, match="data must be str, bytes"):
            connection.send(data)
        with pytest.raises(TypeError, match="data must be str, bytes"):
            server.broadcast(data)
        connection.send("still open")
        assert client.read_frame().payload == b"still open"

    def test_a_lone_surrogate_is_a_unicode_encode_error(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        connection = Recording(server).next_connection()
        with pytest.raises(UnicodeEncodeError):
            connection.send("\ud800")
        with pytest.raises(UnicodeEncodeError):
            server.broadcast("\udfff")
        connection.send("still open")
        assert client.read_frame().payload == b"still open"

    def test_what_was_given_may_be_changed_afterwards(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        data = bytearray(b"before")
        Recording(server).next_connection().send(data)
        data[:] = b"after!"
        assert client.read_frame().payload == b"before"

    def test_the_callback_gets_none_once_the_kernel_has_the_bytes(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        connection, called = Recording(server).next_connection(), list[object]()
        connection.send("with a callback", called.append)
        assert called == [], "in a later poll"
        poll_until(server, lambda: called)
        assert called == [None]
        assert connection.bufferedAmount == 0
        assert client.read_frame().payload == b"with a callback"

    def test_callbacks_are_called_in_the_order_of_the_messages(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        connect(server)
        connection, called = Recording(server).next_connection(), list[int]()

        def note(number: int, error: object) -> None:
            called.append(number)

        for number in range(100):
            connection.send("x" * number * 50, partial(note, number))
            connection.send("without")
        poll_until(server, lambda: len(called) == 100)
        assert called == list(range(100))

    def test_a_callback_that_cannot_be_called_is_a_type_error(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        connect(server)
        connection = Recording(server).next_connection()
        with pytest.raises(TypeError, match="callback must be callable"):
            connection.send("text", 5)  # type: ignore[arg-type]

    def test_a_callback_that_raises_is_reported_and_the_next_one_is_called(
        self, server: WebSocketServer, connect: Connect, caplog: pytest.LogCaptureFixture
    ) -> None:
        connect(server)
        recording = Recording(server)
        connection, called = recording.next_connection(), list[object]()
        connection.send("a", lambda _: 1 / 0)
        connection.send("b", called.append)
        poll_until(server, lambda: called)
        assert "ZeroDivisionError" in recording.of("error")[0]
        assert "ZeroDivisionError" in caplog.text

    def test_on_a_closed_connection_the_callback_gets_a_text_in_a_later_poll(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        connection, called = recording.next_connection(), list[object]()
        client.close()
        recording.wait_for("closed")
        connection.send("too late", called.append)
        connection.send("too late, and nobody asks")
        assert called == []
        poll_until(server, lambda: called)
        assert called == ["the connection is closed"]

    def test_on_a_closing_connection_the_callback_gets_a_text(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        connection, called = Recording(server).next_connection(), list[object]()
        connection.close()
        connection.send("too late", called.append)
        poll_until(server, lambda: called)
        assert called == ["the connection is closed"]
        assert client.read_frame().opcode == CLOSE

    def test_after_the_server_has_ended_the_callback_gets_a_text(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        connect(server)
        connection, called = Recording(server).next_connection(), list[object]()
        server.close()
        poll_until(server, lambda: server.port is None)
        connection.send("too late", called.append)
        connection.close()
        server.broadcast("to nobody")
        poll_until(server, lambda: called)
        assert called == ["the connection is closed"]

    def test_a_full_queue_is_the_callbacks_text_and_bufferedamount_tells_how_full(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(max_send_queue=1 << 20)
        client = connect(server, receive_buffer=4096)
        connection, called = Recording(server).next_connection(), list[object]()
        connection.send(MORE_THAN_THE_KERNEL_TAKES)  # an empty queue takes any single message
        connection.send("does not fit", called.append)
        poll_until(server, lambda: called)
        (text,) = called
        assert isinstance(text, str)
        assert "the send queue is full" in text
        assert 1 << 20 < connection.bufferedAmount <= len(MORE_THAN_THE_KERNEL_TAKES) + 10
        assert client.read_frame().payload == MORE_THAN_THE_KERNEL_TAKES
        poll_until(server, lambda: connection.bufferedAmount == 0)
        connection.send("fits again")
        assert client.read_frame().payload == b"fits again"

    def test_a_message_dropped_without_a_callback_is_logged_once(
        self, serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
    ) -> None:
        server = serve(max_send_queue=1000)
        connect(server, receive_buffer=4096)
        connection = Recording(server).next_connection()
        connection.send(MORE_THAN_THE_KERNEL_TAKES)
        for _ in range(3):
            connection.send("does not fit")
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "the send queue is full" in caplog.text

    def test_callbacks_that_wait_when_the_connection_ends_get_a_text(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server, receive_buffer=4096)
        recording = Recording(server)
        connection, called = recording.next_connection(), list[object]()
        connection.send(MORE_THAN_THE_KERNEL_TAKES, called.append)
        connection.send("behind it", called.append)
        client.reset()
        recording.wait_for("closed")
        assert len(called) == 2
        assert all(isinstance(text, str) and text for text in called)

    def test_from_other_threads_each_threads_messages_stay_in_order(
        self, server: WebSocketServer
    ) -> None:
        threads, each = 4, 500
        called: list[object] = []
        with client_of(server) as client:
            connection = Recording(server).next_connection()

            def send(name: int) -> None:
                for number in range(each):
                    connection.send(f"{name} {number}", called.append)

            senders = [threading.Thread(target=send, args=(name,)) for name in range(threads)]
            for sender in senders:
                sender.start()
            received: list[list[int]] = [[] for _ in range(threads)]
            for _ in range(threads * each):
                name, number = str(client.recv(PATIENCE)).split()
                received[int(name)].append(int(number))
            for sender in senders:
                sender.join()
            poll_until(server, lambda: len(called) == threads * each)
        assert received == [list(range(each))] * threads
        assert set(called) == {None}
        server.poll()
        assert len(called) == threads * each, "each is called once"


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


class TestMessageHandlers:
    def test_onmessage_comes_after_ontext_and_onbinary_for_the_same_message(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        called: list[tuple[str, object]] = []

        def on_connection(connection: WebSocketServerConnection) -> None:
            connection.onmessage = lambda data: called.append(("message", data))
            connection.ontext = lambda data: called.append(("text", data))
            connection.onbinary = lambda data: called.append(("binary", data))

        server.onconnection = on_connection
        client = connect(server)
        client.send(frame(TEXT, "é".encode()) + frame(BINARY, b"\x00"))
        poll_until(server, lambda: len(called) == 4)
        assert called == [("text", "é"), ("message", "é"), ("binary", b"\0"), ("message", b"\0")]
        assert [type(data) for _, data in called] == [str, str, bytes, bytes]

    def test_a_message_without_a_handler_is_dropped(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()
        connection.ontext = None
        client.send(frame(TEXT, b"nobody") + frame(BINARY, b"somebody"))
        recording.wait_for("binary")
        assert recording.events == [("binary", 1, b"somebody")]

    def test_a_handler_can_be_replaced_between_two_messages(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        connection, called = Recording(server).next_connection(), list[str]()

        def first(data: str) -> None:
            called.append(f"first {data}")
            connection.ontext = lambda data: called.append(f"second {data}")

        connection.ontext = first
        client.send(frame(TEXT, b"1") + frame(TEXT, b"2"))
        poll_until(server, lambda: len(called) == 2)
        assert called == ["first 1", "second 2"]

    def test_ondata_works_as_onmessage_and_warns(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        connection, called = Recording(server).next_connection(), list[object]()
        with pytest.warns(DeprecationWarning, match="onmessage") as warned:
            connection.ondata = called.append
        assert warned[0].filename == __file__
        assert connection.ondata is connection.onmessage is not None
        client.send(frame(TEXT, b"old name"))
        poll_until(server, lambda: called)
        assert called == ["old name"]

    def test_a_handler_may_leave_out_the_parameter(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        called: list[str] = []
        connections: list[WebSocketServerConnection] = []

        def on_connection(connection: WebSocketServerConnection) -> None:
            connections.append(connection)
            connection.ontext = lambda: called.append("text")
            connection.onbinary = partial(called.append, "binary")
            connection.onmessage = lambda: called.append("message")
            connection.onerror = lambda: called.append("error")
            connection.onclose = lambda: called.append("closed")

        server.onconnection = on_connection
        server.onclose = lambda: called.append("server closed")
        client = connect(server)
        client.send(frame(TEXT) + frame(BINARY) + frame(3))
        poll_until(server, lambda: "closed" in called)
        server.close()
        poll_until(server, lambda: "server closed" in called)
        messages = ["text", "message", "binary", "message"]
        assert called == [*messages, "error", "closed", "server closed"]

    def test_onconnection_may_leave_out_the_parameter(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        called: list[str] = []
        server.onconnection = lambda: called.append("connection")
        connect(server)
        poll_until(server, lambda: called)


HANDLERS = ["ontext", "onbinary", "onmessage", "onconnect", "onclose", "onerror"]


class TestHandlersAreCheckedWhenTheyAreSet:
    @pytest.mark.parametrize("name", HANDLERS)
    def test_of_a_connection(self, server: WebSocketServer, connect: Connect, name: str) -> None:
        connect(server)
        self.check(Recording(server).next_connection(), name)

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_ondata(self, server: WebSocketServer, connect: Connect) -> None:
        connect(server)
        self.check(Recording(server).next_connection(), "ondata")

    @pytest.mark.parametrize("name", ["onconnection", "onclose"])
    def test_of_a_server(self, name: str) -> None:
        self.check(WebSocketServer(), name)

    def check(self, target: object, name: str) -> None:
        async def coroutine(_: object) -> None:
            pass

        setattr(target, name, None)
        for value in (5, "print", object()):
            with pytest.raises(TypeError, match="must be callable or None"):
                setattr(target, name, value)
        with pytest.raises(TypeError, match="must be a plain function"):
            setattr(target, name, coroutine)
        with pytest.raises(TypeError, match="must take"):
            setattr(target, name, lambda a, b: None)
        assert getattr(target, name) is None, "what was refused is not kept"

    @pytest.mark.parametrize("method", ["listen", "close"])
    def test_callbacks_of_listen_and_close(self, method: str) -> None:
        async def coroutine(_: object) -> None:
            pass

        server = WebSocketServer()
        call: Callable[..., None] = getattr(server, method)
        arguments = (0, "127.0.0.1") if method == "listen" else ()
        for callback in (5, coroutine, lambda a, b: None):
            with pytest.raises(TypeError, match="callback must"):
                call(*arguments, callback)
        assert server.port is None


class TestOnconnect:
    def test_comes_once_right_after_onconnection_with_the_connection_open(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        called: list[object] = []

        def on_connection(connection: WebSocketServerConnection) -> None:
            connection.onconnect = lambda: called.append(("connect", connection.readyState))
            connection.ontext = lambda: called.append("text")
            called.append("connection returns")

        server.onconnection = on_connection
        connect(server).send(frame(TEXT, b"early"))
        poll_until(server, lambda: "text" in called)
        assert called == ["connection returns", ("connect", ReadyState.OPEN), "text"]


class TestOncloseAndOnerror:
    def test_a_clean_close_is_none_with_the_peers_code_and_reason(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()
        before: tuple[int | None, str | None] = (connection.close_code, connection.close_reason)
        assert before == (None, None)
        client.send(frame(CLOSE, close_payload(4321, "bye é".encode())))
        recording.wait_for("closed")
        assert recording.events == [("closed", 1, None)]
        assert (connection.close_code, connection.close_reason) == (4321, "bye é")
        assert client.read_close() == (4321, "")
        assert client.read_to_end() == b""

    def test_a_close_without_a_code_is_clean_and_1005(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()
        client.send(frame(CLOSE))
        recording.wait_for("closed")
        assert recording.events == [("closed", 1, None)]
        assert (connection.close_code, connection.close_reason) == (1005, "")
        assert client.read_close() == (None, "")

    def test_a_close_frame_and_the_end_right_behind_it_are_clean(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        client.send(frame(CLOSE, close_payload(1000)))
        client.socket.shutdown(socket.SHUT_WR)
        recording.wait_for("closed")
        assert recording.events == [("closed", 1, None)]
        assert client.read_close() == (1000, "")

    def test_a_peer_that_leaves_without_a_close_frame_is_a_text_and_1006(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()
        client.close()
        (text,) = recording.wait_for("closed")
        assert "without a close frame" in text
        assert (connection.close_code, connection.close_reason) == (1006, "")

    def test_a_reset_goes_to_onerror_before_onclose(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()
        client.reset()
        recording.wait_for("closed")
        assert [event[0] for event in recording.events] == ["error", "closed"]
        assert all("reset" in event[-1] for event in recording.events)
        assert connection.close_code == 1006

    def test_a_protocol_error_goes_to_onerror_before_onclose(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()
        client.send(frame(TEXT, b"good") + frame(TEXT, b"bad", mask=False) + frame(TEXT, b"after"))
        recording.wait_for("closed")
        assert [event[0] for event in recording.events] == ["text", "error", "closed"]
        assert "mask" in recording.of("error")[0]
        assert "mask" in recording.of("closed")[0]
        assert connection.close_code == 1002
        assert connection.readyState == ReadyState.CLOSED

    def test_a_peer_that_says_something_and_leaves_at_once_is_noticed(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(ping_interval=None)
        recording = Recording(server)
        client = connect(server)
        recording.next_connection()
        # The kernel keeps it back for more, and then sends it together with the end.
        client.socket.send(frame(TEXT, b"last words"), socket.MSG_MORE)
        client.close()
        assert recording.wait_for("text") == ["last words"]
        recording.wait_for("closed")

    def test_messages_before_the_end_come_before_onclose(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        client.send(frame(TEXT, b"1") + frame(BINARY, b"2") + frame(CLOSE, close_payload(1000)))
        recording.wait_for("closed")
        assert [event[0] for event in recording.events] == ["text", "binary", "closed"]


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


class TestBroadcast:
    @pytest.mark.parametrize(
        ("data", "expected"),
        [("to all", Frame(TEXT, b"to all")), (bytearray(9000), Frame(BINARY, bytes(9000)))],
        ids=["text", "binary"],
    )
    def test_reaches_every_open_connection(
        self, server: WebSocketServer, connect: Connect, data: Any, expected: Frame
    ) -> None:
        recording = Recording(server)
        clients = [connect(server) for _ in range(5)]
        poll_until(server, lambda: len(recording.connections) == 5)
        recording.connections[4].close()
        server.broadcast(data)
        for client in clients[:4]:
            assert client.read_frame() == expected
        assert clients[4].read_frame().opcode == CLOSE

    def test_keeps_its_place_among_other_messages(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        connection = Recording(server).next_connection()
        connection.send("1")
        server.broadcast("2")
        connection.send("3")
        assert [client.read_frame().payload for _ in range(3)] == [b"1", b"2", b"3"]

    def test_a_slow_reader_misses_it_and_is_told_once_while_others_get_it(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(max_send_queue=1000)
        recording = Recording(server)
        slow = connect(server, receive_buffer=4096)
        recording.next_connection().send(MORE_THAN_THE_KERNEL_TAKES)
        healthy = connect(server)
        recording.next_connection()
        server.broadcast("one")
        server.broadcast("two")
        assert [healthy.read_frame().payload for _ in range(2)] == [b"one", b"two"]
        recording.wait_for("error")
        server.poll()
        ((what, number, text),) = recording.events
        assert (what, number) == ("error", 1)
        assert "broadcast" in text
        assert slow.read_frame().payload == MORE_THAN_THE_KERNEL_TAKES
        server.broadcast("three")
        assert slow.read_frame().payload == b"three", "it is connected as before"

    def test_from_another_thread(self, server: WebSocketServer, connect: Connect) -> None:
        client = connect(server)
        thread = threading.Thread(target=server.broadcast, args=("from a thread",))
        thread.start()
        assert client.read_frame().payload == b"from a thread"
        thread.join()

    def test_checks_its_argument_when_the_server_does_not_listen(self) -> None:
        with pytest.raises(TypeError, match="data must be str"):
            WebSocketServer().broadcast(5)  # type: ignore[arg-type]


class TestAHandlerThatRaises:
    def test_is_logged_with_its_traceback_and_told_to_onerror_and_stops_nothing(
        self, server: WebSocketServer, connect: Connect, caplog: pytest.LogCaptureFixture
    ) -> None:
        recording = Recording(server)
        bad, good = connect(server), connect(server)
        poll_until(server, lambda: len(recording.connections) == 2)

        def broken_handler(data: str) -> None:
            raise LookupError(f"no {data}")

        recording.connections[0].ontext = broken_handler
        bad.send(frame(TEXT, b"treasure") + frame(BINARY, b"after it"))
        recording.wait_for("binary")
        good.send(frame(TEXT, b"hello"))
        recording.wait_for("text")
        assert recording.events == [
            ("error", 1, "a handler raised LookupError: no treasure"),
            ("binary", 1, b"after it"),
            ("text", 2, "hello"),
        ]
        (record,) = caplog.records
        assert (record.name, record.levelno) == ("stagedoor", logging.ERROR)
        assert "broken_handler" in caplog.text
        assert "LookupError: no treasure" in caplog.text

    def test_in_onconnection_leaves_the_connection_as_it_is(
        self, server: WebSocketServer, connect: Connect, caplog: pytest.LogCaptureFixture
    ) -> None:
        called: list[str] = []

        def on_connection(connection: WebSocketServerConnection) -> None:
            connection.ontext = called.append
            raise LookupError("in onconnection")

        server.onconnection = on_connection
        client = connect(server)
        client.send(frame(TEXT, b"hello"))
        poll_until(server, lambda: called)
        assert "LookupError: in onconnection" in caplog.text
        server.connections[0].send("still there")
        assert client.read_frame().payload == b"still there"

    @pytest.mark.parametrize("name", ["onclose", "onerror", "onconnect"])
    def test_in_any_other_handler_does_not_stop_poll(
        self,
        server: WebSocketServer,
        connect: Connect,
        caplog: pytest.LogCaptureFixture,
        name: str,
    ) -> None:
        def broken() -> None:
            raise LookupError(f"in {name}")

        server.onconnection = lambda connection: setattr(connection, name, broken)
        connect(server).reset()
        poll_until(server, lambda: f"LookupError: in {name}" in caplog.text)
        poll_until(server, lambda: not server.connections)
        connect(server)
        poll_until(server, lambda: server.connections)

    def test_in_the_servers_onclose_does_not_keep_the_callback_from_being_called(
        self, server: WebSocketServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        called: list[object] = []

        def broken() -> None:
            raise LookupError("in onclose")

        server.onclose = broken
        server.close(called.append)
        poll_until(server, lambda: called)
        assert "LookupError: in onclose" in caplog.text

    def test_a_system_exit_leaves_poll_and_the_rest_comes_in_the_next_one(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        recording = Recording(server)
        connection = recording.next_connection()

        def leave() -> None:
            connection.ontext = lambda data: recording.events.append(("text", 1, data))
            raise SystemExit(3)

        connection.ontext = leave
        client.send(frame(TEXT, b"1") + frame(TEXT, b"2") + frame(TEXT, b"3"))
        with pytest.raises(SystemExit):
            poll_until(server, lambda: False)
        recording.wait_for("text", 2)
        assert recording.of("text") == ["2", "3"]


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
            wait_until(lambda: server._core is not None)
            recording.wait_for("text", 2000)
        assert recording.of("text") == [str(number) for number in range(2000)]
