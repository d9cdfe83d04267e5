"""The figures as tables, and as `build/bench.json`."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median

from .costs import UNIT, Costs
from .roster import Peer
from .runner import Cell, Results
from .scenarios import Scenario

COLUMNS = "{:<24}{:>12}{:>9}{:>11}{:>11}{:>12}{:>9}{:>9}{:>9}"
COSTS = "{:<54}{:>12}{:>9}{:>10}"
HEAD = ("messages/s", "spread", "p50 us", "p99 us", "ours/this", "client", "server")


def table(scenario: Scenario, cells: dict[Peer, Cell]) -> Iterator[str]:
    """Yield the lines of one scenario: medians of the rounds, and ratios of messages/s."""
    yield ""
    yield scenario.name
    games = any(cell.median("added_to_frame") is not None for cell in cells.values())
    yield COLUMNS.format("", *HEAD, "frame" if games else "").rstrip()
    ours = cells[scenario.ours].median("messages_per_second")
    for peer, cell in cells.items():
        rate = cell.median("messages_per_second")
        if cell.lacks is not None:
            yield f"  {peer.name:<22}not here: needs {cell.lacks}"
            continue
        if rate is None:
            yield f"  {peer.name:<22}failed: {cell.error}"
            continue
        added, server = cell.median("added_to_frame"), cell.median("server_cpu")
        yield COLUMNS.format(
            f"  {peer.name}",
            f"{rate:,.0f}".replace(",", " "),
            f"{cell.spread('messages_per_second') or 0:.0%}",
            f"{cell.median('p50_us'):.1f}",
            f"{cell.median('p99_us'):.1f}",
            f"{ours / rate:.2f}" if ours is not None else "-",
            f"{cell.median('client_cpu'):.0%}",
            "-" if server is None else f"{server:.0%}",
            "" if added is None else f"{added:+.0%}",
        ).rstrip()


def costs_table(costs: Costs) -> Iterator[str]:
    """Yield the lines of the scripts, with each figure as a multiple of the script's first."""
    for script, found in costs.items():
        base = median(next(iter(found.values())))
        yield ""
        yield COSTS.format(script, UNIT[script], "spread", "x first")
        for what, samples in found.items():
            if not samples:
                yield f"  {what:<52}failed"
                continue
            middle = median(samples)
            spread = (max(samples) - min(samples)) / middle
            size = amount(middle, UNIT[script])
            yield COSTS.format(f"  {what}", size, f"{spread:.0%}", f"{middle / base:.2f}")


def amount(value: float, unit: str) -> str:
    """Write nanoseconds or bytes in the unit that suits them."""
    if unit == "bytes":
        return f"{value:.0f} B" if value < 10_000 else f"{value / 1024:.1f} KiB"
    for size, name in ((1e7, "ms"), (1e4, "us")):
        if value >= size:
            return f"{value / size * 10:.1f} {name}"
    return f"{value:.0f} ns"


def save(
    path: Path,
    machine: dict[str, str | int | float],
    results: Results,
    costs: Costs,
    verdicts: list[str],
) -> None:
    """Write every sample of every round."""
    scenarios = {
        scenario.name: {peer.name: asdict(cell) for peer, cell in cells.items()}
        for scenario, cells in results.items()
    }
    path.parent.mkdir(exist_ok=True)
    everything: dict[str, object] = {"machine": machine, "scenarios": scenarios, "costs": costs}
    everything["verdicts"] = verdicts
    path.write_text(json.dumps(everything, indent=2) + "\n")
