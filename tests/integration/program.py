"""`Program`: a real process whose lines of output a test waits for."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PATIENCE = 60.0
"""Seconds after which a test stops waiting for what must come."""


def need(found: object, what: str) -> None:
    """Skip the test where a tool that is not ours is missing; in CI that is an error."""
    if found:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must have it", pytrace=False)
    pytest.skip(f"{what} is missing")


class Program:
    """A Python program, its stdout and stderr as lines in the order they were written.

    The process is ended by `end()`, at the latest when its fixture is torn down.
    """

    def __init__(self, arguments: Sequence[str | Path], env: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            [sys.executable, "-u", *map(str, arguments)],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # a group of its own, for `end()`
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, pattern: str, count: int = 1, timeout: float = PATIENCE) -> re.Match[str]:
        """Wait for the `count`-th line that matches; returns its match."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                matches = [found for line in self.lines if (found := re.search(pattern, line))]
                if len(matches) >= count:
                    return matches[count - 1]
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    why = "the program ended" if self._ended else f"{timeout:g} s went by"
                    output = "\n".join(self.lines) or "nothing"
                    pytest.fail(f"{why} before line {count} of {pattern!r}; it printed:\n{output}")
                self._changed.wait(left)

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait for its end, and for the last line; returns the exit code."""
        code = self.process.wait(timeout)
        self._reader.join(timeout)
        return code

    def interrupt(self) -> None:
        """What Ctrl-C in its terminal does."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """Kill it, and what it started, if any of that still runs."""
        self._reader.join(0.0 if self.process.poll() is None else 1.0)
        if self._reader.is_alive():  # somebody still has our pipe open
            if sys.platform == "win32":
                self.process.kill()
            else:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
