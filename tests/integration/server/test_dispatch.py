"""Where callbacks run: `poll()`, `serve_forever()`, a running asyncio loop; and if nobody asks."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from websockets.asyncio.client import connect as websocket

from stagedoor.live.net import lifetime
from stagedoor.live.net.websocket import WebSocketServer, WebSocketServerConnection

from .conftest import Connect, Serve
from .raw import CLOSE, PATIENCE, PING, PONG, TEXT, close_payload, connected, frame
from .running import Program, Recording, poll_until, wait_until

PROMPT = 0.05 * 5
"""Seconds: a waiting call looks for Ctrl-C every 50 ms."""


class TestPoll:
    @pytest.mark.timing
    def test_with_nothing_waiting_it_returns_0_at_once(self, server: WebSocketServer) -> None:
        assert WebSocketServer().poll() == 0
        began = time.monotonic()
        assert sum(server.poll() for _ in range(1000)) == 0
        assert time.monotonic() - began < 0.01 * 5

    def test_returns_the_number_of_events_handled(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        recording = Recording(server)
        client = connect(server)
        recording.next_connection()
        client.send(frame(TEXT, b"x") * 300 + frame(PING))
        assert client.read_frame().opcode == PONG  # all before it was read in one go, or two
        handled = 0
        deadline = time.monotonic() + PATIENCE
        while handled < 300 and time.monotonic() < deadline:
            handled += server.poll()
        assert handled == len(recording.of("text")) == 300

    @pytest.mark.timing
    def test_with_a_budget_it_stops_after_the_event_that_used_it_up_and_leaves_the_rest(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        recording = Recording(server)
        client = connect(server)
        connection = recording.next_connection()
        handled: list[str] = []

        def slow(data: str) -> None:
            handled.append(data)
            if data == "2":
                time.sleep(0.2)

        connection.ontext = slow
        client.send(b"".join(frame(TEXT, str(number).encode()) for number in range(10)))
        client.send(frame(PING))
        client.read_frame()
        wait_until(lambda: server._core is not None and server._core.wait(PATIENCE))
        assert server.poll(0.2) == 3
        assert handled == ["0", "1", "2"]
        assert server.poll(0.0) == 1
        poll_until(server, lambda: len(handled) == 10)
        assert handled == [str(number) for number in range(10)], "in order"

    def test_a_budget_holds_for_more_events_than_are_taken_at_a_time(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        recording = Recording(server)
        client = connect(server)
        recording.next_connection()
        client.send(frame(TEXT, b"x") * 1000)
        calls = 0
        while len(recording.of("text")) < 1000:
            handled = server.poll(0.0)
            assert handled <= 1
            calls += handled
        assert calls == 1000

    def test_a_nested_poll_in_a_handler_keeps_the_order_and_handles_each_once(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        recording = Recording(server)
        client = connect(server)
        connection = recording.next_connection()
        handled: list[int] = []

        def nested(data: str) -> None:
            handled.append(int(data))
            if int(data) % 7 == 0:
                server.poll(0.0 if int(data) % 2 else None)

        connection.ontext = nested
        client.send(b"".join(frame(TEXT, str(number).encode()) for number in range(500)))
        poll_until(server, lambda: len(handled) == 500)
        assert handled == list(range(500))
        assert server.poll() == 0

    @pytest.mark.parametrize("first", [0, 1])
    def test_a_nested_poll_may_get_hold_of_more_events_than_the_outer_one_had(
        self, server: WebSocketServer, connect: Connect, first: int
    ) -> None:
        client = connect(server)
        connection, handled = Recording(server).next_connection(), list[int]()
        is_nested = False

        def poll_for_one_more(data: str) -> None:
            nonlocal is_nested
            handled.append(int(data))
            if not is_nested and int(data) >= first:
                is_nested = True
                server.poll(0.0)
                is_nested = False

        connection.ontext = poll_for_one_more
        client.send(b"".join(frame(TEXT, str(number).encode()) for number in range(500)))
        client.send(frame(PING))
        client.read_frame()
        poll_until(server, lambda: len(handled) == 500)
        assert handled == list(range(500))

    def test_answers_leave_although_a_handler_polled_between_them(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        client = connect(server)
        connection, handled = Recording(server).next_connection(), list[str]()

        def both(data: str) -> None:
            connection.send(f"1 {data}")
            server.poll()  # ends what is held back for this thread
            connection.send(f"2 {data}")
            handled.append(data)

        connection.ontext = both
        client.send(frame(TEXT, b"a"))
        poll_until(server, lambda: handled)
        assert [client.read_frame().payload for _ in range(2)] == [b"1 a", b"2 a"]

    def test_an_answer_leaves_before_a_slow_rest_of_the_poll(
        self, server: WebSocketServer, connect: Connect
    ) -> None:
        """Answers are held back for some events at most, not for the whole poll."""
        client = connect(server)
        connection, handled = Recording(server).next_connection(), list[str]()
        answered = threading.Event()

        def wait_for_the_answer() -> None:
            client.read_frame()
            answered.set()

        def on_text(data: str) -> None:
            if data == "first":
                connection.send("answer")
            elif data == "last":
                handled.append("in time" if answered.wait(PATIENCE) else "too late")

        connection.ontext = on_text
        thread = threading.Thread(target=wait_for_the_answer)
        thread.start()
        client.send(frame(TEXT, b"first") + frame(TEXT, b"x") * 300 + frame(TEXT, b"last"))
        poll_until(server, lambda: handled)
        assert handled == ["in time"]
        thread.join()

    def test_in_another_thread_than_listen(self, server: WebSocketServer, connect: Connect) -> None:
        client = connect(server)
        names: list[str] = []

        def on_connection(connection: WebSocketServerConnection) -> None:
            connection.ontext = lambda: names.append(threading.current_thread().name)

        server.onconnection = on_connection
        client.send(frame(TEXT, b"x"))
        thread = threading.Thread(
            target=poll_until, args=(server, lambda: names), name="the game's thread"
        )
        thread.start()
        thread.join()
        assert names == ["the game's thread"]


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


class ProactorLike(asyncio.SelectorEventLoop):
    """A loop without `add_reader`, as Windows' default one."""

    def add_reader(  # type: ignore[override]
        self, fd: Any, callback: Any, *args: Any
    ) -> None:
        raise NotImplementedError


def loops() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    found: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
        "asyncio": asyncio.new_event_loop,
        "without add_reader": ProactorLike,
    }
    try:
        import uvloop

        found["uvloop"] = uvloop.new_event_loop
    except ImportError:
        pass
    return found


async def soon(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)


async def closed(server: WebSocketServer) -> None:
    done = asyncio.Event()
    server.close(done.set)
    async with asyncio.timeout(PATIENCE):
        await done.wait()


def url_of(server: WebSocketServer) -> str:
    return f"ws://127.0.0.1:{server.port}/"


@pytest.fixture(params=list(loops().values()), ids=list(loops()))
def run(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Callable[[Coroutine[Any, Any, None]], None]:
    """Runs a coroutine in each kind of loop, which must have nothing to complain about."""

    def run_in_loop(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=request.param, debug=False) as runner:
            runner.run(main)
        gc.collect()  # a task that failed unseen says so when it is collected
        complaints = [record.getMessage() for record in caplog.records if record.name == "asyncio"]
        assert complaints == []

    return run_in_loop


Run = Callable[[Coroutine[Any, Any, None]], None]


class TestAsyncio:
    def test_serves_without_any_call(self, run: Run) -> None:
        async def main() -> None:
            server, called = WebSocketServer(), list[object]()

            def on_connection(connection: WebSocketServerConnection) -> None:
                connection.onmessage = lambda data: connection.send(data, called.append)
                connection.onclose = called.append

            server.onconnection = on_connection
            server.listen(0, lambda error: called.append(("listening", error)))
            await soon(lambda: called)
            assert called == [("listening", None)]
            async with websocket(url_of(server), proxy=None, compression=None) as client:
                for number in range(100):
                    await client.send(str(number))
                    assert await client.recv() == str(number)
            await soon(lambda: not server.connections)
            assert called[1:] == [None] * 101
            await closed(server)
            assert server.port is None

        run(main())

    def test_handlers_run_on_the_loops_thread_and_may_start_tasks(self, run: Run) -> None:
        async def main() -> None:
            server = WebSocketServer()
            tasks: list[asyncio.Task[None]] = []

            async def answer(connection: WebSocketServerConnection, data: str) -> None:
                await asyncio.sleep(0)
                connection.send(f"{data} from {threading.current_thread().name}")

            def on_connection(connection: WebSocketServerConnection) -> None:
                connection.ontext = lambda data: tasks.append(
                    asyncio.create_task(answer(connection, data))
                )

            server.onconnection = on_connection
            server.listen(0)
            async with websocket(url_of(server), proxy=None, compression=None) as client:
                await client.send("hello")
                assert await client.recv() == "hello from MainThread"
            await closed(server)

        run(main())

    def test_a_failed_listen_calls_back_too(self, run: Run) -> None:
        async def main() -> None:
            server, other = WebSocketServer(), WebSocketServer()
            server.listen(0)
            called: list[str] = []
            other.listen(server.port or 0, called.append)
            await soon(lambda: called)
            assert "in use" in called[0]
            other.close(called.append)
            await soon(lambda: len(called) == 2)
            await closed(server)

        run(main())

    def test_a_refused_send_from_another_thread_calls_back_on_the_loop(self, run: Run) -> None:
        async def main() -> None:
            server, called = WebSocketServer(), list[object]()
            recording = Recording(server)
            server.listen(0)
            async with websocket(url_of(server), proxy=None, compression=None):
                await soon(lambda: recording.connections)
            await soon(lambda: recording.of("closed"))
            connection = recording.connections[0]
            await asyncio.to_thread(connection.send, "late", called.append)
            await soon(lambda: called)
            assert called == ["the connection is closed"]
            await closed(server)

        run(main())

    def test_a_flood_does_not_keep_the_loop_from_its_other_tasks(self, run: Run) -> None:
        async def main() -> None:
            server, handled = WebSocketServer(), 0

            def slow() -> None:
                nonlocal handled
                handled += 1
                time.sleep(0.0005)

            def on_connection(connection: WebSocketServerConnection) -> None:
                connection.ontext = slow

            server.onconnection = on_connection
            server.listen(0)
            client = await asyncio.to_thread(connected, server.port or 0)
            client.send(frame(TEXT, b"x") * 1000)
            turns = 0
            while handled < 1000:
                await asyncio.sleep(0)
                turns += 1
            assert turns > 20, "in half a second of handlers"
            client.close()
            await closed(server)

        run(main())

    def test_a_handler_that_raises_stops_nothing(
        self, run: Run, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def main() -> None:
            server = WebSocketServer()

            def on_connection(connection: WebSocketServerConnection) -> None:
                def echo(data: str) -> None:
                    connection.send(data)
                    raise LookupError("in the loop")

                connection.ontext = echo

            server.onconnection = on_connection
            server.listen(0)
            async with websocket(url_of(server), proxy=None, compression=None) as client:
                for text in ("1", "2"):
                    await client.send(text)
                    assert await client.recv() == text
            await closed(server)

        run(main())
        assert caplog.text.count("LookupError: in the loop") > 1

    def test_serve_forever_is_refused_there(self, run: Run) -> None:
        async def main() -> None:
            server = WebSocketServer()
            server.listen(0)
            with pytest.raises(RuntimeError, match="asyncio loop"):
                server.serve_forever()
            await closed(server)

        run(main())

    def test_it_may_listen_again_in_the_loop(self, run: Run) -> None:
        async def main() -> None:
            server = WebSocketServer()
            for _ in range(3):
                server.listen(0)
                async with websocket(url_of(server), proxy=None, compression=None):
                    await soon(lambda: server.connections)
                await closed(server)

        run(main())

    @pytest.mark.timing
    def test_an_idle_loop_sleeps(self) -> None:
        """The bridge does not poll by itself: nothing happens in a loop where nothing happens."""

        async def main() -> None:
            server = WebSocketServer()
            server.listen(0)
            async with websocket(url_of(server), proxy=None, compression=None):
                await soon(lambda: server.connections)
                await asyncio.sleep(0.05)
                began = time.process_time()
                await asyncio.sleep(0.3)
                assert time.process_time() - began < 0.03 * 5
            await closed(server)

        asyncio.run(main())

    def test_a_loop_that_ends_before_the_server_is_closed_leaves_nothing_open(
        self, run: Run
    ) -> None:
        port = 0

        async def main() -> None:
            nonlocal port
            server = WebSocketServer()
            server.listen(0)
            port = server.port or 0
            async with websocket(url_of(server), proxy=None, compression=None):
                await soon(lambda: server.connections)

        run(main())
        for _ in range(3):
            gc.collect()  # an unclosed socket would be a ResourceWarning, which is an error here
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def test_after_its_loop_has_ended_a_server_can_be_closed_by_polling(self, run: Run) -> None:
        server = WebSocketServer()

        async def main() -> None:
            server.listen(0)
            await asyncio.sleep(0)

        run(main())
        done: list[object] = []
        server.close(done.append)
        poll_until(server, lambda: done)
        assert server.port is None


@pytest.mark.timing
class TestNobodyPolls:
    def test_one_log_line_says_what_to_do_and_only_once(
        self,
        serve: Serve,
        connect: Connect,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(lifetime, "_PATIENCE", 0.1)
        server = serve()
        client = connect(server)
        wait_until(lambda: caplog.records)
        client.send(frame(TEXT, b"x"))
        time.sleep(0.3)  # that nothing happens takes time to see
        (record,) = caplog.records
        assert (record.name, record.levelno) == ("stagedoor", logging.WARNING)
        assert "server.poll()" in record.getMessage()
        assert "serve_forever()" in record.getMessage()

    def test_nothing_is_logged_while_nobody_connects_or_somebody_polls(
        self,
        serve: Serve,
        connect: Connect,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(lifetime, "_PATIENCE", 0.25)
        server = serve()
        time.sleep(0.4)
        connect(server)
        end = time.monotonic() + 0.6
        poll_until(server, lambda: time.monotonic() > end)
        assert caplog.records == []

    def test_nothing_is_logged_while_a_budget_leaves_a_backlog(
        self,
        serve: Serve,
        connect: Connect,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Somebody does poll; that it is not enough is another matter."""
        monkeypatch.setattr(lifetime, "_PATIENCE", 0.25)
        server = serve()
        recording = Recording(server)
        client = connect(server)
        recording.next_connection().ontext = lambda: time.sleep(0.004)
        client.send(frame(TEXT, b"x") * 200)
        wait_until(lambda: server._core is not None and server._core.wait(PATIENCE))
        server.poll(0.0)
        client.send(frame(TEXT, b"x") * 10)
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            server.poll(0.002)
        assert caplog.records == []

    def test_after_2_s_by_default_on_stderr_of_a_program_without_logging(self) -> None:
        source = """
            server = WebSocketServer()
            server.listen(0)
            print(server.port)
            sys.stdin.readline()
        """
        with Program(source) as program:
            client = connected(program.read_port())
            began = time.monotonic()
            assert program.process.stderr is not None
            line = program.process.stderr.readline()
            assert 2 * 0.9 < time.monotonic() - began < 2 * 5
            assert "2 s" in line
            assert "server.poll()" in line
            program.tell()
            assert program.finish() == (0, "", "")
            client.close()
