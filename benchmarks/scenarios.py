"""The rows: what every peer is asked to echo."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """Text messages of `size` bytes, `depth` in flight on each of `connections`."""

    connections: int
    depth: int
    size: int = 64

    @property
    def name(self) -> str:
        size = f"{self.size // 1024} KiB" if self.size >= 1024 else f"{self.size} B"
        return f"echo {size}, {self.connections} x {self.depth}"


BUSY = Scenario(64, 8)
ALONE = Scenario(1, 1)
LARGE = Scenario(8, 4, size=16 * 1024)

SCENARIOS = (BUSY, Scenario(64, 1), Scenario(1, 32), ALONE, LARGE)
