"""One figure: a fresh server, one scenario, the load generator's report."""

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile

from .environment import LOADGEN
from .roster import Peer
from .scenarios import Scenario

SERVER_LIFETIME = 60
LOADGEN_LIFETIME = 45.0


@dataclass(frozen=True)
class Duration:
    """Seconds of measuring, and of running before that."""

    seconds: float
    warmup: float


@dataclass(frozen=True)
class Sample:
    """What the load generator saw; times in microseconds."""

    messages_per_second: float
    p50_us: float
    p99_us: float
    client_cpu: float
    """The share of a core that the load generator took: near 1 it was the limit, not the server."""


class MeasureError(Exception):
    """No figure: the server did not start, or did not echo."""


def measure(peer: Peer, scenario: Scenario, duration: Duration) -> Sample:
    """Measure one peer in one scenario."""
    with _serving(peer) as port:
        return _load(peer, scenario, duration, port)


@contextmanager
def _serving(peer: Peer) -> Iterator[int]:
    with TemporaryFile("w+") as errors:
        server = subprocess.Popen(
            peer.command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "STAGEDOOR": "1"},
            preexec_fn=_end_in_time,
        )
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line.strip().isdigit():
                errors.seek(0)
                complaint = errors.read().strip().splitlines() or [f"printed {line!r}, no port"]
                raise MeasureError(f"did not start: {complaint[-1]}")
            yield int(line)
        finally:
            server.kill()
            server.communicate()


def _end_in_time() -> None:
    """Set an alarm, which outlives `exec`: the server ends even if this process is killed."""
    signal.alarm(SERVER_LIFETIME)


def _load(peer: Peer, scenario: Scenario, duration: Duration, port: int) -> Sample:
    command = [str(LOADGEN), "echo", "--json", "--url", f"ws://127.0.0.1:{port}/"]
    command += ["--connections", str(scenario.connections), "--depth", str(scenario.depth)]
    command += ["--size", str(scenario.size)]
    command += ["--seconds", str(duration.seconds), "--warmup", str(duration.warmup)]
    command += ["--raw"] if peer.raw else []
    before, started = _children_cpu(), time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOADGEN_LIFETIME)
    except subprocess.TimeoutExpired as error:
        raise MeasureError(f"no report within {LOADGEN_LIFETIME:.0f} s") from error
    cpu = (_children_cpu() - before) / (time.monotonic() - started)
    if done.returncode:
        raise MeasureError(done.stderr.strip())
    found = json.loads(done.stdout)
    return Sample(found["messages_per_second"], found["p50_us"], found["p99_us"], cpu)


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
