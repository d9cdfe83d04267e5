"""`stagedoor logs [GAME]`: what a running game has logged and printed. --follow shows more as it
comes."""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from stagedoor.cli.attending import TURN, attend, patiently
from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game, open_game_async, told
from stagedoor.cli.terminal import flush, print_line, print_note, wants_json

if TYPE_CHECKING:
    from stagedoor.client.asyncio.client import AsyncClient
    from stagedoor.client.asyncio.streams import AsyncSubscription

MOST = 10_000
"""The most records that a game remembers."""
AT_ONCE: Final = 1000
"""How many records are asked for together."""

Show: TypeAlias = Callable[[Mapping[str, Any]], None]

DETAILS = """\
Warnings, and exceptions that nothing caught, are among the records. In a terminal each record is a
line, with its traceback below. Otherwise, or with --json, it is a line of JSON: sequence, time
(seconds since the epoch), level, levelno, logger, message, source, and, if they are known, thread,
file, line, function, traceback, omitted. A line {"dropped": N} says that N records came too fast.
A game that hangs answers, too. With --follow, if the game hangs or leaves, stderr says so, and the
command waits for it to come back. Of a game that was started again it shows all records."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "logs", run, "show what a running game logs and prints", DETAILS)
    parser.add_argument(
        "game", metavar="GAME", nargs="?", help="the game's name, process id or URL, as --to"
    )
    parser.add_argument(
        "--level",
        metavar="LEVEL",
        type=_level,
        help="the least severe level to show, as in warning, or a number (default: everything)",
    )
    parser.add_argument(
        "--logger",
        metavar="NAME",
        default="",
        help="only this logger and those below it; printed lines have the logger stdout or stderr",
    )
    parser.add_argument(
        "--text",
        metavar="TEXT",
        default="",
        help="only messages that contain this text, in upper or lower case",
    )
    parser.add_argument(
        "-n",
        metavar="N",
        dest="count",
        type=_count,
        default=100,
        help="how many past records to show at most (default: 100)",
    )
    parser.add_argument(
        "-f", "--follow", action="store_true", help="go on with new records, until Ctrl-C"
    )
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    import asyncio

    arguments.to = arguments.to or arguments.game
    show = show_json if wants_json(arguments.json) else show_text
    if arguments.follow:
        with told():
            asyncio.run(follow(arguments, show))
    elif arguments.count:
        with open_game(arguments) as game:
            page = game.call("logs.history", count=arguments.count, **_filter(arguments))
        show({"records": page["records"], "dropped": 0})
    return OK


async def follow(arguments: argparse.Namespace, show: Show) -> None:
    """Show records until cancelled, or until the game ends the session. `show`: prints a value of
    the topic `logs`."""
    import asyncio

    async with open_game_async(arguments) as game:
        tail = Tail(game, _filter(arguments), show)
        attending = asyncio.create_task(attend(game, [tail], _tell))
        try:
            await tail.begin(arguments.count)
            await tail.follow()
        finally:
            attending.cancel()


def _tell(trouble: str) -> None:
    print_note(f"stagedoor: {trouble or 'the game is back'}")


class Tail:
    """Shows the records of a game, and of the one that takes its place: each once, in order.

    The topic `logs` has what is new. What is logged before a subscription, or while the connection
    is lost, is in the game's history.
    """

    def __init__(self, game: "AsyncClient", filter: Mapping[str, Any], show: Show) -> None:
        self._game = game
        self._filter = filter
        self._show = show
        self._subscription: AsyncSubscription | None = None
        self._started: object = None
        """When this game began to record: no other has the same."""
        self._last = 0
        """The number of the newest record that was shown, or was not wanted."""

    @property
    def is_live(self) -> bool:
        """Whether the game sends records now."""
        return self._subscription is not None and self._subscription.is_live

    async def begin(self, count: int) -> None:
        """Show so many past records at most, at once if the game hangs, and subscribe."""
        page = await self._page(count=max(1, count))
        if count:
            self._put({"records": page["records"], "dropped": 0})
        self._started, self._last = page["started"], page["next"]
        self._subscription = await patiently(
            lambda: self._game.subscribe("logs", mode="all", filter=self._filter)
        )
        await self._catch_up()

    async def follow(self) -> None:
        """Show the records that come."""
        subscription = self._subscription
        assert subscription is not None
        reconnected = subscription.reconnected
        while True:
            news: Mapping[str, Any] = {"records": [], "dropped": 0}
            with suppress(TimeoutError):
                news = (await subscription.get(TURN)).value
            if subscription.reconnected != reconnected:
                reconnected = subscription.reconnected
                await self._catch_up()
            self._put(news)

    async def _catch_up(self) -> None:
        """Show the records that are in the history, and were not shown."""
        while True:
            page = await self._page(count=AT_ONCE, since=self._last)
            if page["started"] != self._started:
                self._started, self._last = page["started"], 0
            elif page["next"] <= self._last:
                return
            else:
                self._put({"records": page["records"], "dropped": page["lost"]})
                self._last = page["next"]

    async def _page(self, **params: Any) -> Any:
        return await patiently(lambda: self._game.call("logs.history", **params, **self._filter))

    def _put(self, news: Mapping[str, Any]) -> None:
        records = [record for record in news["records"] if record["sequence"] > self._last]
        if records or news["dropped"]:
            self._show({"records": records, "dropped": news["dropped"]})
            flush()
        if records:
            self._last = records[-1]["sequence"]


def show_json(news: Mapping[str, Any]) -> None:
    """Print a line of JSON for each record."""
    if news["dropped"]:
        print_line(json.dumps({"dropped": news["dropped"]}))
    for record in news["records"]:
        print_line(json.dumps(record, ensure_ascii=False))


def show_text(news: Mapping[str, Any]) -> None:
    """Print a line for a person for each record, with its traceback below."""
    if news["dropped"]:
        print_line(f"... {news['dropped']} records came too fast")
    for record in news["records"]:
        for line in lines_of(record):
            print_line(line)


def lines_of(record: Mapping[str, Any]) -> list[str]:
    """A record as lines of text. They may contain anything that the game logged."""
    at = float(record["time"])
    clock = f"{time.strftime('%H:%M:%S', time.localtime(at))}.{int(at % 1 * 1000):03}"
    message, *more = str(record["message"]).split("\n")
    lines = [f"{clock} {record['level']:<8} {record['logger']}: {message}"]
    rest = more + str(record.get("traceback", "")).split("\n")
    lines += [f"    {line}" for line in rest if line]
    if record.get("omitted"):
        lines.append(f"    ... {record['omitted']} characters left out")
    return lines


def _filter(arguments: argparse.Namespace) -> dict[str, Any]:
    asked = {"level": arguments.level, "logger": arguments.logger, "text": arguments.text}
    return {name: value for name, value in asked.items() if value not in (None, "")}


def _level(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else text


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= MOST:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of records up to {MOST}")
