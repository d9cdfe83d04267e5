"""The figures as tables, and as `build/bench.json`."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from .costs import EMPTY, Costs
from .roster import OURS, Peer
from .runner import Cell, Results
from .scenarios import Scenario

COLUMNS = "{:<20}{:>12}{:>9}{:>11}{:>11}{:>12}{:>9}"
HEAD = ("messages/s", "spread", "p50 us", "p99 us", "ours/this", "client")


def table(scenario: Scenario, cells: dict[Peer, Cell]) -> Iterator[str]:
    """Give the lines of one scenario: medians of the rounds, ratios of messages/s."""
    yield ""
    yield scenario.name
    yield COLUMNS.format("", *HEAD)
    ours = cells[OURS].median("messages_per_second")
    for peer, cell in cells.items():
        rate = cell.median("messages_per_second")
        if rate is None:
            yield f"  {peer.name:<18}failed: {cell.error}"
            continue
        yield COLUMNS.format(
            f"  {peer.name}",
            f"{rate:,.0f}".replace(",", " "),
            f"{cell.spread('messages_per_second') or 0:.0%}",
            f"{cell.median('p50_us'):.1f}",
            f"{cell.median('p99_us'):.1f}",
            f"{ours / rate:.2f}" if ours is not None else "-",
            f"{cell.median('client_cpu'):.0%}",
        )


def costs_table(costs: Costs) -> Iterator[str]:
    """Give the lines of what a call costs when nothing happens."""
    for script, found in costs.items():
        yield ""
        yield f"idle, {script}".ljust(40) + "ns a call".rjust(12) + "x empty".rjust(10)
        for what, took in found.items():
            yield (
                f"  {what}".ljust(40)
                + f"{took:.0f}".rjust(12)
                + f"{took / found[EMPTY]:.2f}".rjust(10)
            )


def save(
    path: Path,
    machine: dict[str, str | int | float],
    results: Results,
    costs: Costs,
    verdicts: list[str],
) -> None:
    """Write every sample of every round."""
    echo = {
        scenario.name: {peer.name: asdict(cell) for peer, cell in cells.items()}
        for scenario, cells in results.items()
    }
    path.parent.mkdir(exist_ok=True)
    everything = {"machine": machine, "echo": echo, "idle_ns": costs, "verdicts": verdicts}
    path.write_text(json.dumps(everything, indent=2) + "\n")
