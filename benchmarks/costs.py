"""What the scripts in `timed/` say: each times a few things in a process of its own."""

import json
import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from .environment import ROOT

# Their lines, in nanoseconds. The first line of each script is what the others are multiples of.
EMPTY = "empty method"
POLL = "server.poll(), nothing waiting"
TICK = "stage.tick(dt), nobody connected"
FRAME = "of that, recording a frame"
SPAN = "with stage.span(name)"
DORMANT = "stage.tick(dt), dormant"
ONE = "stage.tick(dt), 1 subscriber"
MANY = "stage.tick(dt), 1 000 subscribers"
BARE = "websockets to websockets+uvloop, echo, p50"
SYNC_CALL = "client.call(), p50"

SCRIPTS = {
    "idle, enabled": "benchmarks.timed.enabled",
    "idle, dormant": "benchmarks.timed.dormant",
    "topic, 200 B": "benchmarks.timed.topic",
    "sync client, one call after the other": "benchmarks.timed.sync_client",
}
LIFETIME = 120.0

Costs = dict[str, dict[str, float]]


class CostsError(Exception):
    """A script failed; the text is its last line."""


def run(script: str, *, is_quick: bool) -> dict[str, float]:
    """Return nanoseconds for each thing that a script times."""
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
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
