"""Where callbacks run: in a running asyncio loop, of every kind there is."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from websockets.asyncio.client import connect as websocket

from stagedoor.live.net.websocket import WebSocketServer, WebSocketServerConnection

from .raw import PATIENCE, TEXT, connected, frame
from .running import Recording, poll_until


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
        assert "LookupError: in the loop" in caplog.text

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
