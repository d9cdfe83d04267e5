"""A game at which all kinds of clients come and go is as it was, and answers throughout."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import Run
from program import PATIENCE
from rpc.peer import Game, Peer

from .churners import CHURNERS, Churn
from .door import Door
from .figures import Sample, growing, look, table
from .healthy import Healthy

SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))
EVERY = SECONDS / 120
"""Seconds between two samples."""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


@pytest.fixture
def door(run: Run, env: dict[str, str]) -> Door:
    arguments = os.environ.get("SOAK_GAME", "").split()
    program = run(Path(__file__).with_name("game.py"), *arguments, STAGEDOOR="1")
    return Door(Game(program, Path(env["STAGEDOOR_RUNTIME_DIR"])))


def at_rest(door: Door, peer: Peer) -> Sample:
    vitals = peer.call("vitals")["result"]
    return look(door.game.program.process.pid, 0.0, vitals["connections"])


@pytest.mark.slow
def test_churn_leaves_nothing_and_a_healthy_client_is_answered(door: Door) -> None:
    with door.peer() as peer:
        for method in ("aside", "later"):  # they make a thread, and a loop, that stay
            peer.call(method, 1)
        before = at_rest(door, peer)
    stop = threading.Event()
    healthy = Healthy(door, stop)
    churns = [Churn(name, door, stop) for name in CHURNERS]
    samples: list[Sample] = []
    began = time.monotonic()
    for thread in (healthy, *churns):
        thread.start()
    try:
        while not healthy.errors and (passed := time.monotonic() - began) < 4 * SECONDS:
            if passed > SECONDS and all(churn.rounds > 0 for churn in churns):
                break
            connections = healthy.vitals["connections"]
            samples.append(look(door.game.program.process.pid, passed, connections))
            stop.wait(EVERY)
    finally:
        stop.set()
        for thread in (healthy, *churns):
            thread.join(PATIENCE)
    print(f"\n{table(samples)}\n")
    print(f"{'healthy':>13}: {healthy.calls} calls, came in {healthy.comings} times")
    for churn in churns:
        print(f"{churn.name:>13}: {churn.rounds} rounds, {churn.cut_short} cut short")
    assert [error for churn in (healthy, *churns) for error in churn.errors] == []
    assert all(churn.rounds > 0 for churn in churns), "somebody never came through"
    assert growing(samples) == {}, table(samples)
    with door.peer() as peer:
        deadline = time.monotonic() + PATIENCE
        while True:
            after = at_rest(door, peer)
            vitals = peer.call("vitals")["result"]
            left = (after.connections, vitals["calls"], vitals["groups"])
            is_less = after.descriptors <= before.descriptors and after.threads <= before.threads
            if is_less and left == (1, 0, 0):
                break
            assert time.monotonic() < deadline, (before, after, vitals)
            time.sleep(0.05)
    assert door.game.program.process.poll() is None
