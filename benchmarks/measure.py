"""Measure one peer in one scenario, with a fresh server: `measure()`."""

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass

from .environment import LOADGEN
from .roster import Peer
from .scenarios import Scenario
from .serving import Server, ServingError, on_processor, serving

LOADGEN_LIFETIME = 45.0


@dataclass(frozen=True)
class Duration:
    """Seconds to measure, and seconds to run before that."""

    seconds: float
    warmup: float


@dataclass(frozen=True)
class Sample:
    """What the load generator reported. Times are in microseconds."""

    messages_per_second: float
    p50_us: float
    p99_us: float
    client_cpu: float
    """The share of a core that the load generator took. Near 1, the load generator was the limit,
    not the server."""
    server_cpu: float | None
    """The share of a core that the server took; None if the system does not say."""
    added_to_frame: float | None = None
    """For a game: how much longer its frames were than without callers, as a share of those."""


class MeasureError(Exception):
    """There is no figure: the server did not start, or did not answer as it should."""


HANDSHAKES_PER_SECOND = 1500
"""How many handshakes are made for each second that another scenario would be measured. The number
is bounded because each closed connection keeps its port for a minute."""


def measure(peer: Peer, scenario: Scenario, duration: Duration) -> Sample:
    """Measure one peer in one scenario. Raises: MeasureError."""
    try:
        with serving(peer) as server:
            return _load(peer, scenario, duration, server)
    except ServingError as error:
        raise MeasureError(str(error)) from error


def command(peer: Peer, scenario: Scenario, duration: Duration, port: int) -> list[str]:
    """The command that runs the load generator."""
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
    clocks = (time.monotonic, _children_cpu, lambda: _cpu_of(server))
    before = [clock() for clock in clocks]
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
    seconds, client, servers = (clock() - at for clock, at in zip(clocks, before, strict=True))
    if done.returncode:
        raise MeasureError(done.stderr.strip())
    return sample(json.loads(done.stdout), client / seconds, servers / seconds, server.end())


def sample(
    report: dict[str, float], client: float, server: float, says: dict[str, float]
) -> Sample:
    """Make a sample of the load generator's report, the shares of a core, and what the server
    printed at its end.

    Raises: MeasureError, if the report has errors, because an error is answered sooner than a call.
    """
    if errors := report["errors"]:
        raise MeasureError(f"{errors:.0f} calls were answered with an error")
    return Sample(
        report["messages_per_second"],
        report["p50_us"],
        report["p99_us"],
        client,
        server or None,
        says.get("added_to_frame"),
    )


def _cpu_of(server: Server) -> float:
    """Seconds that the server's threads have run; 0.0 if the system does not say."""
    return on_processor(server.process.pid) / 1e9 if sys.platform == "linux" else 0.0


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
