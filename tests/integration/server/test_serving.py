"""Where callbacks run: in `serve_forever()`, and how Ctrl-C ends it."""

from __future__ import annotations

import signal
import sys
import textwrap
import threading
import time

import pytest

from stagedoor.live.net.websocket import WebSocketServer, WebSocketServerConnection

from .conftest import Connect
from .raw import CLOSE, PATIENCE, TEXT, close_payload, connected, frame
from .running import Program

PROMPT = 0.05 * 5
"""Seconds: a waiting call looks for Ctrl-C every 50 ms."""


class TestServeForever:
    def test_ends_when_a_handler_closes_the_server(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        called: list[str] = []
        client = connect(server)

        def on_connection(connection: WebSocketServerConnection) -> None:
            connection.onclose = lambda: called.append("connection")
            connection.ontext = lambda: server.close(lambda: called.append("callback"))

        server.onconnection = on_connection
        server.onclose = lambda: called.append("server")
        client.send(frame(TEXT, b"close") + frame(CLOSE, close_payload(1000)))
        server.serve_forever()
        assert called == ["connection", "server", "callback"]
        assert server.port is None

    def test_ends_when_another_thread_closes_the_server(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        opened = threading.Event()
        server.onconnection = lambda: opened.set()

        def close() -> None:
            opened.wait(PATIENCE)
            server.close()
            client.read_close()
            client.send(frame(CLOSE, close_payload(1001)))

        thread = threading.Thread(target=close)
        thread.start()
        server.serve_forever()
        thread.join()
        assert server.port is None

    def test_calls_back_what_comes_while_it_waits(self, server: WebSocketServer) -> None:
        port = server.port or 0
        received: list[bytes] = []

        def talk() -> None:
            client = connected(port)
            for number in range(50):
                client.send(frame(TEXT, str(number).encode()))
                received.append(client.read_frame().payload)
            client.send(frame(TEXT, b"close"))
            client.read_close()
            client.close()

        def on_connection(connection: WebSocketServerConnection) -> None:
            def on_text(data: str) -> None:
                connection.send(data) if data != "close" else server.close()

            connection.ontext = on_text

        server.onconnection = on_connection
        thread = threading.Thread(target=talk)
        thread.start()
        server.serve_forever()
        thread.join()
        assert received == [str(number).encode() for number in range(50)]

    def test_does_not_keep_other_threads_from_running(self, server: WebSocketServer) -> None:
        count = 0
        done = threading.Event()

        def work() -> None:
            nonlocal count
            for _ in range(100_000):
                count += 1
            done.set()
            server.close()

        thread = threading.Thread(target=work)
        thread.start()
        server.serve_forever()
        thread.join()
        assert done.is_set()

    def test_of_a_server_that_does_not_listen_returns(self) -> None:
        WebSocketServer().serve_forever()


CTRL_C = {
    "serve_forever": """
        ready()
        server.serve_forever()
    """,
    "a poll loop": """
        ready()
        while True:
            server.poll()
            time.sleep(1 / 60)
    """,
    "a poll loop that never sleeps": """
        ready()
        while True:
            server.poll()
    """,
    "asyncio.run": """
        async def main():
            asyncio.get_running_loop().call_later(0.05, ready)
            await asyncio.Event().wait()
        asyncio.run(main())
    """,
    "asyncio.run that serves": """
        async def main():
            server.close()
            while server.port is not None:
                server.poll()
            server.listen(0)
            asyncio.get_running_loop().call_later(0.05, ready)
            await asyncio.Event().wait()
        asyncio.run(main())
    """,
}


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
class TestCtrlC:
    @pytest.mark.timing
    @pytest.mark.parametrize("source", CTRL_C.values(), ids=CTRL_C.keys())
    def test_ends_every_way_of_waiting_with_a_keyboard_interrupt(self, source: str) -> None:
        before = """
import asyncio

def ready():
    print(server.port)

server = WebSocketServer()
server.listen(0)
try:
"""
        after = """
except KeyboardInterrupt:
    print(time.monotonic())
    raise
"""
        body = textwrap.indent(textwrap.dedent(source), "    ")
        with Program(before + body + after) as program:
            client = connected(program.read_port())  # its events are one more thing to do
            time.sleep(0.02)  # into the wait
            sent = time.monotonic()
            program.process.send_signal(signal.SIGINT)
            assert float(program.read_line()) - sent < PROMPT
            code, _, stderr = program.finish()
            assert code == -signal.SIGINT
            assert stderr.rstrip().endswith("KeyboardInterrupt")
            assert "ResourceWarning" not in stderr
            client.read_to_end()
            client.close()
