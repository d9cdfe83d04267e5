"""Descriptors: no number of connections leaves one behind, and without any the game goes on."""

from __future__ import annotations

import gc
import os
import sys
import textwrap
import time
from pathlib import Path

import pytest

from stagedoor.live.net.websocket import WebSocketServer

from .conftest import Connect
from .raw import PING, TEXT, RawClient, connected, frame
from .running import Program, Recording, wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


def held() -> tuple[int, int]:
    """Descriptors and threads of this process."""
    return len(os.listdir("/proc/self/fd")), len(list(Path("/proc/self/task").iterdir()))


def test_10_000_connects_and_resets_leave_everything_as_it_was(
    server: WebSocketServer, connect: Connect
) -> None:
    recording = Recording(server)
    healthy = connect(server)
    recording.next_connection()
    gc.collect()
    before = held()
    closed = 0
    for number in range(10_000):
        if number % 10:
            client = RawClient(server.port or 0)
            if number % 2:
                client.send(b"GET / HTTP/1.1\r\n")
        else:
            client = connected(server.port or 0)
            client.send(frame(TEXT, b"x"))
            closed += 1
        client.reset()
        server.poll()
    recording.wait_for("closed", closed)
    assert len(recording.of("text")) <= closed
    assert len(server.connections) == 1
    wait_until(lambda: all(now <= then for now, then in zip(held(), before, strict=True)))
    healthy.send(frame(PING, b"alive"))
    assert healthy.read_frame().payload == b"alive"


LIMIT = """
import gc, resource
_, MOST = resource.getrlimit(resource.RLIMIT_NOFILE)
def used():
    return len(os.listdir("/proc/self/fd")) - 1
def leave(free):
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST if free is None else used() + free, MOST))
"""


class TestWithoutAnyLeft:
    def test_listen_is_an_oserror_and_nothing_is_left_of_it(self) -> None:
        source = """
            import asyncio
            async def listen(free):
                server = WebSocketServer(close_timeout=0.1)
                leave(free)
                try:
                    server.listen(0)
                except OSError as error:
                    assert server.port is None, server
                    server.listen(0, print)  # a text for the callback, and no exception
                    await asyncio.sleep(0)
                    return False
                finally:
                    leave(None)
                server.close()
                while server.port is not None:
                    await asyncio.sleep(0.001)
                return True
            async def main():
                before = used(), threading.active_count()
                could = [await listen(free) for free in range(10)]
                gc.collect()
                assert (used(), threading.active_count()) == before
                assert could == sorted(could), could
                print(set(could) == {False, True})
            asyncio.run(main())
        """
        with Program(LIMIT + textwrap.dedent(source)) as program:
            code, stdout, stderr = program.finish()
            assert (code, stderr) == (0, "")
            assert stdout.splitlines()[-1] == "True"

    def test_a_stage_is_dormant_or_does_without_what_it_can_spare(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        tmp_path.chmod(0o700)
        monkeypatch.setenv("STAGEDOOR", "1")
        monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", str(tmp_path))
        source = """
            import logging, stagedoor
            logging.basicConfig(stream=sys.stdout, format="%(message)s")
            stagedoor.start("first", port=0).close()
            for free in range(8):
                leave(free)
                stage = stagedoor.start("few", port=0)
                stage.tick(0.0)
                time.sleep(0.02)  # its watch begins, with what there is
                leave(None)
                print("enabled" if stage.port else "dormant")
                stage.close()
                while stage.port is not None:
                    stage.tick(0.0)
        """
        with Program(LIMIT + textwrap.dedent(source)) as program:
            code, stdout, stderr = program.finish()
            assert (code, stderr) == (0, "")
            lines = stdout.splitlines()
            assert lines[-1] == "enabled"
            assert "dormant" in lines

    @pytest.mark.timing
    def test_out_of_descriptors_accepting_waits_and_recovers(self) -> None:
        source = """
            import resource
            server = WebSocketServer()
            server.listen(0)
            print(server.port)
            limit = len(os.listdir("/proc/self/fd")) - 1 + 3
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            print("limited")
            began = time.process_time()
            done = threading.Event()
            threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
            while not done.is_set():
                server.poll() or time.sleep(0.005)
            print(time.process_time() - began)
        """
        with Program(source) as program:
            port = program.read_port()
            assert program.read_line() == "limited"
            first = connected(port)
            crowd = [RawClient(port) for _ in range(8)]
            first.send(frame(PING, b"1"))
            assert first.read_frame().payload == b"1", "who is in is served"
            time.sleep(0.5)  # what it costs to wait takes time to see
            for client in crowd:
                client.close()
            late = connected(port)
            late.send(frame(PING, b"2"))
            assert late.read_frame().payload == b"2"
            assert program.process.stdin is not None
            program.process.stdin.close()
            program.process.stdin = None
            code, stdout, stderr = program.finish()
            assert (code, stderr) == (0, "")
            assert float(stdout) < 0.1 * 5, "it does not spin"
            first.close()
            late.close()
