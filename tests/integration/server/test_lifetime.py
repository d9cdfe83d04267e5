"""What may happen to a server: it is collected, fails, is stopped, is used by any thread."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest

from stagedoor import _core
from stagedoor.live.net.websocket import ReadyState, WebSocketServer

from .conftest import Connect
from .raw import (
    CLOSE,
    PATIENCE,
    PING,
    PONG,
    TEXT,
    RawClient,
    close_payload,
    connected,
    frame,
    request,
)
from .running import (
    MORE_THAN_THE_KERNEL_TAKES,
    Program,
    Recording,
    is_refused,
    poll_until,
    poll_until_connected,
    poll_until_ended,
    wait_until,
)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def native_threads() -> list[str]:
    """The names of this process's threads, those that Python does not know of among them."""
    names = []
    for task in Path("/proc/self/task").iterdir():
        try:
            names.append((task / "comm").read_text().strip())
        except OSError:
            continue  # it has just ended
    return names


def blocked_signals() -> list[tuple[str, int]]:
    """Each thread's name and the signals that it does not take, as a mask."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            lines = (task / "status").read_text().splitlines()
        except OSError:
            continue  # it has just ended
        fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        found.append((fields["Name"], int(fields["SigBlk"], 16)))
    return found


def our_threads() -> list[str]:
    """The threads that a server has, by name: the network's and Python's."""
    native = [name for name in native_threads() if name == "stagedoor-net"]
    return native + [thread.name for thread in threading.enumerate() if "watch" in thread.name]


class TestAServerThatNobodyHolds:
    def test_frees_its_port_and_its_threads(self) -> None:
        wait_until(lambda: our_threads() == [])  # those of the test before may still be ending
        server = WebSocketServer()
        server.listen(0)
        port = server.port or 0
        client = connected(port)
        poll_until_connected(server)
        wait_until(lambda: our_threads() == ["stagedoor-net", "stagedoor-watch"])
        gone = weakref.ref(server)
        del server
        gc.collect()
        assert gone() is None
        client.read_to_end()
        client.close()
        assert is_refused(port)
        wait_until(lambda: our_threads() == [])
        again = WebSocketServer()
        again.listen(port)
        again.close()
        poll_until_ended(again)

    @pytest.mark.parametrize("pending", [False, True], ids=["handlers", "a callback that waits"])
    def test_although_what_it_would_call_refers_to_it(
        self, connect: Connect, pending: bool
    ) -> None:
        gone, thread, port = self.serve_and_forget(connect, pending)
        gc.collect()
        try:
            assert gone() is None
            assert is_refused(port)
        finally:
            thread.join()

    def serve_and_forget(
        self, connect: Connect, pending: bool
    ) -> tuple[weakref.ref[WebSocketServer], _core.NetworkThread, int]:
        server = WebSocketServer()
        server.listen(0)
        connect(server, receive_buffer=4096)
        connection = poll_until_connected(server)
        connection.ontext = lambda: server.close()
        if pending:
            connection.send(MORE_THAN_THE_KERNEL_TAKES, lambda error: server.close())
        assert server._transport.native is not None
        assert server.port is not None
        return weakref.ref(server), server._transport.native.thread, server.port

    def test_while_a_connection_is_held_the_connection_is_only_closed(
        self, connect: Connect
    ) -> None:
        server = WebSocketServer()
        server.listen(0)
        client = connect(server)
        poll_until_connected(server)
        core = server.connections[0]._peer.native
        core.receiver.clear()  # it refers to the server
        del server
        gc.collect()
        client.read_to_end()
        refusal = core.send("nobody is there")
        assert refusal is not None
        assert (refusal.is_closed, str(refusal)) == (True, "the connection is closed")
        core.close(1000, "")

    def test_one_close_leaves_no_thread_and_no_descriptor(self, connect: Connect) -> None:
        gc.collect()
        gc.collect()  # what earlier tests left would count as closed here
        threads, opened = len(native_threads()), descriptors()
        for _ in range(10):
            server = WebSocketServer(close_timeout=0.2)
            server.listen(0)
            client = connect(server)
            poll_until_connected(server)
            server.close()
            client.read_close()
            client.send(frame(CLOSE, close_payload(1001)))
            poll_until_ended(server)
            client.close()
        wait_until(lambda: len(native_threads()) <= threads and descriptors() <= opened)

    def test_a_failed_listen_leaves_nothing(self, server: WebSocketServer) -> None:
        gc.collect()
        threads, opened = len(native_threads()), descriptors()
        for _ in range(10):
            with pytest.raises(OSError, match="in use"):
                WebSocketServer().listen(server.port or 0)
        assert len(native_threads()) <= threads
        assert descriptors() <= opened


class TestAFaultOfTheNetworkThread:
    @pytest.mark.filterwarnings("default")
    def test_is_a_runtime_error_and_everything_is_told_and_closed(
        self, capfd: pytest.CaptureFixture[str], connect: Connect
    ) -> None:
        threads = len(native_threads())
        server = WebSocketServer()
        server.listen(0)
        recording = Recording(server)
        slow, client = connect(server, receive_buffer=4096), connect(server)
        poll_until(server, lambda: len(recording.connections) == 2)
        sent: list[object] = []
        recording.connections[0].send(MORE_THAN_THE_KERNEL_TAKES, sent.append)
        port = server.port or 0
        assert server._transport.native is not None
        server._transport.native.panic()
        client.read_to_end()
        slow.read_to_end()
        with pytest.raises(RuntimeError, match="the network thread panicked: asked to panic"):
            poll_until(server, lambda: False)
        closes, (server_close,) = recording.of("closed"), recording.of("server closed")
        assert len(closes) == 2
        assert all("panicked" in text for text in (*closes, server_close, *sent))
        assert len(sent) == 1
        assert [connection.readyState for connection in recording.connections] == [
            ReadyState.CLOSED
        ] * 2
        assert [connection.close_code for connection in recording.connections] == [1006] * 2
        assert server.port is None
        assert server.poll() == 0
        assert is_refused(port)
        wait_until(lambda: len(native_threads()) <= threads)
        capfd.readouterr()

    def test_the_server_may_listen_again(
        self, capfd: pytest.CaptureFixture[str], connect: Connect
    ) -> None:
        server = WebSocketServer(close_timeout=0.2)
        server.listen(0)
        assert server._transport.native is not None
        server._transport.native.panic()
        with pytest.raises(RuntimeError, match="panicked"):
            server.serve_forever()
        server.listen(0)
        connect(server)
        poll_until_connected(server)
        server.close()
        poll_until_ended(server)
        capfd.readouterr()


class TestSignals:
    def test_are_all_left_to_the_programs_own_threads(self, server: WebSocketServer) -> None:
        wait_until(lambda: "stagedoor-net" in native_threads())
        blocked = [mask for name, mask in blocked_signals() if name == "stagedoor-net"]
        every = (1 << 31) - 1 & ~(1 << signal.SIGKILL - 1) & ~(1 << signal.SIGSTOP - 1)
        assert blocked
        assert all(mask & every == every for mask in blocked)


@pytest.mark.timing
class TestAProcessThatWasStopped:
    def test_gives_its_peers_the_time_that_they_did_not_have(self) -> None:
        source = """
            server = WebSocketServer(handshake_timeout=1.0, ping_interval=0.1, ping_timeout=1.0)
            def on_connection(connection):
                connection.ontext = lambda text: connection.send(text)
            server.onconnection = on_connection
            server.listen(0)
            print(server.port)
            server.serve_forever()
        """
        with Program(source) as program:
            client = connected(program.read_port())
            beginner = RawClient(client.port)
            head = request(client.port)
            beginner.send(head[:20])
            ping = client.read_frame()
            assert ping.opcode == PING
            program.process.send_signal(signal.SIGSTOP)
            threading.Event().wait(2.0)  # that is what is tested
            program.process.send_signal(signal.SIGCONT)
            # Its deadlines would be over by now, and it has had its turn.
            late = connected(client.port)
            late.send(frame(TEXT, b"a turn"))
            while late.read_frame().payload != b"a turn":
                pass
            client.send(frame(PONG, ping.payload) + frame(TEXT, b"still here"))
            while (received := client.read_frame()).opcode != TEXT:
                assert received.opcode == PING, received
            assert received.payload == b"still here"
            beginner.send(head[20:])
            assert beginner.read_response().status == 101
            for each in (client, beginner, late):
                each.close()


class TestAnyThread:
    def test_may_call_everything_at_once(self) -> None:
        source = """
            errors, rounds = [], [0] * 6
            server = WebSocketServer(close_timeout=0.2)
            server.onconnection = lambda connection: connection.send("hello", lambda error: None)
            server.listen(0)
            port = server.port
            print(port)
            done = threading.Event()

            def restart():
                server.close()
                try:
                    server.listen(port)
                except RuntimeError as error:
                    assert "closing" in str(error) or "running" in str(error), error

            def all_connections():
                for connection in server.connections:
                    connection.send("x" * 1000, lambda error: None)
                    connection.readyState, connection.bufferedAmount, repr(connection)
                    if connection.id % 3 == 0:
                        connection.close(1000, "bye")

            calls = [
                all_connections,
                lambda: server.broadcast("to all"),
                lambda: (repr(server), server.port, len(server.connections)),
                lambda: server.close(lambda error: None) if rounds[3] % 50 == 49 else None,
                restart,
                lambda: setattr(server, "onclose", lambda error: None),
            ]

            def again_and_again(number):
                try:
                    while not done.is_set():
                        calls[number]()
                        rounds[number] += 1
                        time.sleep(0.001)
                except BaseException as error:
                    errors.append(repr(error))

            threads = [threading.Thread(target=again_and_again, args=(n,)) for n in range(6)]
            for thread in threads:
                thread.start()
            threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
            while not done.is_set():
                server.poll() or time.sleep(0.001)
            for thread in threads:
                thread.join()
            server.close()
            while server.port is not None:
                server.poll()
            print(errors, all(rounds))
        """
        with Program(source) as program:
            port = program.read_port()
            heard = 0
            deadline = time.monotonic() + PATIENCE
            while heard < 100:
                assert time.monotonic() < deadline, heard
                try:
                    client = connected(port)
                    heard += client.read_frame().opcode == TEXT
                    client.close()
                except (OSError, EOFError):  # the server is between two lives
                    continue
            program.finish_input()
            code, stdout, stderr = program.finish()
            assert (code, stdout, stderr) == (0, "[] True\n", "")
