"""The targets for the figures, and whether they are met.

Peers take turns, so each round's ratio compares two runs that are close in time, and a slow moment
of the machine affects both. The median of the ratios decides. If it is not clear on which side of
the target the median lies, there are more rounds; if it is still not clear, the verdict says
"close". A time that is compared with nothing has no such neighbour. There the fastest round
decides, because the machine caused whatever the others took more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

from .costs import (
    BARE,
    DORMANT,
    EMPTY,
    FRAME,
    MANY,
    ONE,
    OPEN_ROOT,
    OUR_MEMORY,
    PAGES,
    POLL,
    PREVIEW_OF_1_GB,
    PREVIEW_OF_1_KB,
    SCREEN,
    SPAN,
    SYNC_CALL,
    TICK,
    WATCHED_CHANGING,
    WATCHED_STILL,
    WORK,
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

CONFIDENCE = 0.95

RATE = "messages_per_second"
P50 = "p50_us"


@dataclass(frozen=True)
class Ratio:
    """A target for stagedoor's figure divided by a peer's, in one scenario. A rate must be at least
    the bound, and a time at most."""

    scenario: Scenario
    peer: Peer
    metric: str
    bound: float

    @property
    def is_rate(self) -> bool:
        return self.metric == RATE


@dataclass(frozen=True)
class Cost:
    """A target for a figure of a script: it must be at most the bound. `unit`: "ns", "B", or "x",
    a multiple of the figure `base` of the same script."""

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
    Cost(WORK, 500),
    Cost(SPAN, 600),
    Cost(DORMANT, 1.2, "x", EMPTY),
    Cost(MANY, 1.1, "x", ONE),
    Cost(WATCHED_STILL, 500_000),  # 3 % of a frame at 60 Hz
    Cost(WATCHED_CHANGING, 500_000),
    Cost(SYNC_CALL, 1.5, "x", BARE),
    Cost(OUR_MEMORY, 4096, "B"),
    *(Cost(large, 1e6) for _, large in PAGES.values()),
    *(Cost(large, 1.5, "x", small) for small, large in PAGES.values()),
    Cost(OPEN_ROOT, 1e7),
    Cost(PREVIEW_OF_1_GB, 1.5, "x", PREVIEW_OF_1_KB),
    *(Cost(game, 1.5e6) for shot, (game, _) in SCREEN.items() if shot != "noisy, png"),
)


def verdicts(results: Results, costs: Costs) -> Iterator[str]:
    """Yield a line for each target for which this run has figures."""
    for ratio in RATIOS:
        if cells := results.get(ratio.scenario):
            yield _ratio(ratio, cells)
    for script, found in costs.items():
        for cost in COSTS:
            if cost.what in found:
                yield _cost(cost, script, found)


def undecided(scenario: Scenario, cells: dict[Peer, Cell]) -> set[Peer]:
    """Return the peers that need more rounds, because their verdict is undecided, and stagedoor
    with them."""
    close = {
        ratio.peer
        for ratio in RATIOS
        if ratio.scenario is scenario
        and (ratios := _ratios(ratio, cells))
        and _is_close(ratios, ratio.bound)
    }
    return close | {scenario.ours} if close else close


def interval(samples: Sequence[float]) -> tuple[float, float]:
    """Return an interval that contains the true median with a probability of at least `CONFIDENCE`.
    Its ends are two of the samples, equally far from the smallest and the largest. With fewer than
    six samples the probability is less, even for the smallest and the largest; they are returned.

    Source: W. J. Conover, Practical Nonparametric Statistics (1999), section 3.2.
    """
    ordered, count = sorted(samples), len(samples)
    end, outside = 0, 2 / 2**count  # the probability that the median lies beyond either end
    while outside + 2 * comb(count, end + 1) / 2**count <= 1 - CONFIDENCE:
        end += 1
        outside += 2 * comb(count, end) / 2**count
    return ordered[end], ordered[-1 - end]


def _ratios(target: Ratio, cells: dict[Peer, Cell]) -> list[float]:
    """The ratio of each round. If a peer took no part in the last rounds, they are left out."""
    ours = cells[target.scenario.ours].values(target.metric)
    theirs = cells[target.peer].values(target.metric)
    return [a / b for a, b in zip(ours, theirs, strict=False)]


def _ratio(target: Ratio, cells: dict[Peer, Cell]) -> str:
    ratios = _ratios(target, cells)
    what = f"{target.scenario.name}: {'messages/s' if target.is_rate else 'p50'}"
    sign = ">=" if target.is_rate else "<="
    wanted = f"(target {sign} {target.bound:g} x {target.peer.name})"
    if not ratios:
        return f"unknown  {what} {wanted}"
    middle = median(ratios)
    is_met = middle >= target.bound if target.is_rate else middle <= target.bound
    return f"{_word(is_met)}  {what} {_said(ratios, 'x', target.bound)} {wanted}"


def _cost(target: Cost, script: str, found: dict[str, list[float]]) -> str:
    samples = found[target.what]
    wanted = f"<= {target.bound:g} {target.unit}"
    if target.base is not None:
        pairs = zip(samples, found[target.base], strict=True)
        samples = [sample / base for sample, base in pairs]
        wanted += f" {target.base}"
    # For memory, `what` is the name of a peer, which says nothing without the script's name.
    what = f"{script}: {target.what}" if target.unit == "B" else target.what
    is_met = (min if target.unit == "ns" else median)(samples) <= target.bound
    said = _said(samples, target.unit, target.bound)
    return f"{_word(is_met)}  {what}: {said} (target {wanted})"


def _word(is_met: bool) -> str:
    return "met    " if is_met else "NOT MET"


def _is_close(samples: Sequence[float], bound: float) -> bool:
    """Whether it is not clear on which side of the bound the median lies."""
    low, high = interval(samples)
    return low < bound < high


def _said(samples: Sequence[float], unit: str, bound: float) -> str:
    if unit == "ns":
        return f"{min(samples):.0f} ns, the slowest of {len(samples)} rounds {max(samples):.0f}"
    digits = ".2f" if unit == "x" else ".0f"
    low, high = interval(samples)
    close = ": close" if _is_close(samples, bound) else ""
    spread = f"{low:{digits}} to {high:{digits}} by {len(samples)} rounds{close}"
    return f"{median(samples):{digits}} {unit}, {spread}"
