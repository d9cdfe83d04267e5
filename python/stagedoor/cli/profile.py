"""`stagedoor profile`: what a running game does, by function and line."""

import argparse
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from stagedoor.cli.command import OK, Verbs, add_verb
from stagedoor.cli.game import add_game, hertz, open_game, seconds, told
from stagedoor.cli.terminal import print_line, print_note, print_table, print_value

if TYPE_CHECKING:
    from collections.abc import Sequence

DETAILS = """
The game's thread is looked at so many times a second, and what was seen is added up. In a table the
lines that took longest come first. As speedscope it is a file for https://www.speedscope.app, and
collapsed stacks are for flamegraph.pl and its like."""

ROWS = 20
"""The most lines of the table."""
SHORTEST = 0.0005
"""Lines that took fewer seconds are not in the table, where they would be 0.000."""
MARGIN = 20.0
"""Seconds that the answer may take beyond the profile."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "profile", run, "show what a running game does", DETAILS[1:])
    parser.add_argument(
        "--seconds", metavar="S", type=seconds, default=5.0, help="how long to look (default: 5)"
    )
    parser.add_argument(
        "--hz", metavar="N", type=hertz, default=250.0, help="looks a second (default: 250)"
    )
    parser.add_argument(
        "--slower-than", metavar="S", type=seconds, help="only frames that took longer"
    )
    parser.add_argument(
        "--format",
        choices=("table", "tree", "speedscope", "collapsed"),
        default="table",
        help="how to print it (default: table)",
    )
    add_game(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    params: dict[str, Any] = {"seconds": arguments.seconds, "hz": arguments.hz}
    if arguments.slower_than is not None:
        params["threshold"] = arguments.slower_than
    wanted = "tree" if arguments.format == "table" else arguments.format
    arguments.timeout = max(arguments.timeout, arguments.seconds + MARGIN)
    with open_game(arguments) as game, told("frames.profile", game):
        profile = game.call("frames.profile", format=wanted, **params)
    if arguments.format == "collapsed":
        for line in profile.splitlines():
            print_line(line)
    elif arguments.format == "table":
        show(profile)
        if arguments.slower_than is not None and not profile["frames"]:
            print_note(f"no frame took more than {arguments.slower_than:g} s")
    else:
        print_value(profile, as_json=True)
    return OK


class Line(NamedTuple):
    """A line of a function, wherever it was called from. Seconds."""

    own: float
    total: float
    where: str


def show(profile: Any) -> None:
    """Print the lines that took longest."""
    lines = lines_of(profile["nodes"])
    whole = sum(line.own for line in lines) or 1.0
    rows = [
        (f"{line.own:.3f}", f"{line.own / whole:.0%}", f"{line.total:.3f}", line.where)
        for line in lines[:ROWS]
        if line.total >= SHORTEST
    ]
    print_table(("own s", "", "total s", "where"), rows)
    print_note(
        f"{profile['samples']} looks at {profile['frames']} frames in {profile['seconds']:.1f} s; "
        f"they took {profile['cost']:.3f} s of a processor"
    )


def lines_of(nodes: "Sequence[Any]") -> list[Line]:
    """The lines in a tree, those that took longest by themselves first."""
    own: dict[str, float] = {}
    total: dict[str, float] = {}
    names = [f"{n['function']}  {os.path.basename(n['file'])}:{n['line']}" for n in nodes]
    above: list[frozenset[str]] = []
    for name, node in zip(names, nodes, strict=True):
        parent = node["parent"]
        before = frozenset() if parent is None else above[parent] | {names[parent]}
        above.append(before)
        own[name] = own.get(name, 0.0) + node["own"]
        if name not in before:  # a recursion is counted once
            total[name] = total.get(name, 0.0) + node["total"]
    found = [Line(own[name], total[name], name) for name in own]
    return sorted(found, key=lambda line: (-line.own, -line.total, line.where))
