"""The figures of the scripts in `timed/`. Each script measures a few things in its own process."""

import json
import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from .environment import ROOT

# What the scripts measure. The tables give the lines of a script as multiples of its first line.
EMPTY = "empty method"
POLL = "server.poll(), nothing waiting"
TICK = "stage.tick(dt), nobody connected"
FRAME = "of that, recording a frame"
WORK = "beside it: the thread's processor time, for a frame of 50 us or more"
SPAN = "with stage.span(name)"
DORMANT = "stage.tick(dt), dormant"
ONE = "stage.tick(dt), 1 subscriber"
MANY = "stage.tick(dt), 1 000 subscribers"
TOPICS_ONE = "stage.tick(dt), 100 topics, 1 client"
TOPICS_MANY = "stage.tick(dt), 100 topics, 50 clients"
NETWORK_ONE = "network thread, a frame, 1 client"
NETWORK_MANY = "network thread, a frame, 50 clients"
PICOWS_GAME = "thread: picows, a frame of the game, 50 clients"
PICOWS_NETWORK = "thread: picows, its thread, 50 clients"
WATCHED_STILL = "stage.tick(dt), 1 000 values that stay"
WATCHED_CHANGING = "stage.tick(dt), 1 000 values that change in each frame"
UNWATCHED = "stage.tick(dt), when nobody watches any more"
BARE = "websockets to websockets+uvloop, echo, p50"
SYNC_CALL = "client.call(), p50"
IMPORT = "import stagedoor, disabled"
START = "import stagedoor, start()"
OUR_MEMORY = "stagedoor"
PAGES = {
    kind: tuple(f"objects.children: the next 100 of a {kind} of {size}" for size in ("200", "10^6"))
    for kind in ("list", "dict", "set")
}
"""Of each kind of container: a small one and a large one."""
OPEN_ROOT = "objects.get and .children (100) of a root of 100 000 objects"
PREVIEW_OF_1_KB = "preview of 1 000 bytes"
PREVIEW_OF_1_GB = "preview of 1 GB of bytes"
SCREEN = {
    shot: (f"{shot}: on the game's thread", f"{shot}: encoding, on a thread of its own")
    for shot in ("drawn, png", "noisy, png", "noisy, jpeg", "noisy, jpeg, 640 wide")
}
"""Of `screen.capture` at 1280 x 720."""

SCRIPTS = {
    "idle, enabled": "benchmarks.timed.enabled",
    "idle, dormant": "benchmarks.timed.dormant",
    "topic, 200 B": "benchmarks.timed.topic",
    "telemetry at 60 Hz": "benchmarks.timed.telemetry",
    "1 000 values watched at 10 Hz": "benchmarks.timed.watching",
    "sync client, one call after the other": "benchmarks.timed.sync_client",
    "objects": "benchmarks.timed.objects",
    "process start": "benchmarks.timed.start_up",
    "screen.capture, 1280 x 720": "benchmarks.timed.screen",
    "bytes of its file": "benchmarks.timed.screen_bytes",
    "resident, for each of 10 000 idle connections": "benchmarks.timed.memory",
}
UNIT = {
    script: "bytes" if script.startswith(("resident", "bytes")) else "time" for script in SCRIPTS
}
LIFETIME = 180.0

Costs = dict[str, dict[str, list[float]]]
"""For each script, for each thing that it measures: a figure for each round, in nanoseconds or
bytes."""


class CostsError(Exception):
    """A script failed. The text is the last line that it printed to stderr."""


def run(script: str, *, is_quick: bool) -> dict[str, list[float]]:
    """Run a script; return the figures of each thing that it measures. Raises: CostsError."""
    command = [sys.executable, "-m", SCRIPTS[script], *(["--quick"] if is_quick else [])]
    with TemporaryDirectory() as runtime:
        environment = {**os.environ, "STAGEDOOR_RUNTIME_DIR": runtime}
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIFETIME
            )
        except subprocess.TimeoutExpired as error:
            raise CostsError(f"not done within {LIFETIME:.0f} s") from error
    if done.returncode:
        complaint = done.stderr.strip().splitlines()
        raise CostsError(complaint[-1] if complaint else f"exit code {done.returncode}")
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found
