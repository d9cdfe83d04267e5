"""Ends and forks: what is left of a server, its threads, its sockets and its clients."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import textwrap
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


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


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
            assert stderr.count("\n") == 3 + stderr.count("    ~") + stderr.count("    ^")
            assert stderr.endswith("LookupError: the game has a bug\n")
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


FORK = """
def sockets():
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
        if target.startswith("socket:"):
            found.append(target)
    return found

server = WebSocketServer()
connections = []

def on_connection(connection):
    connections.append(connection)
    connection.ontext = lambda text: connection.send(text)

server.onconnection = on_connection

def start():
    server.listen(0)
    print(server.port)
    while not connections:
        server.poll()

def serve():
    "The parent goes on until its standard input ends."
    done = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
    while not done.is_set():
        server.poll() or time.sleep(0.001)
"""


def forking(source: str) -> Program:
    # On later Pythons a fork in a process with threads warns, and it is right to.
    ignore = "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n"
    return Program(ignore + FORK + textwrap.dedent(source))


def end(program: Program) -> None:
    assert program.process.stdin is not None
    program.process.stdin.close()
    program.process.stdin = None
    assert program.finish() == (0, "", "")


class TestFork:
    @pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)"])
    def test_the_child_has_no_server_and_none_of_its_sockets_and_the_parent_keeps_serving(
        self, leave: str
    ) -> None:
        source = f"""
            start()
            idle = WebSocketServer()
            idle.listen(0)
            if os.fork() == 0:
                called = []
                connections[0].send("from the child", called.append)
                connections[0].close()
                server.broadcast("from the child")
                idle.close()
                print([sockets(), server.port, idle.port, server.connections,
                       connections[0].readyState.name, server.poll()])
                {leave}
            os.wait()
            print("parent")
            serve()
        """
        with forking(source) as program:
            client = connected(program.read_port())
            assert program.read_line() == "[[], None, None, [], 'CLOSED', 1]"
            assert program.read_line() == "parent"
            for number in range(3):
                client.send(frame(TEXT, str(number).encode()))
                assert client.read_frame().payload == str(number).encode()
            late = connected(client.port)
            late.send(frame(PING))
            assert late.read_frame().opcode == PONG
            end(program)
            assert client.read_close()[0] == 1001
            client.close()
            late.close()

    def test_the_child_may_have_a_server_of_its_own(self) -> None:
        source = """
            start()
            if os.fork() == 0:
                connections.clear()
                start()
                connections[0].send("child")
                server.close()
                server.serve_forever()
                print("child closed", len(sockets()))
                os._exit(0)
            serve()
            os.wait()
        """
        with forking(source) as program:
            parent = connected(program.read_port())
            child = connected(program.read_port())
            assert child.read_frame().payload == b"child"
            assert child.read_close()[0] == 1001
            child.send(frame(CLOSE, close_payload(1001)))
            assert program.read_line() == "child closed 0"
            parent.send(frame(TEXT, b"parent"))
            assert parent.read_frame().payload == b"parent"
            end(program)
            parent.close()
            child.close()

    @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
    def test_a_multiprocessing_child_does_not_disturb_its_parent(
        self, method: str, tmp_path: Path
    ) -> None:
        script = tmp_path / "game.py"
        script.write_text(
            FORK.replace(
                "server = ",
                "from stagedoor.live.net.websocket import WebSocketServer\n"
                "import os, sys, threading, time, multiprocessing\nserver = ",
                1,
            )
            + f"""
def work(number):
    found = [link for link in sockets()] if {method!r} == "fork" else []
    return number * number, found, server.port

if __name__ == "__main__":
    start()
    context = multiprocessing.get_context({method!r})
    with context.Pool(2) as pool:
        print(pool.map(work, range(3)))
    print("parent")
    serve()
"""
        )
        process = subprocess.Popen(
            [sys.executable, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            assert process.stdout is not None
            client = connected(int(process.stdout.readline()))
            result = process.stdout.readline().strip()
            assert result == "[(0, [], None), (1, [], None), (4, [], None)]"
            assert process.stdout.readline() == "parent\n"
            client.send(frame(TEXT, b"still served"))
            assert client.read_frame().payload == b"still served"
            _, stderr = process.communicate(timeout=PATIENCE)
            assert (process.returncode, stderr) == (0, "")
            client.close()
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def test_in_an_asyncio_game_the_child_has_none_of_the_sockets(self) -> None:
        source = """
            import asyncio
            async def main():
                server.listen(0)
                print(server.port)
                while not connections:
                    await asyncio.sleep(0.001)
                before = len(sockets())
                if os.fork() == 0:
                    print(before - len(sockets()))
                    os._exit(0)
                os.wait()
                await asyncio.to_thread(sys.stdin.read)
                server.close()
                while server.port is not None:
                    await asyncio.sleep(0.001)
            asyncio.run(main())
        """
        with forking(source) as program:
            client = connected(program.read_port())
            # A listener, a connection, and the pair of the bridge; asyncio's own pair stays.
            assert program.read_line() == "4"
            client.send(frame(TEXT, b"served"))
            assert client.read_frame().payload == b"served"
            assert program.process.stdin is not None
            program.process.stdin.close()
            program.process.stdin = None
            assert client.read_close()[0] == 1001
            client.send(frame(CLOSE, close_payload(1001)))
            assert program.finish() == (0, "", "")
            client.close()

    def test_the_parents_death_closes_the_clients_although_a_child_lives(self) -> None:
        source = """
            start()
            if os.fork() == 0:
                print("forked")
                sys.stdin.read()
                os._exit(0)
            serve()
        """
        with forking(source) as program:
            client = connected(program.read_port())
            assert program.read_line() == "forked"
            program.process.kill()
            assert client.read_to_end() == b""
            wait_until(lambda: is_refused(client.port))  # the child does not listen
            client.close()

    def test_another_thread_may_listen_while_the_hooks_of_a_fork_run(self) -> None:
        source = """
            import asyncio
            ready, forking, listening, forked = (threading.Event() for _ in range(4))
            async def listen():
                other = WebSocketServer(close_timeout=0.2)
                other.listen(0)
                listening.set()
                other.close()
                while other.port is not None:
                    await asyncio.sleep(0.001)
            def listen_meanwhile():
                with asyncio.Runner(debug=False) as runner:
                    runner.get_loop()  # making one takes the lock of logging, and so does a fork
                    ready.set()
                    forking.wait()
                    runner.run(listen())
                    forked.wait()  # with the loop's sockets, which the child counts
            start()
            thread = threading.Thread(target=listen_meanwhile)
            thread.start()
            ready.wait()
            if os.fork() == 0:
                os._exit(len(sockets()) - 2)  # those of the other thread's loop
            print("parent", os.wait()[1])
            forked.set()
            thread.join()
        """
        hook = """
import os
os.register_at_fork(before=lambda: (forking.set(), print("listens", listening.wait(5))))
"""
        ignore = "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n"
        with Program(FORK + textwrap.dedent(source), first=ignore + hook) as program:
            client = connected(program.read_port())
            assert program.read_line() == "listens True"
            assert program.read_line() == "parent 0"
            client.close()

    def test_under_traffic_and_from_a_thread_it_neither_hangs_nor_leaks(self) -> None:
        source = """
            start()
            def fork_often():
                for _ in range(20):
                    child = os.fork()
                    if child == 0:
                        os._exit(len(sockets()))
                    if os.waitpid(child, 0)[1] != 0:
                        print("a child had sockets")
                print("done")
            threading.Thread(target=fork_often).start()
            serve()
        """
        with forking(source) as program:
            port = program.read_port()
            stop = threading.Event()

            def traffic() -> None:
                while not stop.is_set():
                    client = connected(port)
                    client.send(frame(TEXT, b"x"))
                    client.read_frame()
                    client.reset()

            thread = threading.Thread(target=traffic)
            thread.start()
            try:
                assert program.read_line() == "done"
            finally:
                stop.set()
                thread.join()
            end(program)


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
        assert server._core is not None
        assert server.port is not None
        return weakref.ref(server), server._core.thread, server.port

    def test_while_a_connection_is_held_the_connection_is_only_closed(
        self, connect: Connect
    ) -> None:
        server = WebSocketServer()
        server.listen(0)
        client = connect(server)
        poll_until_connected(server)
        core = server.connections[0]._core
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
        assert server._core is not None
        server._core.panic()
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
        assert server._core is not None
        server._core.panic()
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
