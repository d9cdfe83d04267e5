"""`stagedoor logs [GAME]`: what a running game has said, and with --follow what it says now."""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game, open_game_async, told
from stagedoor.cli.terminal import print_line, print_note, wants_json

MOST = 10_000
"""Records that a game keeps."""

DETAILS = """\
What it says by `logging`, what it prints, its warnings, and exceptions that nobody caught. A line
for each in a terminal, with its traceback; otherwise, or with --json, a line of JSON: sequence,
time (seconds since the epoch), level, levelno, logger, message, source, and what is known of
thread, file, line, function, traceback, omitted. {"dropped": N} says that N records came too fast.
Without --follow a game that hangs answers, too; with it a game that leaves is waited for."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "logs", run, "show what a running game says", DETAILS)
    parser.add_argument(
        "game", metavar="GAME", nargs="?", help="the game's name, process id or URL, as --to"
    )
    parser.add_argument(
        "--level",
        metavar="LEVEL",
        type=_level,
        help="at least this severe, as in warning, or a number (default: everything)",
    )
    parser.add_argument(
        "--logger",
        metavar="NAME",
        default="",
        help="this logger and those below it; stdout and stderr are lines of those",
    )
    parser.add_argument(
        "-n",
        metavar="N",
        dest="count",
        type=_count,
        default=100,
        help="so many records at most of what was said so far (default: 100)",
    )
    parser.add_argument(
        "-f", "--follow", action="store_true", help="go on with what is said now, until Ctrl-C"
    )
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
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


async def follow(arguments: argparse.Namespace, show: Any) -> None:
    """Show until cancelled, or until the game sends us away."""
    async with open_game_async(arguments) as game:
        subscription = await game.subscribe(
            "logs", mode="all", history=arguments.count, filter=_filter(arguments)
        )
        returned = 0
        async for sample in subscription:
            if subscription.reconnected != returned:
                returned = subscription.reconnected
                print_note("the game was gone, and is back")
            show(sample.value)
            sys.stdout.flush()


def show_json(news: Mapping[str, Any]) -> None:
    """A line of JSON for each record."""
    if news["dropped"]:
        print_line(json.dumps({"dropped": news["dropped"]}))
    for record in news["records"]:
        print_line(json.dumps(record, ensure_ascii=False))


def show_text(news: Mapping[str, Any]) -> None:
    """A line for a person for each record, and its traceback."""
    if news["dropped"]:
        print_line(f"... {news['dropped']} records came too fast")
    for record in news["records"]:
        for line in lines_of(record):
            print_line(line)


def lines_of(record: Mapping[str, Any]) -> list[str]:
    """A record as lines of text that may hold anything."""
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
    asked = {"level": arguments.level, "logger": arguments.logger}
    return {name: value for name, value in asked.items() if value not in (None, "")}


def _level(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else text


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= MOST:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of records up to {MOST}")
