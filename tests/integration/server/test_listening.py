"""The Cocos interface, made exact: listening, closing, and who is connected."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any

import pytest
from websockets.sync.client import connect as websocket

from stagedoor.live.net.websocket import ReadyState, WebSocketServer

from .conftest import Connect, Serve
from .raw import CLOSE, PATIENCE, TEXT, close_payload, frame
from .running import MORE_THAN_THE_KERNEL_TAKES, Recording, client_of, poll_until


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
        first = server._transport.native
        poll_until(
            server, lambda: server.port is not None and server._transport.native is not first
        )
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
