"""What was sampled of a process, and whether it is flat."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

MIB = 1 << 20

WARM_UP = 0.25
"""The part of the samples that does not count: caches, pools and rings fill."""

ROOM = {"memory": 6 * MIB, "descriptors": 8.0, "threads": 4.0, "connections": 8.0}
"""By how much more each may be at the end, beside a twentieth: it is never still."""


@dataclass(frozen=True)
class Sample:
    """A process at one time."""

    seconds: float
    memory: float
    """Bytes resident."""
    descriptors: float
    threads: float
    connections: float


def look(process: int, seconds: float, connections: int) -> Sample:
    """The process of this number, as Linux tells."""
    folder = Path(f"/proc/{process}")
    lines = (folder / "status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    descriptors = len(list((folder / "fd").iterdir()))
    memory = int(status["VmRSS"].split()[0]) * 1024
    return Sample(seconds, memory, descriptors, int(status["Threads"]), connections)


def parts(samples: Sequence[Sample], name: str) -> tuple[float, float]:
    """The medians of the first and the last third after the warm-up."""
    values = [getattr(sample, name) for sample in samples[int(len(samples) * WARM_UP) :]]
    third = len(values) // 3
    return statistics.median(values[:third]), statistics.median(values[-third:])


def growing(samples: Sequence[Sample]) -> dict[str, tuple[float, float]]:
    """What is more at the end than at the beginning: from and to."""
    found = {}
    for name, room in ROOM.items():
        first, last = parts(samples, name)
        if last > first * 1.05 + room:
            found[name] = (first, last)
    return found


def table(samples: Sequence[Sample], lines: int = 24) -> str:
    """Text for people."""
    names = [field.name for field in fields(Sample)]
    step = max(1, len(samples) // lines)
    text = ["".join(f"{name:>13}" for name in names)]
    for sample in samples[::step]:
        values = [getattr(sample, name) for name in names]
        values[1] /= MIB
        text.append("".join(f"{value:13.1f}" for value in values))
    return "\n".join(text)
