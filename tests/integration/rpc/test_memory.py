"""After a flood an idle game gives the memory of the messages back to the system."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from program import PATIENCE, Program

from .peer import Game, request

MIB = 1 << 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is counted as on Linux")
def test_of_large_messages(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    env = os.environ | {"STAGEDOOR": "1", "STAGEDOOR_RUNTIME_DIR": str(runtime)}
    program = Program([Path(__file__).with_name("failing_game.py")], env)
    try:
        game = Game(program, runtime)
        process = psutil.Process(program.process.pid)

        def flood() -> None:
            with game.peer() as peer:
                for _ in range(20):
                    peer.send(request("takes", ["x" * (MIB - 100)]))
                    peer.receive()

        flood()
        before = process.memory_info().rss
        clients = [threading.Thread(target=flood) for _ in range(16)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        deadline = time.monotonic() + PATIENCE
        while (held := process.memory_info().rss - before) > 8 * MIB:
            assert time.monotonic() < deadline, f"{held / MIB:.1f} MiB more than before"
            time.sleep(0.1)
    finally:
        program.end()
