"""What the figures must reach, and whether they do.

Peers take turns, so the ratio of a round is that of neighbours in time: a slow moment of the
machine meets both. The median of the rounds' ratios decides; the smallest and the largest are said.
A time that is compared with nothing has no neighbour: there the quickest round decides, since what
is more than that was the machine's doing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from .costs import (
    BARE,
    DORMANT,
    EMPTY,
    FRAME,
    MANY,
    ONE,
    OUR_MEMORY,
    POLL,
    SPAN,
    SYNC_CALL,
    TICK,
    Costs,
)
from .roster import (
    COMPRESSING_WEBSOCKETS,
    JSONRPCSERVER,
    OUR_ECHO,
    PICOWS,
    RAW_TCP,
    THREAD_PICOWS,
    THREAD_WEBSOCKETS,
    WSE,
    Peer,
)
from .runner import Cell, Results
from .scenarios import ALONE, BUSY, CALLS, COMPRESSED, LARGE, SATURATED, Scenario

RATE = "messages_per_second"
P50 = "p50_us"


@dataclass(frozen=True)
class Ratio:
    """Ours to a peer's, in one scenario: at least the bound for a rate, at most for a time."""

    scenario: Scenario
    peer: Peer
    metric: str
    bound: float

    @property
    def is_rate(self) -> bool:
        return self.metric == RATE


@dataclass(frozen=True)
class Cost:
    """What may be found at most: nanoseconds, bytes, or a multiple of something else that the same
    script finds."""

    what: str
    bound: float
    unit: str = "ns"
    base: str | None = None


RATIOS = (
    Ratio(BUSY, PICOWS, RATE, 6.0),
    Ratio(BUSY, WSE, RATE, 2.0),
    Ratio(BUSY, RAW_TCP, RATE, 0.85),
    Ratio(ALONE, PICOWS, P50, 1.05),
    Ratio(LARGE, PICOWS, RATE, 1.0),
    Ratio(CALLS, OUR_ECHO, RATE, 0.35),
    Ratio(CALLS, JSONRPCSERVER, RATE, 10.0),
    Ratio(SATURATED, THREAD_PICOWS, RATE, 6.0),
    Ratio(SATURATED, THREAD_PICOWS, P50, 0.2),
    Ratio(SATURATED, THREAD_WEBSOCKETS, RATE, 6.0),
    Ratio(SATURATED, THREAD_WEBSOCKETS, P50, 0.2),
    Ratio(COMPRESSED, COMPRESSING_WEBSOCKETS, RATE, 3.0),
)
COSTS = (
    Cost(POLL, 150),
    Cost(TICK, 500),
    Cost(FRAME, 500),
    Cost(SPAN, 600),
    Cost(DORMANT, 1.2, "x", EMPTY),
    Cost(MANY, 1.1, "x", ONE),
    Cost(SYNC_CALL, 1.5, "x", BARE),
    Cost(OUR_MEMORY, 4096, "B"),
)


def verdicts(results: Results, costs: Costs) -> Iterator[str]:
    """Give a line for each target that this run has figures for."""
    for ratio in RATIOS:
        if cells := results.get(ratio.scenario):
            yield _ratio(ratio, cells)
    for script, found in costs.items():
        for cost in COSTS:
            if cost.what in found:
                yield _cost(cost, script, found)


def _ratio(target: Ratio, cells: dict[Peer, Cell]) -> str:
    ours = cells[target.scenario.ours].values(target.metric)
    theirs = cells[target.peer].values(target.metric)
    what = f"{target.scenario.name}: {'messages/s' if target.is_rate else 'p50'}"
    sign = ">=" if target.is_rate else "<="
    wanted = f"{sign} {target.bound:g} x {target.peer.name}"
    if not ours or not theirs:
        return f"unknown  {what} (target {wanted})"
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    middle = median(ratios)
    is_met = middle >= target.bound if target.is_rate else middle <= target.bound
    return f"{_word(is_met)}  {what} {_rounds(middle, ratios, 'x')} (target {wanted})"


def _cost(target: Cost, script: str, found: dict[str, list[float]]) -> str:
    samples = found[target.what]
    wanted = f"<= {target.bound:g} {target.unit}"
    if target.base is not None:
        pairs = zip(samples, found[target.base], strict=True)
        samples = [sample / base for sample, base in pairs]
        wanted += f" {target.base}"
    # A peer's name says what was measured only together with the script's.
    what = f"{script}: {target.what}" if target.unit == "B" else target.what
    decisive = min(samples) if target.unit == "ns" else median(samples)
    is_met = decisive <= target.bound
    rounds = _rounds(decisive, samples, target.unit)
    return f"{_word(is_met)}  {what}: {rounds} (target {wanted})"


def _rounds(decisive: float, samples: Sequence[float], unit: str) -> str:
    digits = ".2f" if unit == "x" else ".0f"
    low, high = min(samples), max(samples)
    return f"{decisive:{digits}} {unit}, {low:{digits}} to {high:{digits}}"


def _word(is_met: bool) -> str:
    return "met    " if is_met else "NOT MET"
