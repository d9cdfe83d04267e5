"""`stagedoor watch TOPIC...`: show values of a running game as they come, until Ctrl-C."""

import argparse
import json
import sys
from collections import deque
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from stagedoor.cli.attending import attend
from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, hertz, open_game_async, told
from stagedoor.cli.sparkline import sparkline
from stagedoor.cli.terminal import flush, harmless, print_line, print_note, wants_json
from stagedoor.cli.watched import NOTHING, Watched
from stagedoor.wire.topics import MODES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.measure import Measurement
    from rich.table import Table

    from stagedoor.client.core.feed import Sample
    from stagedoor.wire.errors import RpcError

REFRESH = 10
"""How often the table is drawn in a second."""
WIDTH = 30
"""How many bars a sparkline has."""

DETAILS = """\
In a terminal, draws a live table. Otherwise, or with --json, prints a line of JSON for each value:
topic, time (seconds since the epoch), frame, sequence, value. If values were lost, the line also
has the total of `dropped` or `reconnected`.

A part of a value is named behind its topic: frames.total is the field `total` of `frames`,
a.0 the first element of a list `a`.

If a topic has no value, stderr says why, or the table. If the game hangs or leaves, they
say so, and the table's values are old. The command waits for the game to come back."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "watch", run, "watch values of a running game until Ctrl-C", DETAILS)
    parser.add_argument(
        "topics", metavar="TOPIC", nargs="+", help="a topic, as in frames, or a field of its values"
    )
    parser.add_argument(
        "--mode",
        choices=MODES,
        default="latest",
        help="what happens to values that come faster than --hz (default: latest)",
    )
    parser.add_argument(
        "--hz",
        metavar="N",
        type=hertz,
        help="the most values per second (default: 10 in a terminal, otherwise as they come)",
    )
    parser.add_argument(
        "--history",
        metavar="N",
        type=_count,
        default=0,
        help="how many past values to begin with (default: 0)",
    )
    parser.add_argument(
        "--filter",
        metavar="JSON",
        type=_filter,
        help='what a topic that takes a filter is to send, as in \'{"paths": ["world.score"]}\' for'
        " objects",
    )
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    import asyncio

    with told():
        asyncio.run(watch(arguments))
    return OK


async def watch(arguments: argparse.Namespace) -> None:
    """Show values until cancelled, or until the game ends the session."""
    import asyncio

    as_json = wants_json(arguments.json)
    hz = arguments.hz if as_json or arguments.hz else float(REFRESH)
    watched = [Watched(name) for name in dict.fromkeys(arguments.topics)]
    options = {"mode": arguments.mode, "hz": hz, "history": arguments.history}
    options["filter"] = arguments.filter
    async with AsyncExitStack() as stack, open_game_async(arguments) as game:
        display: Display = Lines() if as_json else stack.enter_context(Board(watched))
        look = partial(_look, watched, display, {})
        attending = asyncio.create_task(attend(game, watched, display.tell, look))
        try:
            await asyncio.gather(*(one.subscribe(game, options) for one in watched))
            display.begin()
            await asyncio.gather(*(_follow(one, display, arguments.mode) for one in watched))
        finally:
            attending.cancel()


class Display(Protocol):
    """Where the values go."""

    def begin(self) -> None:
        """Values may come from now on."""

    def put(self, watched: "Watched", sample: "Sample") -> None:
        """Show a value that has come."""

    def fail(self, watched: "Watched", failure: "RpcError") -> None:
        """Show why there is no value now."""

    def tell(self, trouble: str) -> None:
        """Show what is wrong with the game; empty: nothing is any more."""


async def _follow(watched: "Watched", display: Display, mode: str) -> None:
    last: object = NOTHING
    async for sample in watched.samples():
        if mode != "change" or not watched.path or sample.value != last:
            last = sample.value
            display.put(watched, sample)


def _look(watched: "list[Watched]", display: Display, told: "dict[str, RpcError | None]") -> None:
    """Tell the display when a value cannot be had. `told`: what it knows already."""
    for one in watched:
        failure = one.failure
        if failure is not None and failure is not told.get(one.topic):
            display.fail(one, failure)
        told[one.topic] = failure


class Lines:
    """Prints a line of JSON for each value."""

    def __init__(self) -> None:
        self._lost: dict[str, tuple[int, int]] = {}

    def begin(self) -> None:
        """There is nothing to print yet."""

    def put(self, watched: "Watched", sample: "Sample") -> None:
        """Print the value, and what was lost since the last one."""
        topic, lost = watched.topic, (watched.dropped, watched.reconnected)
        line: dict[str, Any] = {"topic": topic, **sample._asdict()}
        before = self._lost.get(topic, (0, 0))
        line |= {"dropped": lost[0]} if lost[0] != before[0] else {}
        line |= {"reconnected": lost[1]} if lost[1] != before[1] else {}
        self._lost[topic] = lost
        print_line(_as_json(line))
        flush()

    def fail(self, watched: "Watched", failure: "RpcError") -> None:
        """Say on stderr why there is no value now."""
        print_note(harmless(f"stagedoor: {watched.topic} has no value: {failure.detail()}"))

    def tell(self, trouble: str) -> None:
        """Say on stderr what is wrong with the game."""
        print_note(f"stagedoor: {trouble or 'the game is back'}")


class Board:
    """A table that is drawn repeatedly, from the first call to the end of its `with` block."""

    def __init__(self, watched: "list[Watched]") -> None:
        from rich.live import Live

        self._watched = watched
        self._trouble = ""
        self._numbers: dict[str, deque[float]] = {}
        self._latest: dict[str, Sample] = {}
        self._live = Live(
            get_renderable=self.table, refresh_per_second=REFRESH, redirect_stdout=False
        )

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *error: Any) -> None:
        self._live.stop()

    def begin(self) -> None:
        """Draw the table from now on."""
        self._live.start()

    def put(self, watched: "Watched", sample: "Sample") -> None:
        """Show the value in the table from now on."""
        topic, value = watched.topic, sample.value
        self._latest[topic] = sample
        if isinstance(value, int | float) and abs(value) < 1e300:
            self._numbers.setdefault(topic, deque(maxlen=WIDTH)).append(float(value))

    def fail(self, watched: "Watched", failure: "RpcError") -> None:
        """Each table shows it."""

    def tell(self, trouble: str) -> None:
        """Say below the table what is wrong with the game; its values are old as long as that is
        so."""
        self._trouble = trouble
        self.begin()

    def table(self) -> "Table":
        """The table as it is now."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        encoding = sys.stdout.encoding or "utf-8"
        style = "dim" if self._trouble else ""
        lost = [_lost(one) for one in self._watched]
        table = Table("TOPIC", "VALUE", "", box=box.SIMPLE_HEAD, show_edge=False)
        table.add_column("FRAME", no_wrap=True)
        if any(lost):
            table.add_column("LOST")
        if self._trouble:
            old = "; the values are old" if self._latest else ""
            table.caption = Text(harmless(self._trouble + old, encoding), style="bold red")
        for one, losses in zip(self._watched, lost, strict=True):
            sample = self._latest.get(one.topic)
            frame = "" if sample is None else str(sample.frame)
            texts = [one.topic, _shown(one, sample), frame, *([losses] if any(lost) else [])]
            cells: list[RenderableType] = [
                Text(harmless(text, encoding), style=style) for text in texts
            ]
            cells.insert(2, Bars(list(self._numbers.get(one.topic, ())), encoding, style))
            table.add_row(*cells)
        return table


class Bars:
    """A cell with a sparkline. Where there is less room than bars, those of the oldest numbers are
    left out."""

    def __init__(self, numbers: list[float], encoding: str, style: str) -> None:
        self._numbers = numbers
        self._encoding = encoding
        self._style = style

    def __rich_measure__(self, console: "Console", options: "ConsoleOptions") -> "Measurement":
        from rich.measure import Measurement

        return Measurement(min(1, len(self._numbers)), len(self._numbers))

    def __rich_console__(
        self, console: "Console", options: "ConsoleOptions"
    ) -> "Iterator[RenderableType]":
        from rich.text import Text

        yield Text(
            sparkline(self._numbers[-max(1, options.max_width) :], self._encoding), self._style
        )


def _shown(watched: "Watched", sample: "Sample | None") -> str:
    if watched.failure is not None:
        return _cut(f"no value: {watched.failure.detail()}")
    return "" if sample is None else _short(sample.value)


def _as_json(value: object) -> str:
    """JSON in one line. Of bytes, as those of a picture, there is only their number."""
    return json.dumps(value, ensure_ascii=False, default=lambda data: f"{len(data)} bytes")


def _lost(watched: "Watched") -> str:
    words = []
    if watched.dropped:
        words.append(f"{watched.dropped} dropped")
    if watched.reconnected:
        words.append(f"{watched.reconnected} x reconnected")
    return ", ".join(words)


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return _cut(_as_json(value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _filter(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f"{text!r} is not an object in JSON")
    return found


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of values")
    return int(text)
