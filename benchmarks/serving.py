"""A peer's process, from its start to its end."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from .environment import NODE_MODULES
from .roster import Peer

LIFETIME = 60
_TIME_TO_END = 5.0


class ServingError(Exception):
    """The server did not start, or did not end as it should."""


@dataclass(frozen=True)
class Server:
    """A server that listens."""

    port: int
    token: str | None
    process: subprocess.Popen[str]

    @property
    def client_environment(self) -> dict[str, str]:
        """The environment for its clients. It contains the token, so that a list of processes does
        not show it."""
        return dict(os.environ) | ({"STAGEDOOR_TOKEN": self.token} if self.token else {})

    def end(self) -> dict[str, float]:
        """Terminate the server; return the figures that it prints. Raises: ServingError."""
        self.process.terminate()
        try:
            said, _ = self.process.communicate(timeout=_TIME_TO_END)
        except subprocess.TimeoutExpired as error:
            raise ServingError(f"did not end within {_TIME_TO_END:.0f} s") from error
        found: dict[str, float] = json.loads(said or "{}")
        return found


@contextmanager
def serving(peer: Peer) -> Iterator[Server]:
    """Run a server in the block. At its end the server is killed, if it still runs.

    Raises: ServingError."""
    with TemporaryFile("w+") as errors, TemporaryDirectory() as runtime:
        process = subprocess.Popen(
            peer.command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={
                **os.environ,
                "STAGEDOOR": "1",
                "STAGEDOOR_RUNTIME_DIR": runtime,
                "NODE_PATH": str(NODE_MODULES),
            },
            preexec_fn=_end_in_time,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            port, _, token = line.strip().partition(" ")
            if not port.isdigit():
                errors.seek(0)
                complaint = errors.read().strip().splitlines() or [f"printed {line!r}, no port"]
                raise ServingError(f"did not start: {complaint[-1]}")
            yield Server(int(port), token or None, process)
        finally:
            process.kill()
            process.communicate()


def on_processor(process: int | str) -> int:
    """Nanoseconds that the threads of a process have run, and the kernel on their behalf. Linux
    only."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


def _end_in_time() -> None:
    """Set an alarm, which survives `exec`: the server ends even if this process is killed."""
    signal.alarm(LIFETIME)
