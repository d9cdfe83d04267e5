"""The Cocos interface, made exact: messages to one client, and to all."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest

from stagedoor.live.net.websocket import WebSocketServer

from .conftest import Connect, Serve
from .raw import BINARY, CLOSE, PATIENCE, TEXT, Frame
from .running import MORE_THAN_THE_KERNEL_TAKES, Recording, client_of, poll_until


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
