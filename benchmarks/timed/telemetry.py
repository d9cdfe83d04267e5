"""A hundred topics at 60 Hz, read by one client and by fifty. Each gets the newest values.

It measures what a frame costs on the game's thread, in `tick()`, and on the network thread: the
processor time that the kernel counts. For comparison, the same game runs with picows on an asyncio
thread.
"""

import json
import os
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

os.environ["STAGEDOOR"] = "1"

from benchmarks.costs import (
    NETWORK_MANY,
    NETWORK_ONE,
    PICOWS_GAME,
    PICOWS_NETWORK,
    TOPICS_MANY,
    TOPICS_ONE,
)
from benchmarks.roster import PUBLISHING_PICOWS
from benchmarks.serving import serving
from benchmarks.timed.readers import FRAME, Readers, stage_for
from stagedoor.live.stage import Stage

TOPICS = 100
COUNTS = {1: (TOPICS_ONE, NETWORK_ONE), 50: (TOPICS_MANY, NETWORK_MANY)}
NETWORK_THREAD = "stagedoor-net"


def main() -> None:
    rounds, seconds = (1, 1.0) if "--quick" in sys.argv else (5, 2.0)
    stage = stage_for(max(COUNTS))
    for number in range(TOPICS):
        stage.watch(f"value.{number}", lambda number=number: stage._hub.frame * 0.25 + number)
    whats = [*(what for both in COUNTS.values() for what in both), PICOWS_GAME, PICOWS_NETWORK]
    found: dict[str, list[float]] = {what: [] for what in whats}
    for _ in range(rounds):
        for count, (game, network) in COUNTS.items():
            ticks, thread = frames_of(stage, count, seconds)
            found[game].append(median(ticks) * 1e9)
            found[network].append(thread / len(ticks))
        with serving(PUBLISHING_PICOWS) as server:
            Readers(server.port, None, max(COUNTS), seconds, "value", "--topics", TOPICS).left()
            theirs = server.end()
        found[PICOWS_GAME].append(theirs["game_ns"])
        found[PICOWS_NETWORK].append(theirs["network_ns"])
    print(json.dumps(found))


def frames_of(stage: Stage, clients: int, seconds: float) -> tuple[list[float], int]:
    """Seconds of each tick while so many clients read, and the nanoseconds that the network thread
    ran in all."""
    times: list[float] = []
    token = stage._hub.keys.tokens.viewer
    readers = Readers(stage.port, token, clients, seconds, "value", "--topics", TOPICS)
    since = until = 0
    due = perf_counter()
    while readers.are_there:
        is_timed = readers.are_ready.is_set()
        if is_timed and not since:
            since = on_processor(NETWORK_THREAD)
        began = perf_counter()
        stage.tick(FRAME)
        ended = perf_counter()
        if is_timed:
            times.append(ended - began)
            until = on_processor(NETWORK_THREAD)
        due = max(due + FRAME, ended)
        sleep(due - ended)
    for _ in range(10):  # handle that the clients have left
        stage.tick(FRAME)
        sleep(FRAME)
    found = readers.left()
    if found["fewest"] < len(times) * TOPICS / 10:  # a busy machine loses some values
        raise SystemExit(f"not all {clients} clients got the values: {found}")
    return times, until - since


def on_processor(thread: str) -> int:
    """Nanoseconds that the thread of this process with this name has run. Linux only."""
    for task in Path("/proc/self/task").iterdir():
        if (task / "comm").read_text().strip() == thread:
            return int((task / "schedstat").read_text().split()[0])
    raise SystemExit(f"there is no thread called {thread}")


if __name__ == "__main__":
    main()
