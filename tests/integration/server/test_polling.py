"""Where callbacks run: in `poll()`, and what is said when nobody polls."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from stagedoor.live.net import lifetime
from stagedoor.live.net.websocket import WebSocketServer, WebSocketServerConnection

from .conftest import Connect, Serve
from .raw import PATIENCE, PING, PONG, TEXT, connected, frame
from .running import Program, Recording, poll_until, wait_until


def wait_until_events(server: WebSocketServer) -> None:
    assert server._transport.native is not None
    assert server._transport.native.wait(PATIENCE)


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
        wait_until_events(server)
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
        wait_until_events(server)
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
