"""`stagedoor find [SELECTOR]`: what is on the screen of a running game. --wait waits for it."""

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stagedoor.cli.command import FAILED, OK, USAGE, CommandError, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game, seconds, told
from stagedoor.cli.terminal import harmless, print_line, print_note, wants_json

MOST: Final = 10_000
"""The most nodes in one answer."""
SELECTORS: Final = """\
  Enemy             a class, or a base class
  #start            a name
  .boss             a tag
  "New game"        a text, as a whole; ~"game" is a part of it
  [hp<10]           a test of an object: == != < <= > >= ~
  [alive]           what is true of it, or [not alive]
  :hidden           or :shown, :enabled, :disabled
  Window > #ok      directly in it; without > at any depth"""
_NOTHING: Final = (
    "stagedoor: nothing is known of this game's screen: pygame's Groups and pygame_gui are seen,"
    " and what the game says by stage.node()"
)
DETAILS: Final = f"""\
A selector is made of these, as in Enemy.boss[hp<10]:

{SELECTORS}

Put it in quotes for the shell: stagedoor find '"New game"'. In a terminal each thing is a line:
its class, name, text and tags, its place and size in pixels. Otherwise, or with --json, it is a
line of JSON. The exit code is 1 if nothing is found."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "find", run, "show what is on the screen of a running game", DETAILS)
    parser.add_argument(
        "selector", metavar="SELECTOR", nargs="?", help="what to find (default: everything)"
    )
    parser.add_argument("--hidden", action="store_true", help="also what the game does not show")
    parser.add_argument(
        "-n", metavar="N", dest="limit", type=_limit, default=1000, help="at most N (default: 1000)"
    )
    parser.add_argument(
        "--wait", metavar="S", type=seconds, help="wait for it, for at most S seconds"
    )
    parser.add_argument(
        "--gone", action="store_true", help="with --wait: wait until there is none any more"
    )
    add_evaluate(parser)
    add_game(parser)
    add_json(parser)


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the option --evaluate."""
    parser.add_argument(
        "--evaluate",
        action="store_true",
        help="run properties of the game to test objects; admins only",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    if (arguments.gone or arguments.wait) and not (arguments.selector and arguments.wait):
        raise CommandError("--wait needs a SELECTOR, and --gone needs --wait", USAGE)
    method, params = _call(arguments)
    with open_game(arguments) as game, told(method, game):
        patient = game if arguments.wait is None else game.with_timeout(arguments.wait + 10)
        found = patient.call(method, **params)
    show = _show_json if wants_json(arguments.json) else _show_text
    show(found["nodes"])
    if not found["nodes"] and not arguments.gone:
        print_note(_nothing(arguments.selector))
    for trouble in found["troubles"]:
        print_note(f"stagedoor: {trouble}")
    if found["more"]:
        print_note(f"stagedoor: there may be more than {arguments.limit}: see -n")
    return OK if found["nodes"] or arguments.gone else FAILED


def _nothing(selector: str | None) -> str:
    return _NOTHING if selector is None else harmless(f"stagedoor: nothing fits {selector}")


def _call(arguments: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {"hidden": arguments.hidden, "evaluate": arguments.evaluate}
    if arguments.wait is not None:
        params |= {"selector": arguments.selector, "seconds": arguments.wait}
        return "scene.wait", params | {"gone": arguments.gone}
    params["limit"] = arguments.limit
    if arguments.selector is None:
        return "scene.tree", params
    return "scene.find", params | {"selector": arguments.selector}


def _show_json(nodes: Sequence[Mapping[str, Any]]) -> None:
    for node in nodes:
        print_line(json.dumps(node, ensure_ascii=False))


def _show_text(nodes: Sequence[Mapping[str, Any]]) -> None:
    depths: list[int] = []
    for node in nodes:
        parent = node.get("parent")
        depths.append(0 if parent is None else depths[parent] + 1)
        print_line("  " * depths[-1] + line_of(node))


def line_of(node: Mapping[str, Any]) -> str:
    """A node as a line for a person."""
    name, text = node.get("name"), node.get("text")
    parts = [(node["type"] or "").rpartition(".")[2] + (f"#{name}" if name else "")]
    if text is not None:
        parts.append(json.dumps(text, ensure_ascii=False))
    parts += [f".{tag}" for tag in node.get("tags", ())]
    if node["rect"] is not None:
        left, top, width, height = node["rect"]
        parts.append(f"{left:g},{top:g} {width:g}x{height:g}")
    if not node.get("visible", True):
        parts.append("(hidden)")
    if not node.get("enabled", True):
        parts.append("(disabled)")
    parts += [f"({name}: {why})" for name, why in node.get("unread", {}).items()]
    return " ".join(part for part in parts if part)


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= MOST:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST}")
