"""The figures of `make bench` as bars: `python -m benchmarks.picture` writes docs/performance.svg.

The SVG is written by hand: rows with a label, a bar and a number, in colours for light and dark
pages.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from statistics import median
from typing import Any

from .environment import BUILD, ROOT
from .machine import BUSY

RESULT = BUILD / "bench.json"
PICTURE = ROOT / "docs" / "performance.svg"

WIDTH = 760
MARGIN = 24
LABEL = 176
"""Pixels for a peer's name."""
NUMBER = 150
"""Pixels for the number after a bar."""
ROW = 22
BAR = 14
PANEL = 64
"""Pixels of a panel's height without its bars. The middle of the first bar is at `FIRST`."""
FIRST = 52

STYLE = """
  .page { fill: #ffffff; stroke: #d1d9e0; }
  text { font-family: -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; }
  .title { font-size: 15px; font-weight: 600; fill: #1f2328; }
  .note { font-size: 12px; fill: #59636e; }
  .name, .number { font-size: 13px; fill: #1f2328; }
  .ours { font-weight: 600; }
  .bar { fill: #b6bfc8; }
  .bar.ours { fill: #0969da; }
"""
DARK = """
  .page { fill: #0d1117; stroke: #3d444d; }
  .title, .name, .number { fill: #f0f6fc; }
  .note { fill: #9198a1; }
  .bar { fill: #59636e; }
  .bar.ours { fill: #4493f8; }
"""


@dataclass(frozen=True)
class Panel:
    """A row of the benchmarks as bars."""

    title: str
    note: str
    rows: Callable[[dict[str, Any]], dict[str, float]]
    write: Callable[[float], str]


def main() -> int:
    if not RESULT.exists():
        print(f"{RESULT.relative_to(ROOT)} is missing: make bench writes it", file=sys.stderr)
        return 1
    found = json.loads(RESULT.read_text())
    PICTURE.write_text(svg(found))
    print(f"wrote {PICTURE.relative_to(ROOT)}")
    return 0


def svg(found: dict[str, Any]) -> str:
    """Draw the panels for which there are figures."""
    body: list[str] = []
    top = MARGIN
    for panel in PANELS:
        if rows := panel.rows(found):
            body += _panel(panel, rows, top)
            top += PANEL + ROW * len(rows)
    machine = found["machine"]
    text = f"{machine['cpu']}, {machine['cores']} cores, {machine['python']}"
    text += f", {machine['date'][:10]}; medians of the rounds"
    if machine["load"] > BUSY:
        text += f"; busy with other programs (load {machine['load']:g}): do not trust the figures"
    body.append(_text("note", MARGIN, top + 14, text))
    height = top + 14 + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img">',
            "<title>stagedoor beside other servers</title>",
            f"<style>{STYLE}  @media (prefers-color-scheme: dark) {{{DARK}  }}\n</style>",
            '<rect class="page" x="0.5" y="0.5" rx="6" '
            f'width="{WIDTH - 1}" height="{height - 1}"/>',
            *body,
            "</svg>\n",
        ]
    )


def _panel(panel: Panel, rows: dict[str, float], top: float) -> Iterator[str]:
    yield _text("title", MARGIN, top + 14, panel.title)
    yield _text("note", MARGIN, top + 33, panel.note)
    room = WIDTH - 2 * MARGIN - LABEL - NUMBER
    largest = max(rows.values())
    left = MARGIN + LABEL
    for number, (name, value) in enumerate(rows.items()):
        y = top + FIRST + ROW * number
        ours = " ours" if name.startswith("stagedoor") else ""
        width = max(1.0, room * value / largest)
        yield _text(f"name{ours}", MARGIN, y + 4.5, name)
        yield (
            f'<rect class="bar{ours}" x="{left}" y="{y - BAR / 2:.1f}" '
            f'width="{width:.1f}" height="{BAR}" rx="2"/>'
        )
        yield _text(f"number{ours}", left + width + 8, y + 4.5, panel.write(value))


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _rates(scenario: str, *without: str) -> Callable[[dict[str, Any]], dict[str, float]]:
    return _medians(scenario, "messages_per_second", *without)


def _medians(
    scenario: str, metric: str, *without: str
) -> Callable[[dict[str, Any]], dict[str, float]]:
    def rows(found: dict[str, Any]) -> dict[str, float]:
        cells = found["scenarios"].get(scenario, {})
        return {
            name: median(sample[metric] for sample in cell["samples"])
            for name, cell in cells.items()
            if cell["samples"] and cell["error"] is None and name not in without
        }

    return rows


def _costs(script: str) -> Callable[[dict[str, Any]], dict[str, float]]:
    def rows(found: dict[str, Any]) -> dict[str, float]:
        costs = found["costs"].get(script, {})
        return {what: median(values) for what, values in costs.items() if values}

    return rows


def _per_second(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def _milliseconds(value: float) -> str:
    return f"{value / 1000:.1f} ms"


def _kibibytes(value: float) -> str:
    return f"{value / 1024:.1f} KiB"


PANELS = (
    Panel(
        "Echo",
        "messages a second; 64 B, 64 connections, 8 messages in flight on each; more is better",
        _rates("echo 64 B, 64 x 8"),
        _per_second,
    ),
    Panel(
        "Typed calls",
        "calls a second by JSON-RPC 2.0; 64 connections, 8 in flight on each; more is better",
        _rates("typed call, 64 x 8", "stagedoor, echo"),
        _per_second,
    ),
    Panel(
        "A game that never sleeps",
        "calls a second; frames of 1 ms of work in Python, 32 calls in flight; more is better",
        _rates("saturated game, 4 x 8"),
        _per_second,
    ),
    Panel(
        "The same game",
        "how long a caller waits, median; less is better",
        _medians("saturated game, 4 x 8", "p50_us"),
        _milliseconds,
    ),
    Panel(
        "Telemetry, compressed",
        "messages a second; JSON of 1.3 KB, deflate with context takeover; more is better",
        _rates("telemetry, deflate, 8 x 8"),
        _per_second,
    ),
    Panel(
        "An idle connection",
        "resident memory of the server for each of 10 000; less is better",
        _costs("resident, for each of 10 000 idle connections"),
        _kibibytes,
    ),
)


if __name__ == "__main__":
    sys.exit(main())
