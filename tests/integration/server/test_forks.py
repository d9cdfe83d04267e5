"""What a forked child has of its parent's server: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from .raw import (
    CLOSE,
    PATIENCE,
    PING,
    PONG,
    TEXT,
    close_payload,
    connected,
    frame,
)
from .running import Program, is_refused, wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


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
