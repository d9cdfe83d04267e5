"""What stagedoor costs a game when nothing happens, from the scripts in `idle/`."""

import json
import subprocess
import sys

from .environment import ROOT

SCRIPTS = ("enabled", "dormant")
EMPTY = "empty method"
POLL = "server.poll(), nothing waiting"
TICK = "stage.tick(dt), nobody connected"
FRAME = "of that, recording a frame"
SPAN = "with stage.span(name)"
DORMANT = "stage.tick(dt), dormant"

Costs = dict[str, dict[str, float]]


class CostsError(Exception):
    """A script failed; the text is its last line."""


def run(script: str) -> dict[str, float]:
    """Return nanoseconds for each call that a script times, and for an empty method beside it."""
    command = [sys.executable, "-m", f"benchmarks.idle.{script}"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired as error:
        raise CostsError("not done within 60 s") from error
    if done.returncode:
        complaint = done.stderr.strip().splitlines()
        raise CostsError(complaint[-1] if complaint else f"exit code {done.returncode}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
