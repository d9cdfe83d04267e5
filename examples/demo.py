"""What `make demo` runs: it starts asteroids.py and prints what to try while the game runs.

In a terminal, the game runs until you close it. Without a terminal (in CI, in a pipe) the demo
makes one call itself, prints the reply and stops the game. The exit code is 0 if all of that
worked.
"""

import contextlib
import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

GAME = Path(__file__).with_name("asteroids.py")
OPEN_WITHIN, CALL_WITHIN, STOP_WITHIN = 8.0, 5.0, 4.0  # seconds; less than 20 together
SPAWN = ["call", "spawn", "kind=big", "count=3"]
TRY = (SPAWN, ["tree", "world"], ["tweak", "ship.thrust=400"], ["shot", "shot.png"], ["methods"])


class DemoError(Exception):
    """What went wrong, in one line."""


def main() -> int:
    signal.signal(signal.SIGTERM, _exit)  # so that `finally` below stops the game
    game = subprocess.Popen(
        [sys.executable, str(GAME)],
        env=os.environ | {"PYGAME_HIDE_SUPPORT_PROMPT": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = wait_for_door(game)
        if sys.stdin.isatty() and sys.stdout.isatty():
            say("\nTry this from a second terminal:\n")
            for arguments in TRY:
                say(f"    {command()} {shlex.join(arguments)}")
            say("\nCtrl-C, or closing the window, ends the game.")
            return wait_for_end(game)
        call(url)
        stop(game)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if game.poll() is None:
            game.terminate()
            try:
                game.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                game.kill()
                game.wait()
    say("demo: the game has stopped")
    return 0


def wait_for_end(game: "subprocess.Popen[str]") -> int:
    """Wait for the game to end. The wait is in slices, because a signal that comes just before an
    endless wait would not interrupt it."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return game.wait(0.5)


def wait_for_door(game: "subprocess.Popen[str]") -> str:
    """Print what the game prints; return the URL of its stage door once that answers."""
    found: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    assert game.stdout is not None
    threading.Thread(target=_pass_on, args=(game.stdout, found), daemon=True).start()
    try:
        url = found.get(timeout=OPEN_WITHIN)
    except queue.Empty:
        hint = "; STAGEDOOR=0 is set" if os.environ.get("STAGEDOOR") == "0" else ""
        raise DemoError(f"the game opened no door within {OPEN_WITHIN:g} s{hint}") from None
    if url is None:
        raise DemoError(f"the game ended, with exit code {game.wait()}, before its door opened")
    page = "http" + url.removeprefix("ws")
    try:
        with urllib.request.urlopen(page, timeout=CALL_WITHIN):
            return url
    except OSError as error:
        raise DemoError(f"the door at {page} does not answer: {error}") from None


def _pass_on(stdout: IO[str], found: "queue.SimpleQueue[str | None]") -> None:
    for line in stdout:
        say(line.rstrip())
        if address := re.search(r"wss?://\S+", line):
            found.put(address[0])
    found.put(None)


def call(url: str) -> None:
    """Make one call, as a second terminal would."""
    say(f"\n$ {command()} {shlex.join(SPAWN)}")
    # --to chooses this game, because others may run on this machine
    arguments = [sys.executable, "-m", "stagedoor", *SPAWN, "--to", url]
    try:
        reply = subprocess.run(arguments, capture_output=True, text=True, timeout=CALL_WITHIN)
    except subprocess.TimeoutExpired:
        raise DemoError(f"the call had no answer within {CALL_WITHIN:g} s") from None
    if reply.returncode != 0:
        raise DemoError(f"the call failed: {reply.stderr.strip()}")
    say(f"{reply.stdout.rstrip()}\n")


def stop(game: "subprocess.Popen[str]") -> None:
    """Ask the game to stop, and check that it ends with exit code 0."""
    if game.poll() is not None:
        raise DemoError(f"the game ended by itself, with exit code {game.returncode}")
    game.terminate()
    try:
        code = game.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        raise DemoError(f"the game did not stop within {STOP_WITHIN:g} s") from None
    if code != 0 and sys.platform != "win32":  # where terminate() kills
        raise DemoError(f"the game stopped with exit code {code}")


def command() -> str:
    """The command `stagedoor` of this Python, as one would type it in this folder."""
    script = Path(sys.executable).with_name("stagedoor")
    if not script.exists():
        return "python -m stagedoor"
    return os.path.relpath(script) if script.is_relative_to(Path.cwd()) else str(script)


def say(text: str) -> None:
    print(text, flush=True)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
