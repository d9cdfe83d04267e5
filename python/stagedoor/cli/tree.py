"""`stagedoor tree [PATH]`: show a running game's objects, from what it has exposed."""

import argparse
from typing import TYPE_CHECKING, Any

from stagedoor.cli.command import OK, CommandError, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game, told
from stagedoor.cli.terminal import print_line, print_value, wants_json

if TYPE_CHECKING:
    from stagedoor.client.sync.client import Client

BUDGET = 1000
"""The most objects that are shown below one."""
INDENT = "  "


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "tree",
        run,
        "show the objects of a running game",
        "Without PATH, from each object that the game has exposed. What is named like a secret is"
        " shown to admins only.",
    )
    add_object(parser, nargs="?")
    parser.add_argument(
        "--depth", metavar="N", type=_depth, default=1, help="how many steps below it, 0 to 8"
    )
    add_evaluate(parser)
    add_game(parser)
    add_json(parser)


def add_object(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Add the argument PATH: to an object of a game."""
    parser.add_argument(
        "path", metavar="PATH", nargs=nargs, help="as in world.rocks[3].pos or config['a b']"
    )


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the option --evaluate."""
    parser.add_argument(
        "--evaluate",
        action="store_true",
        help="read properties, too: code of the game runs; for admins",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    with open_game(arguments) as game:
        if arguments.path is None:
            paths = [root["path"] for root in ask(game, "objects.roots") if root["kind"] != "gone"]
        else:
            paths = [arguments.path]
        params = {"depth": arguments.depth, "budget": BUDGET, "evaluate": arguments.evaluate}
        nodes = [ask(game, "objects.get", path=path, **params) for path in paths]
    if wants_json(arguments.json):
        print_value(nodes if arguments.path is None else nodes[0], as_json=True)
        return OK
    if not nodes:
        print_line("the game has exposed nothing: see stage.expose()")
    for node in nodes:
        show(node)
    return OK


def ask(game: "Client", method: str, **params: Any) -> Any:
    """Call a method, and return its result. Raises: CommandError."""
    from stagedoor.wire.errors import Forbidden, InvalidParams

    with told():
        try:
            return game.call(method, **params)
        except InvalidParams as error:
            if error.reason is None:
                raise
            text, *place = error.reason.split("\n")
            raise CommandError(text, after=place) from error
        except Forbidden as error:  # an admin has the role that it needs, but has to ask
            how, asked = " with evaluate=true", " with --evaluate"
            if error.reason is None or not error.reason.endswith(how):
                raise
            raise CommandError(error.reason.removesuffix(how) + asked) from error


def _depth(text: str) -> int:
    if len(text) == 1 and text in "012345678":
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of steps from 0 to 8")


def show(node: dict[str, Any], depth: int = 0) -> None:
    """Print a node and what is below it, a line each."""
    print_line(f"{INDENT * depth}{node['path'] if not depth else node['name']}  {said(node)}")
    for child in node.get("children", ()):
        show(child, depth + 1)
    if node.get("more"):
        print_line(f"{INDENT * (depth + 1)}…  more: stagedoor tree {node['path']}")


def said(node: dict[str, Any]) -> str:
    """What there is to say about a node, beside its name."""
    about = {
        "hidden": f"(hidden: needs the role {node.get('needs')})",
        "lazy": f"({node.get('type') or 'made when asked for'}: --evaluate reads it)",
        "gone": f"({node.get('type')}: gone)",
    }.get(node.get("kind", "object"), node.get("preview", ""))
    if "ancestor" in node:
        about += f"  (this is {node['ancestor']})"
    return f"{about}  ({node['error']})" if "error" in node else about
