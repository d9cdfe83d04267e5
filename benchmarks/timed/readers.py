"""A stage for many clients, and clients of the load generator that subscribe to its topics."""

import json
import os
import subprocess
import threading

import stagedoor
from benchmarks.environment import LOADGEN
from stagedoor.live.stage import Stage

FRAME = 1 / 60


def stage_for(connections: int) -> Stage:
    """A stage that admits so many clients."""
    limits = stagedoor.Limits(max_connections=connections)
    stage = stagedoor.start("topic", port=0, limits=limits)
    assert isinstance(stage, Stage)
    stage._budget.seconds = 1.0  # topics are never thinned, even if the machine is busy
    return stage


class Readers:
    """Clients that subscribe, read for some seconds, and leave."""

    def __init__(
        self, port: int, token: str | None, count: int, seconds: float, *topics: object
    ) -> None:
        self.are_ready = threading.Event()
        self._count = count
        self._output: list[str] = []
        command = [
            LOADGEN,
            "subscribe",
            "--url",
            f"ws://127.0.0.1:{port}/",
            "--topic",
            *topics,
        ]
        command += ["--connections", count, "--hold", seconds, "--timeout", 20]
        shown = {"STAGEDOOR_TOKEN": token} if token else {}
        self._process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, text=True, env={**os.environ, **shown}
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    @property
    def are_there(self) -> bool:
        return self._process.poll() is None

    def left(self) -> dict[str, int]:
        """Wait until they have left; return the load generator's report. Raises: SystemExit, if
        something went wrong."""
        self._listener.join()
        if self._process.wait():
            raise SystemExit(f"{self._count} subscribers failed: {self._output}")
        found: dict[str, int] = json.loads(self._output[-1])
        return found

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._output.append(line)
                self.are_ready.set()
