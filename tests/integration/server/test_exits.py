"""How a process ends with a server that nobody closed."""

from __future__ import annotations

import signal
import sys
import textwrap

import pytest

from .raw import (
    TEXT,
    connected,
    frame,
)
from .running import Program, is_refused

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


EXITS = {
    "at the end of the program": """
        start()
    """,
    "without a client": """
        server.listen(0)
        print(0)
    """,
    "never polled": """
        server.listen(0)
        print(server.port)
        sys.stdin.readline()
    """,
    "with messages that were not polled": """
        start()
        time.sleep(0.05)
    """,
    "with a daemon thread in serve_forever": """
        threading.Thread(target=server.serve_forever, daemon=True).start()
        start(poll=False)
    """,
    "with a daemon thread that polls": """
        start()
        def poll():
            while True:
                server.poll()
        threading.Thread(target=poll, daemon=True).start()
    """,
    "with a daemon thread that sends": """
        start()
        def send():
            while True:
                server.connections[0].send("x", print if False else lambda error: None)
                server.broadcast("y")
        threading.Thread(target=send, daemon=True).start()
        time.sleep(0.05)
    """,
    "with a thread that ends later": """
        start()
        def poll():
            for _ in range(9):
                server.poll() or time.sleep(0.01)
        threading.Thread(target=poll).start()
    """,
    "with the server in a cycle": """
        start()
        server.self = server
        del server
    """,
    "with a message that the client does not read": """
        start()
        server.connections[0].send(bytes(16 << 20), lambda error: None)
    """,
    "while it closes": """
        start()
        server.close()
    """,
    "from asyncio.run": """
        import asyncio
        async def main():
            server.listen(0)
            print(server.port)
            while not server.connections:
                await asyncio.sleep(0.001)
            server.close()
            while server.port is not None:
                await asyncio.sleep(0.001)
        asyncio.run(main())
    """,
    "from asyncio.run without a close": """
        import asyncio
        async def main():
            server.listen(0)
            print(server.port)
            while not server.connections:
                await asyncio.sleep(0.001)
        asyncio.run(main())
    """,
    "with two servers": """
        other = WebSocketServer()
        other.listen(0)
        start()
    """,
}


class TestExitWithoutClose:
    @pytest.mark.parametrize("source", EXITS.values(), ids=EXITS.keys())
    def test_is_clean_and_quick_and_clients_learn_of_it(self, source: str) -> None:
        before = """
def start(poll=True):
    server.listen(0) if server.port is None else None
    print(server.port)
    while not server.connections:
        server.poll() if poll else time.sleep(0.001)

server = WebSocketServer(close_timeout=0.2)
"""
        if "start(poll=False)" in source:
            before += "server.listen(0)\n"
        with Program(before + textwrap.dedent(source)) as program:
            port = program.read_port()
            client = connected(port) if port else None
            if client is not None:
                client.send(frame(TEXT, b"x") * 10)
                program.tell()
            code, stdout, stderr = program.finish()
            assert (code, stdout, stderr) == (0, "", "")
            if client is not None:
                client.socket.settimeout(2 * 5)
                client.read_to_end()
                client.close()
                assert is_refused(port)

    def test_tells_clients_1001(self) -> None:
        source = """
            server = WebSocketServer()
            server.listen(0)
            print(server.port)
            while not server.connections:
                server.poll()
        """
        with Program(source) as program:
            client = connected(program.read_port())
            assert client.read_close()[0] == 1001
            assert client.read_to_end() == b""
            client.close()
            assert program.finish() == (0, "", "")

    def test_by_sys_exit_in_a_handler_keeps_its_code(self) -> None:
        source = """
            server = WebSocketServer()
            def on_connection(connection):
                connection.ontext = lambda text: sys.exit(int(text))
            server.onconnection = on_connection
            server.listen(0)
            print(server.port)
            server.serve_forever()
        """
        with Program(source) as program:
            client = connected(program.read_port())
            client.send(frame(TEXT, b"3"))
            assert client.read_close()[0] == 1001
            assert program.finish() == (3, "", "")
            client.close()

    def test_by_an_exception_is_a_traceback_and_nothing_more(self) -> None:
        source = """
            server = WebSocketServer()
            server.listen(0)
            print(server.port)
            while not server.connections:
                server.poll()
            raise LookupError("the game has a bug")
        """
        with Program(source) as program:
            client = connected(program.read_port())
            code, _, stderr = program.finish()
            assert code == 1
            first, *_, last = stderr.splitlines()
            assert (first, last) == (
                "Traceback (most recent call last):",
                "LookupError: the game has a bug",
            )
            assert stderr.count("  File ") == 1
            client.read_to_end()
            client.close()

    def test_by_a_signal_ends_the_connections(self) -> None:
        source = """
            server = WebSocketServer()
            server.listen(0)
            print(server.port)
            server.serve_forever()
        """
        for number in (signal.SIGTERM, signal.SIGKILL):
            with Program(source) as program:
                client = connected(program.read_port())
                program.process.send_signal(number)
                assert client.read_to_end() == b""
                assert program.finish()[0] == -number
                client.close()
