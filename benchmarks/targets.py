"""What the figures must reach, and whether they do."""

from collections.abc import Iterator
from dataclasses import dataclass

from .costs import (
    BARE,
    DORMANT,
    EMPTY,
    FRAME,
    MANY,
    ONE,
    POLL,
    SPAN,
    SYNC_CALL,
    TICK,
    Costs,
)
from .roster import (
    JSONRPCSERVER,
    OUR_ECHO,
    PICOWS,
    RAW_TCP,
    THREAD_PICOWS,
    THREAD_WEBSOCKETS,
    Peer,
)
from .runner import Results
from .scenarios import ALONE, BUSY, CALLS, LARGE, SATURATED, Scenario

RATE = "messages_per_second"
P50 = "p50_us"


@dataclass(frozen=True)
class Ratio:
    """Ours to a peer's, in one scenario: at least the bound for a rate, at most for a time."""

    scenario: Scenario
    peer: Peer
    metric: str
    bound: float
    note: str = ""


RATIOS = (
    Ratio(BUSY, PICOWS, RATE, 4.0, "this stage"),
    Ratio(BUSY, PICOWS, RATE, 6.0, "the design"),
    Ratio(BUSY, RAW_TCP, RATE, 0.85),
    Ratio(ALONE, PICOWS, P50, 1.05),
    Ratio(LARGE, PICOWS, RATE, 1.0),
    Ratio(CALLS, OUR_ECHO, RATE, 0.35),
    Ratio(CALLS, JSONRPCSERVER, RATE, 10.0),
    Ratio(SATURATED, THREAD_PICOWS, RATE, 6.0),
    Ratio(SATURATED, THREAD_PICOWS, P50, 0.2),
    Ratio(SATURATED, THREAD_WEBSOCKETS, RATE, 6.0),
    Ratio(SATURATED, THREAD_WEBSOCKETS, P50, 0.2),
)

# Nanoseconds for a call; multiples of another cost.
AT_MOST_NS = {POLL: 150.0, TICK: 500.0, FRAME: 500.0, SPAN: 600.0}
AT_MOST_TIMES = {DORMANT: (EMPTY, 1.2), MANY: (ONE, 1.1), SYNC_CALL: (BARE, 1.5)}


def verdicts(results: Results, costs: Costs) -> Iterator[str]:
    """Give a line for each target that this run has figures for."""
    for target in RATIOS:
        cells = results.get(target.scenario, {})
        if cells:
            ours = cells[target.scenario.ours].median(target.metric)
            theirs = cells[target.peer].median(target.metric)
            yield _ratio(target, ours, theirs)
    for found in costs.values():
        yield from _costs(found)


def _ratio(target: Ratio, ours: float | None, theirs: float | None) -> str:
    is_rate = target.metric == RATE
    wanted = f"{'>=' if is_rate else '<='} {target.bound:g} x {target.peer.name}"
    wanted += f", {target.note}" if target.note else ""
    what = f"{target.scenario.name}: {'messages/s' if is_rate else 'p50'}"
    if ours is None or theirs is None:
        return f"unknown  {what} (target {wanted})"
    ratio = ours / theirs
    met = ratio >= target.bound if is_rate else ratio <= target.bound
    return f"{_word(met)}  {what} {ratio:.2f} x (target {wanted})"


def _costs(found: dict[str, float]) -> Iterator[str]:
    for what, bound in AT_MOST_NS.items():
        if what in found:
            took = found[what]
            yield f"{_word(took <= bound)}  {what}: {took:.0f} ns (target <= {bound:g} ns)"
    for what, (base, bound) in AT_MOST_TIMES.items():
        if what in found:
            ratio = found[what] / found[base]
            yield f"{_word(ratio <= bound)}  {what}: {ratio:.2f} x (target <= {bound:g} x {base})"


def _word(met: bool) -> str:
    return "met    " if met else "NOT MET"
