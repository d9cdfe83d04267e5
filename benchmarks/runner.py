"""Run rounds in which the peers take turns, so that a slow moment of the machine affects all."""

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from .measure import Duration, MeasureError, Sample, measure
from .roster import Peer
from .scenarios import SCENARIOS, Scenario


@dataclass
class Cell:
    """One peer in one scenario: a sample for each round."""

    samples: list[Sample] = field(default_factory=list)
    error: str | None = None
    lacks: str | None = None
    """What the peer needs and this machine does not have; None: nothing is missing."""

    def median(self, metric: str) -> float | None:
        """The median of a field of `Sample`; None if no sample has it, or if the peer failed."""
        values = self.values(metric)
        return median(values) if values else None

    def spread(self, metric: str) -> float | None:
        """Return (largest - smallest) / median."""
        middle = self.median(metric)
        if not middle:
            return None
        values = self.values(metric)
        return (max(values) - min(values)) / middle

    def values(self, metric: str) -> list[float]:
        """Return a field of each sample that has it; an empty list if the peer failed."""
        if self.error is not None:
            return []
        found = [getattr(sample, metric) for sample in self.samples]
        return [float(value) for value in found if value is not None]


Results = dict[Scenario, dict[Peer, Cell]]


def chosen(pattern: str | None) -> list[Scenario]:
    """Return the scenarios whose name contains the pattern, which may have `*` and `?` in it. None:
    all."""
    return [scenario for scenario in SCENARIOS if is_chosen(scenario.name, pattern)]


def is_chosen(name: str, pattern: str | None) -> bool:
    """Whether the name contains the pattern."""
    return pattern is None or fnmatch.fnmatch(name, f"*{pattern}*")


@dataclass(frozen=True)
class Rounds:
    """How many rounds there are, and how long each is. All peers run `all` rounds. A peer whose
    comparison with a target is undecided then runs more, up to `most`."""

    all: int
    most: int
    duration: Duration


def run(
    scenario: Scenario,
    rounds: Rounds,
    undecided: Callable[[Scenario, dict[Peer, Cell]], set[Peer]],
    progress: Callable[[str], None],
) -> dict[Peer, Cell]:
    """Measure all peers, round after round. A peer that fails takes part in no more rounds."""
    cells = {peer: Cell(lacks=peer.lacks) for peer in scenario.peers}
    for number in range(1, rounds.most + 1):
        wanted = set(cells) if number <= rounds.all else undecided(scenario, cells)
        for peer, cell in cells.items():
            if peer not in wanted or cell.error is not None or cell.lacks is not None:
                continue
            progress(f"{scenario.name}: round {number}, {peer.name}")
            try:
                cell.samples.append(measure(peer, scenario, rounds.duration))
            except MeasureError as error:
                cell.error = str(error)
    return cells
