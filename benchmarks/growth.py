"""How the cost of a message grows: with connections, its size, subscribers and methods.

`python -m benchmarks.growth [--quick]` prints tables in Markdown, for docs/performance.md. A cost
is the processor time that the server's process needs for one message: all its threads, and the
kernel on their behalf. Other programs change it a little, while they can change a wall-clock time
many times over. If a cost grows faster than in proportion, a line below its table says so.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from . import environment, machine
from .environment import LOADGEN
from .roster import OURS, PUBLISHING, STAGE, Peer
from .serving import Server, on_processor, serving

TOLERANCE = 1.5
"""A cost may grow by this factor more than in proportion, before it is reported."""
LIFETIME = 60.0
FRAMES_A_SECOND = 60
LARGE = 4 * 1024 * 1024
MANY = 5_000


@dataclass(frozen=True)
class Table:
    """What to measure for a table: a cost at each of several counts."""

    title: str
    of: str
    """What is counted."""
    counts: Sequence[int]
    measure: Callable[[int, float], float]
    """Returns nanoseconds for a message. The arguments are the count, and seconds to measure."""
    is_flat: bool
    """Whether the cost should stay the same. Otherwise it may grow in proportion to the count."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--quick", action="store_true", help="measure once, and for less time")
    options = parser.parse_args()
    rounds, seconds = (1, 0.5) if options.quick else (3, 2.0)
    environment.prepare()
    print(", ".join(f"{key}: {value}" for key, value in machine.describe().items()))
    for table in TABLES:
        found = {
            count: median(table.measure(count, seconds) for _ in range(rounds))
            for count in table.counts
        }
        print(*lines(table, found), sep="\n", flush=True)
    return 0


def lines(table: Table, found: dict[int, float]) -> Iterator[str]:
    """Yield the lines of a table in Markdown, and of what grows too fast."""
    first, *_ = found.values()
    yield f"\n{table.title}\n"
    yield f"| {table.of} | CPU for a message | x first |"
    yield "|---:|---:|---:|"
    for count, cost in found.items():
        yield f"| {count:,} | {cost / 1000:.2f} us | {cost / first:.2f} |".replace(",", " ")
    for line in too_fast(table, found):
        yield f"\n{line}"


def too_fast(table: Table, found: dict[int, float]) -> Iterator[str]:
    """Yield a line for each step in which the cost grew faster than is allowed."""
    steps = list(found.items())
    for (before, cheap), (after, dear) in pairwise(steps):
        allowed = TOLERANCE * (1 if table.is_flat else after / before)
        if dear > cheap * allowed:
            yield (
                f"Grows too fast: {dear / cheap:.1f} x from {before} to {after} {table.of}, "
                f"at most {allowed:.1f} x was expected."
            )


def by_connections(count: int, seconds: float) -> float:
    """An echo of 64 B, eight messages in flight on each connection. Measures longer if there are
    many connections."""
    seconds *= 1 + count / MANY
    return cost(OURS, "echo", *_measured(seconds, count, 8))


def by_idle_connections(count: int, seconds: float) -> float:
    """An echo of 64 B, eight messages in flight on one connection, beside `count` idle ones."""
    with serving(OURS) as server, idle_connections(server, count):
        spent, report = _spent(server, "echo", *_measured(seconds, 1, 8))
    return spent / report["messages"]


def by_size(count: int, seconds: float) -> float:
    """An echo of `count` bytes, two messages in flight on one connection. Measures longer if the
    messages are large."""
    seconds *= 1 + count / LARGE
    return cost(OURS, "echo", *_measured(seconds, 1, 2), "--size", count)


def by_methods(count: int, seconds: float) -> float:
    """A call of a stage that has `count` methods."""
    peer = replace(STAGE, command=(*STAGE.command, str(count)))
    return cost(peer, "call", *_measured(seconds, 16, 8))


def by_subscribers(count: int, seconds: float) -> float:
    """A frame that publishes a value to `count` subscribers."""
    with serving(PUBLISHING) as server:
        load = ("--topic", "value", "--connections", count, "--hold", seconds)
        spent, _ = _spent(server, "subscribe", *load)
    return spent / (seconds * FRAMES_A_SECOND)


@contextmanager
def idle_connections(server: Server, count: int) -> Iterator[None]:
    """Keep `count` idle connections open in the block."""
    url = f"ws://127.0.0.1:{server.port}/"
    command = [LOADGEN, "idle", "--url", url, "--connections", count, "--hold", LIFETIME]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE) as idle:
        assert idle.stdout is not None
        if not idle.stdout.readline().startswith(b"ready"):
            raise SystemExit(f"{count} idle connections: they did not open")
        try:
            yield
        finally:
            idle.kill()


def _measured(seconds: float, connections: int, depth: int) -> tuple[object, ...]:
    """Arguments of the load generator for `depth` messages in flight on each connection."""
    load = ("--connections", connections, "--depth", depth, "--seconds", seconds)
    return *load, "--warmup", 0.3, "--json", "--announce"


def cost(peer: Peer, what: str, *load: object) -> float:
    """Nanoseconds of processor time that the server's process needs for each message of a load."""
    with serving(peer) as server:
        spent, report = _spent(server, what, *load)
    if report["errors"] or not report["messages"]:
        raise SystemExit(f"{what} {load}: {report}")
    return spent / report["messages"]


def _spent(server: Server, what: str, *load: object) -> tuple[int, dict[str, int]]:
    """Nanoseconds of the server's processor time between the first two lines that the load
    generator prints, and the load generator's report."""
    url = f"ws://127.0.0.1:{server.port}/"
    with subprocess.Popen(
        [str(word) for word in (LOADGEN, what, "--url", url, "--timeout", 20, *load)],
        env=server.client_environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        client.stdout.readline()
        before = on_processor(server.process.pid)
        line = client.stdout.readline()
        spent = on_processor(server.process.pid) - before
        rest = client.stdout.read()
    if client.returncode:
        raise SystemExit(f"{what} {load}: the load generator failed")
    report: dict[str, int] = json.loads(rest or line)
    return spent, report


TABLES = (
    Table(
        "Echo of 64 B, eight messages in flight on each connection:",
        "connections",
        (1, 10, 100, 1_000, 10_000),
        by_connections,
        is_flat=True,
    ),
    Table(
        "Echo of 64 B, eight messages in flight on one connection, beside others that are idle:",
        "idle connections",
        (1, 10, 100, 1_000, 9_000),
        by_idle_connections,
        is_flat=True,
    ),
    Table(
        "Echo, two messages in flight on one connection:",
        "bytes",
        tuple(16 * 4**power for power in range(11)),
        by_size,
        is_flat=False,
    ),
    Table(
        "A value of 200 B published once a frame, the whole process:",
        "subscribers",
        (1, 10, 100, 1_000),
        by_subscribers,
        is_flat=False,
    ),
    Table(
        "A typed call, of a stage with so many methods:",
        "methods",
        (1, 10, 100, 1_000, 10_000),
        by_methods,
        is_flat=True,
    ),
)


if __name__ == "__main__":
    sys.exit(main())
