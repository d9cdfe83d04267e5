"""What `tick()` takes of a frame at 60 Hz while a client watches 1 000 values at 10 Hz: values
that stay as they are, and values that all change in every frame. And what it takes when
nobody watches any more.

The client is a process of its own. The figure is the mean of all ticks, because a scan is in one of
six frames, or is spread over several; so it is the processor time of the game's thread, to which
others on the machine add nothing.
"""

import json
import os
import subprocess
import sys
import threading
from statistics import mean
from time import perf_counter, sleep, thread_time

os.environ["STAGEDOOR"] = "1"

from benchmarks.costs import UNWATCHED, WATCHED_CHANGING, WATCHED_STILL
from benchmarks.timed.readers import FRAME, stage_for
from stagedoor.live.stage import Stage

ROCKS, VALUES = 100, 10
CLIENT = """
import sys, time
import stagedoor
url, token, seconds = sys.argv[1:]
with stagedoor.connect(url, token=token) as game:
    watched = {"paths": ["world.rocks"], "depth": 2}
    with game.subscribe("objects", hz=10, filter=watched) as news:
        first = next(iter(news)).value
        assert len(first["nodes"]) >= 1001, first
        print("ready", flush=True)
        time.sleep(float(seconds))
"""


class Rock:
    """Ten values."""

    def __init__(self, number: int) -> None:
        self.set(number)

    def set(self, number: float) -> None:
        for at in range(VALUES):
            setattr(self, f"value{at}", number + at / 16)


class World:
    """A hundred rocks."""

    def __init__(self) -> None:
        self.rocks = [Rock(number) for number in range(ROCKS)]


def main() -> None:
    rounds, seconds = (1, 1.0) if "--quick" in sys.argv else (5, 3.0)
    stage, world = stage_for(8), World()
    stage._budget.seconds = 0.002  # as in a game
    stage.expose("world", world)
    found: dict[str, list[float]] = {WATCHED_STILL: [], WATCHED_CHANGING: [], UNWATCHED: []}
    for _ in range(rounds):
        for what, changes in ((WATCHED_STILL, False), (WATCHED_CHANGING, True)):
            found[what].append(mean(frames_of(stage, world, seconds, changes=changes)) * 1e9)
        found[UNWATCHED].append(mean(idle_frames(stage, 100)) * 1e9)
    print(json.dumps(found))


def frames_of(stage: Stage, world: World, seconds: float, *, changes: bool) -> list[float]:
    """Seconds of processor time of each tick while a client watches."""
    times: list[float] = []
    token, url = stage._hub.keys.tokens.viewer, stage.url
    assert url is not None
    command = [sys.executable, "-c", CLIENT, url, token, str(seconds)]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    is_ready = threading.Event()

    def listen() -> None:
        assert client.stdout is not None
        for _ in client.stdout:
            is_ready.set()

    threading.Thread(target=listen, daemon=True).start()
    number = 0.0
    due = perf_counter()
    while client.poll() is None:
        number += 1 / 8
        if changes:
            for rock in world.rocks:
                rock.set(number)
        began = thread_time()
        stage.tick(FRAME)
        if is_ready.is_set():
            times.append(thread_time() - began)
        due = max(due + FRAME, now := perf_counter())
        sleep(due - now)
    if client.returncode or not times:
        raise SystemExit(f"the client failed: {client.returncode}")
    return times


def idle_frames(stage: Stage, count: int) -> list[float]:
    """Seconds of each tick when the client has left."""
    times = []
    for at in range(count):
        began = thread_time()
        stage.tick(FRAME)
        if at >= count // 2:  # that the client has left was handled before
            times.append(thread_time() - began)
        sleep(FRAME)
    return times


if __name__ == "__main__":
    main()
