"""`stagedoor watch TOPIC...`: show values of a running game as they come, until Ctrl-C."""

import argparse
import json
import sys
from collections import deque
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, Protocol

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.game import GONE, add_game, hertz, open_game_async, told
from stagedoor.cli.sparkline import sparkline
from stagedoor.cli.terminal import flush, harmless, print_line, print_note, wants_json
from stagedoor.cli.watched import NOTHING, Watched, subscribe
from stagedoor.wire.topics import MODES

if TYPE_CHECKING:
    from rich.table import Table

    from stagedoor.client.asyncio.client import AsyncClient
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
    async with AsyncExitStack() as stack, open_game_async(arguments) as game:
        options = {"mode": arguments.mode, "hz": hz, "history": arguments.history}
        watched = [await subscribe(game, name, options) for name in dict.fromkeys(arguments.topics)]
        display: Display = Lines() if as_json else stack.enter_context(Board(watched))
        attending = asyncio.create_task(_attend(game, watched, display))
        try:
            await asyncio.gather(*(_follow(one, display, arguments.mode) for one in watched))
        finally:
            attending.cancel()


class Display(Protocol):
    """Where the values go."""

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


async def _attend(game: "AsyncClient", watched: "list[Watched]", display: Display) -> None:
    """Tell the display when the game hangs or is gone, and when it is back; and when a value cannot
    be had."""
    import asyncio

    from stagedoor.client.errors import ClientError
    from stagedoor.client.health import STALLED, UNKNOWN, health_in
    from stagedoor.wire.errors import RpcError

    told, health, stalls = "", UNKNOWN, None
    failures: dict[str, object] = {}
    with suppress(ClientError, RpcError):  # without that topic, only its end can be told
        stalls = await game.subscribe(STALLED)
    while True:
        await asyncio.sleep(1 / REFRESH)
        while stalls is not None and stalls.waiting:
            health = health_in((await stalls.get()).value)
        trouble = str(health) if health.state == "stalled" else ""
        if not all(one.is_live for one in watched):
            trouble, health = GONE, UNKNOWN
        if trouble != told:
            told = trouble
            display.tell(trouble)
        for one in watched:
            failure = one.failure
            if failure is not None and failure is not failures.get(one.topic):
                display.fail(one, failure)
            failures[one.topic] = failure


class Lines:
    """Prints a line of JSON for each value."""

    def __init__(self) -> None:
        self._lost: dict[str, tuple[int, int]] = {}

    def put(self, watched: "Watched", sample: "Sample") -> None:
        """Print the value, and what was lost since the last one."""
        topic, lost = watched.topic, (watched.dropped, watched.reconnected)
        line: dict[str, Any] = {"topic": topic, **sample._asdict()}
        before = self._lost.get(topic, (0, 0))
        line |= {"dropped": lost[0]} if lost[0] != before[0] else {}
        line |= {"reconnected": lost[1]} if lost[1] != before[1] else {}
        self._lost[topic] = lost
        print_line(json.dumps(line, ensure_ascii=False))
        flush()

    def fail(self, watched: "Watched", failure: "RpcError") -> None:
        """Say on stderr why there is no value now."""
        print_note(harmless(f"stagedoor: {watched.topic} has no value: {failure.detail()}"))

    def tell(self, trouble: str) -> None:
        """Say on stderr what is wrong with the game."""
        print_note(f"stagedoor: {trouble or 'the game is back'}")


class Board:
    """A table that is drawn repeatedly until the end of its `with` block."""

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
        self._live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._live.__exit__(*error)

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

    def table(self) -> "Table":
        """The table as it is now."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        encoding = sys.stdout.encoding or "utf-8"
        table = Table("TOPIC", "VALUE", "", "FRAME", "LOST", box=box.SIMPLE_HEAD, show_edge=False)
        if self._trouble:
            table.caption = Text(
                harmless(f"{self._trouble}; the values are old", encoding), style="bold red"
            )
        for one in self._watched:
            sample = self._latest.get(one.topic)
            cells = [
                one.topic,
                _shown(one, sample),
                sparkline(self._numbers.get(one.topic, ()), encoding),
                "" if sample is None else str(sample.frame),
                _lost(one),
            ]
            style = "dim" if self._trouble else ""
            table.add_row(*(Text(harmless(cell, encoding), style=style) for cell in cells))
        return table


def _shown(watched: "Watched", sample: "Sample | None") -> str:
    if watched.failure is not None:
        return _cut(f"no value: {watched.failure.detail()}")
    return "" if sample is None else _short(sample.value)


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
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of values")
    return int(text)
