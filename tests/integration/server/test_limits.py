"""Limits that are options of the server: at each, and one past it; and what the log says."""

from __future__ import annotations

import logging
import resource
import socket
from collections.abc import Iterator

import pytest

from .conftest import Connect, Serve
from .raw import BINARY, PING, PONG, TEXT, Frame, RawClient, frame, request
from .running import Recording, poll_until


class TestARequest:
    def test_has_a_line_of_so_many_bytes(self, serve: Serve, dial: Connect) -> None:
        server = serve(max_request_line=100)
        target = "/" + "x" * (100 - len("GET / HTTP/1.1"))
        dial(server).upgrade(target=target)
        client = dial(server)
        response = client.ask(request(client.port, target=target + "x"))
        assert (response.status, response.body) == (
            414,
            b"the request line has more than 100 bytes\n",
        )

    def test_has_so_many_headers(self, serve: Serve, dial: Connect) -> None:
        server = serve(max_headers=100)
        more = [f"X-{at}: {at}" for at in range(95)]
        dial(server).upgrade(headers=more)
        client = dial(server)
        response = client.ask(request(client.port, headers=[*more, "X: x"]))
        assert (response.status, response.body) == (
            431,
            b"the request has more than 100 headers\n",
        )

    def test_has_so_many_bytes(self, serve: Serve, dial: Connect) -> None:
        server = serve(max_head_size=500)
        client = dial(server)
        rest = 500 - len(request(client.port, headers=["X: "]))
        client.upgrade(headers=["X: " + "x" * rest])
        client = dial(server)
        response = client.ask(request(client.port, headers=["X: " + "x" * (rest + 1)]))
        assert (response.status, response.body) == (
            431,
            b"the request head has more than 500 bytes\n",
        )


class TestPings:
    def test_are_each_answered_up_to_the_limit(self, serve: Serve, connect: Connect) -> None:
        client = connect(serve(max_pings_per_second=30))
        client.send(b"".join(frame(PING, b"%d" % at) for at in range(30)))
        for at in range(30):
            assert client.read_frame() == Frame(PONG, b"%d" % at)

    def test_of_a_flood_get_few_answers_and_the_last_one_gets_one(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve()
        client = connect(server)
        count = 20_000
        client.send(frame(PING, b"flood") * count + frame(PING, b"last") + frame(TEXT, b"behind"))
        recording = Recording(server)
        poll_until(server, lambda: recording.of("text"))
        recording.connections[0].send("end")
        pongs = []
        while (received := client.read_frame()).opcode == PONG:
            pongs.append(received.payload)
        assert pongs[-1] == b"last"
        assert len(pongs) < count / 10

    def test_of_a_flood_are_no_memory_when_nobody_reads_the_answers(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(max_pings_per_second=1 << 30)
        client = connect(server, receive_buffer=4096)
        for _ in range(100):
            client.send(frame(PING, bytes(125)) * 1000)
        client.send(frame(TEXT, b"behind"))
        recording = Recording(server)
        poll_until(server, lambda: recording.of("text"))
        assert recording.of("error") == []


class TestManyConnections:
    @pytest.fixture
    def count(self) -> Iterator[int]:
        """Some thousands, each with two descriptors of this process."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 3000 if hard == resource.RLIM_INFINITY else min(3000, (hard - 500) // 2)
        assert wanted >= 1000, f"this system allows a process {hard} descriptors"
        needed = 2 * wanted + 500
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
        yield wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def test_are_let_in_up_to_the_limit_and_one_more_is_503(self, serve: Serve, count: int) -> None:
        server = serve(max_connections=count)
        recording = Recording(server)
        assert server.port is not None
        clients: list[RawClient] = []
        try:
            for _ in range(count):
                clients.append(RawClient(server.port))
                clients[-1].send(request(server.port))
                server.poll()
            for client in clients:
                assert client.read_response().status == 101
            poll_until(server, lambda: len(server.connections) == count, patience=60.0)
            refused = RawClient(server.port)
            assert refused.ask(request(server.port)).status == 503
            server.broadcast(b"all")
            for client in clients:
                assert client.read_frame() == Frame(BINARY, b"all")
            clients.pop().close()
            recording.wait_for("closed")
            clients.append(RawClient(server.port))
            clients[-1].upgrade()
        finally:
            for client in clients:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes(8))
                client.close()
        poll_until(server, lambda: not server.connections, patience=60.0)


def test_refusals_are_one_line_of_the_log_each(
    serve: Serve, connect: Connect, dial: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(max_connections=2)
    with caplog.at_level(logging.WARNING, "stagedoor"):
        stays = connect(server)

        def refused(head: bytes, status: int) -> None:
            client = dial(server)
            assert client.ask(head).status == status
            client.close()

        port = stays.port
        for _ in range(20):
            refused(request(port, headers=["Origin: https://evil.example"]), 403)
            refused(request(port, target="/" + "x" * 9000), 414)
            refused(request(port, method="POST"), 405)
        connect(server)
        for _ in range(20):
            refused(request(port), 503)
        stays.send(frame(TEXT, b"behind"))
        recording = Recording(server)
        poll_until(server, lambda: recording.of("text"))
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition("refused with ")[2][:3] for line in lines] == ["403", "414", "503"]
    assert "evil" not in "".join(lines)
