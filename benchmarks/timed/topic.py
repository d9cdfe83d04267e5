"""A frame of a stage that publishes a value: to one subscriber, and to a thousand.

The subscribers are real connections of the load generator that read all the while. Each frame
changes a topic of 200 B and ticks; what is timed is `tick()`, on the game's thread.
"""

import json
import os
import subprocess
import sys
import threading
from statistics import median
from time import perf_counter, sleep

os.environ["STAGEDOOR"] = "1"

from benchmarks.costs import MANY, ONE
from benchmarks.environment import LOADGEN
from stagedoor.live.stage import Stage

COUNTS = {ONE: 1, MANY: 1000}
FRAME = 1 / 60
LARGEST = max(COUNTS.values())


def main() -> None:
    rounds, seconds = (1, 1.0) if "--quick" in sys.argv else (3, 3.0)
    stage = stage_for(LARGEST)
    letters = [chr(ord("a") + number % 26) * 198 for number in range(26)]
    stage.watch("value", lambda: letters[stage._hub.frame % 26])
    found: dict[str, list[float]] = {what: [] for what in COUNTS}
    for _ in range(rounds):
        for what, count in COUNTS.items():
            found[what].append(median(frames_of(stage, count, seconds)))
    print(json.dumps({what: median(times) * 1e9 for what, times in found.items()}))


def stage_for(connections: int) -> Stage:
    """A stage that lets in more clients than 64, of which `start()` has no option."""
    stage = Stage("topic")
    stage._server._options._options["max_connections"] = connections
    stage._listener.open(0, "127.0.0.1")
    return stage


def frames_of(stage: Stage, subscribers: int, seconds: float) -> list[float]:
    """Seconds of each tick while so many read."""
    command = [LOADGEN, "subscribe", "--url", f"ws://127.0.0.1:{stage.port}/", "--topic", "value"]
    command += ["--connections", str(subscribers), "--hold", str(seconds), "--timeout", "20"]
    token = {"STAGEDOOR_TOKEN": stage._hub.keys.tokens.viewer}
    ready = threading.Event()
    times: list[float] = []
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, text=True, env={**os.environ, **token}
    ) as readers:
        assert readers.stdout is not None
        output: list[str] = []

        def listen() -> None:
            assert readers.stdout is not None
            for line in readers.stdout:
                output.append(line)
                ready.set()

        listener = threading.Thread(target=listen)
        listener.start()
        while readers.poll() is None:
            began = perf_counter()
            stage.tick(FRAME)
            if ready.is_set():
                times.append(perf_counter() - began)
            sleep(FRAME)
        listener.join()
    for _ in range(10):  # those who left
        stage.tick(FRAME)
        sleep(FRAME)
    if readers.returncode or json.loads(output[-1])["fewest"] < len(times) / 2:
        raise SystemExit(f"not all {subscribers} got the values: {output}")
    return times


if __name__ == "__main__":
    main()
