"""The Cocos interface, made exact: which handler is called, with what, and what if it raises."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial

import pytest

from stagedoor.live.net.websocket import ReadyState, WebSocketServer, WebSocketServerConnection

from .conftest import Connect, Serve
from .raw import BINARY, CLOSE, TEXT, close_payload, frame
from .running import Recording, poll_until


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

    @pytest.mark.parametrize("raised", [LookupError("no"), asyncio.CancelledError("no")], ids=repr)
    def test_again_and_again_is_one_line_of_the_log_and_onerror_is_told_each_time(
        self,
        server: WebSocketServer,
        connect: Connect,
        caplog: pytest.LogCaptureFixture,
        raised: BaseException,
    ) -> None:
        def broken_handler(_: str) -> None:
            raise raised

        recording = Recording(server)
        for number in range(1, 4):  # of several clients
            client = connect(server)
            recording.next_connection().ontext = broken_handler
            client.send(frame(TEXT, b"x") * 100 + frame(BINARY, b"the last"))
            poll_until(server, lambda number=number: len(recording.of("binary")) == number)  # type: ignore[misc]
        assert recording.of("error") == [f"a handler raised {type(raised).__name__}: no"] * 300
        assert len(caplog.records) == 1
        assert "broken_handler" in caplog.text

    def test_is_told_of_wherever_it_raises_cancelled(
        self, server: WebSocketServer, connect: Connect, caplog: pytest.LogCaptureFixture
    ) -> None:
        def cancelled(*_: object) -> None:
            raise asyncio.CancelledError

        def on_connection(connection: WebSocketServerConnection) -> None:
            connection.onconnect = connection.onclose = connection.onerror = cancelled
            connection.send("hello", cancelled)
            cancelled()

        server.onconnection = on_connection
        connect(server).reset()
        poll_until(server, lambda: "onerror raised" in caplog.text)
        poll_until(server, lambda: not server.connections)
        closed: list[object] = []
        server.onclose = cancelled
        server.close(closed.append)
        poll_until(server, lambda: closed)
        assert "a handler raised" in caplog.text
        assert "a callback raised" in caplog.text

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
