"""One figure: a fresh server, one scenario, the load generator's report."""

import json
import resource
import subprocess
import time
from dataclasses import dataclass

from .environment import LOADGEN
from .roster import Peer
from .scenarios import Scenario
from .serving import Server, ServingError, serving

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
    added_to_frame: float | None = None
    """For a game: how much longer its frames took, as a share of those without callers."""


class MeasureError(Exception):
    """No figure: the server did not start, or did not answer as it should."""


HANDSHAKES_PER_SECOND = 1500
"""So many are made for each second that others are measured: their number is bounded, since each
closed connection keeps its port for a minute."""


def measure(peer: Peer, scenario: Scenario, duration: Duration) -> Sample:
    """Measure one peer in one scenario."""
    try:
        with serving(peer) as server:
            return _load(peer, scenario, duration, server)
    except ServingError as error:
        raise MeasureError(str(error)) from error


def command(peer: Peer, scenario: Scenario, duration: Duration, port: int) -> list[str]:
    """What the load generator is asked for."""
    url = f"ws://127.0.0.1:{port}/"
    connections = str(scenario.connections)
    load = ["--connections", connections, "--depth", str(scenario.depth)]
    load += ["--seconds", str(duration.seconds), "--warmup", str(duration.warmup)]
    size = ["--size", str(scenario.size)]
    count = str(round(HANDSHAKES_PER_SECOND * duration.seconds))
    asked = {
        "echo": ["echo", *load, *size],
        "raw echo": ["echo", *load, *size, "--raw"],
        "call": ["call", *load, "--batch", str(scenario.batch)],
        "telemetry": ["telemetry", *load],
        "handshake": ["connect", "--parallel", connections, "--count", count],
    }
    return [str(LOADGEN), *asked[scenario.asks or peer.does], "--url", url, "--json"]


def _load(peer: Peer, scenario: Scenario, duration: Duration, server: Server) -> Sample:
    before, started = _children_cpu(), time.monotonic()
    try:
        done = subprocess.run(
            command(peer, scenario, duration, server.port),
            capture_output=True,
            text=True,
            timeout=LOADGEN_LIFETIME,
            env=server.client_environment,
        )
    except subprocess.TimeoutExpired as error:
        raise MeasureError(f"no report within {LOADGEN_LIFETIME:.0f} s") from error
    cpu = (_children_cpu() - before) / (time.monotonic() - started)
    if done.returncode:
        raise MeasureError(done.stderr.strip())
    return sample(json.loads(done.stdout), cpu, server.end())


def sample(report: dict[str, float], cpu: float, of_server: dict[str, float]) -> Sample:
    """What is kept of a report. Raises MeasureError for one with errors in it: an error is
    answered sooner than a call."""
    if errors := report["errors"]:
        raise MeasureError(f"{errors:.0f} calls were answered with an error")
    return Sample(
        report["messages_per_second"],
        report["p50_us"],
        report["p99_us"],
        cpu,
        of_server.get("added_to_frame"),
    )


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
