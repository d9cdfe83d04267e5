"""A blocking call of `stagedoor.connect()`, beside a bare round trip with the package `websockets`.

Both wait for each answer before they send again. They alternate, so that a slow moment of the
machine affects both.
"""

import json
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

from websockets.sync.client import connect as connect_websocket

import stagedoor
from benchmarks.costs import BARE, SYNC_CALL
from benchmarks.roster import STAGE, WEBSOCKETS
from benchmarks.serving import Server, serving

TEXT = '{"jsonrpc":"2.0","method":"add","params":[10000000,7],"id":10000000}'
CALLS = 500
WARMUP = 200


def main() -> None:
    rounds = 3 if "--quick" in sys.argv else 15
    found: dict[str, list[float]] = {BARE: [], SYNC_CALL: []}  # the median of each round
    with (
        serving(WEBSOCKETS) as echo,
        serving(STAGE) as stage,
        connect_websocket(url_of(echo), compression=None, ping_interval=None) as bare,
        stagedoor.connect(url_of(stage), token=stage.token) as client,
    ):

        def echo_once() -> None:
            bare.send(TEXT)
            assert bare.recv() == TEXT

        def call_once() -> None:
            assert client.add(10_000_000, 7) == 10_000_007

        both = {BARE: echo_once, SYNC_CALL: call_once}
        for once in both.values():
            times_of(once, WARMUP)
        for _ in range(rounds):
            for what, once in both.items():
                found[what].append(median(times_of(once, CALLS)) * 1e9)
    print(json.dumps(found))


def url_of(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}/"


def times_of(once: Callable[[], None], count: int) -> list[float]:
    """The seconds that each of `count` calls takes."""
    times = []
    for _ in range(count):
        began = perf_counter()
        once()
        times.append(perf_counter() - began)
    return times


if __name__ == "__main__":
    main()
