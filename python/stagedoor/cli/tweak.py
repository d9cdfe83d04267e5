"""`stagedoor tweak [NAME=VALUE ...]`: show, set, keep and save what a game lets you tune."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from stagedoor.cli.command import FAILED, OK, USAGE, CommandError, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game, told
from stagedoor.cli.terminal import (
    flush,
    print_error,
    print_line,
    print_note,
    print_table,
    print_text,
    print_value,
    wants_json,
)
from stagedoor.cli.values import parse_value

if TYPE_CHECKING:
    from stagedoor.client.sync.client import Client

DETAILS = """\
Without NAME, all tweaks are listed; NAME shows one, NAME=VALUE sets it.

Presets are kept in stagedoor-presets.toml, in the game's project. --save shows the changes of the
source as a diff, and writes them once you agree."""

_DEEDS = ("reset", "save", "presets", "load", "keep", "drop")
"""The options that say what is done, instead of showing and setting."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "tweak", run, "tune values of a running game", DETAILS)
    parser.add_argument(
        "values", metavar="NAME[=VALUE]", nargs="*", default=[], help="what to show or set"
    )
    parser.add_argument("--reset", action="store_true", help="set NAMEs, or all, to their defaults")
    parser.add_argument(
        "--save", action="store_true", help="write NAMEs, or all changed, into the source"
    )
    parser.add_argument("--presets", action="store_true", help="list the presets")
    parser.add_argument("--load", metavar="PRESET", help="set the values of a preset")
    parser.add_argument("--keep", metavar="PRESET", help="keep the values of NAMEs, or all, as one")
    parser.add_argument("--drop", metavar="PRESET", help="take a preset out of the file")
    parser.add_argument("--yes", action="store_true", help="with --save: do not ask")
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    names, values = _given(arguments)
    as_json = wants_json(arguments.json)
    with open_game(arguments) as game:
        if arguments.save:
            return _save(game, names, agreed=arguments.yes, as_json=as_json)
        if arguments.presets:
            found = _call(game, "tweaks.presets")
            if as_json:
                print_value(found, as_json=True)
            else:
                print_table(["PRESET", "VALUES"], [(p["name"], str(p["values"])) for p in found])
            return OK
        if arguments.keep:
            params: dict[str, Any] = {"names": names} if names else {}
            _call(game, "tweaks.save_preset", preset=arguments.keep, **params)
            return OK
        if arguments.drop:
            _call(game, "tweaks.remove_preset", preset=arguments.drop)
            return OK
        if arguments.reset or arguments.load:
            return _set_many(game, arguments.load, names, as_json=as_json)
        told_of = [_call(game, "tweaks.set", name=n, value=v) for n, v in values.items()]
        if names or not values:
            told_of += _chosen(_call(game, "tweaks.list"), names)
        _show(told_of, as_json=as_json)
    return OK


def _given(arguments: argparse.Namespace) -> tuple[list[str], dict[str, object]]:
    """The names, and the values by name, that were typed. Raises: CommandError."""
    names: list[str] = []
    values: dict[str, object] = {}
    for text in arguments.values:
        name, equals, value = text.partition("=")
        if not name:
            raise CommandError(f"a name is missing before {text[:100]}", USAGE)
        if equals:
            values[name] = parse_value(value, f"{name}=")
        else:
            names.append(name)
    deeds = [one for one in _DEEDS if getattr(arguments, one)]
    if len(deeds) > 1:
        raise CommandError(f"--{deeds[0]} and --{deeds[1]} exclude each other", USAGE)
    deed = next(iter(deeds), None)
    if deed and values:
        raise CommandError(f"--{deed} takes no values", USAGE)
    if deed in ("presets", "load", "drop") and names:
        raise CommandError(f"--{deed} takes no names", USAGE)
    if arguments.yes and deed != "save":
        raise CommandError("--yes belongs to --save", USAGE)
    return names, values


def _call(game: "Client", method: str, **params: Any) -> Any:
    with told(method, game):
        return game.call(method, **params)


def _chosen(tweaks: list[Any], names: list[str]) -> list[Any]:
    """Those of these names; all without any. Raises: CommandError."""
    from stagedoor.wire.similar import did_you_mean

    if not names:
        return tweaks
    by_name = {one["name"]: one for one in tweaks}
    for name in names:
        if name not in by_name:
            hint = did_you_mean(name, list(by_name))
            raise CommandError(f"the game has no tweak {name}{hint}")
    return [by_name[name] for name in names]


def _set_many(game: "Client", preset: str | None, names: list[str], *, as_json: bool) -> int:
    if preset is None:
        params: dict[str, Any] = {"names": names} if names else {}
        found = _call(game, "tweaks.reset", **params)
    else:
        found = _call(game, "tweaks.load_preset", preset=preset)
    if as_json:
        print_value(found, as_json=True)
    else:
        _show(found["set"], as_json=False)
    return _tell_left(found["left"])


def _save(game: "Client", names: list[str], *, agreed: bool, as_json: bool) -> int:
    params: dict[str, Any] = {"names": names} if names else {}
    plan = _call(game, "tweaks.save", **params)
    if plan["diff"] and not as_json:
        for line in plan["diff"].splitlines():
            print_line(line)
    if plan["diff"] and (agreed or _agrees()):
        plan = _call(game, "tweaks.save", digest=plan["digest"], **params)
    if as_json:
        print_value(plan, as_json=True)
    elif not plan["diff"] and not plan["left"]:
        print_line("Nothing has been changed.")
    elif plan["written"]:
        print_line(f"Saved {', '.join(plan['names'])}.")
    return _tell_left(plan["left"])


def _agrees() -> bool:
    """Ask the person at the terminal; nobody at a terminal does not agree."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print_note("Nothing is written: say --yes to write it.")
        return False
    print_text("Write this? [y/N] ")
    flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _tell_left(left: list[Any]) -> int:
    for one in left:
        print_error(f"{one['name']}: {one['reason']}")
    return FAILED if left else OK


def _show(tweaks: list[Any], *, as_json: bool) -> None:
    if as_json:
        print_value(tweaks, as_json=True)
    elif not tweaks:
        print_line("The game has no tweaks: see stage.tweak().")
    else:
        rows = [
            (one["name"], _text(one["value"]) if one["problem"] is None else one["problem"],
             _text(one["default"]) if one["changed"] else "", _range(one), one["unit"])
            for one in tweaks
        ]  # fmt: skip
        print_table(["NAME", "VALUE", "DEFAULT", "RANGE", "UNIT"], rows)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _range(tweak: dict[str, Any]) -> str:
    if tweak["choices"] is not None:
        return ", ".join(map(_text, tweak["choices"]))
    low, high = ("" if end is None else _text(end) for end in (tweak["low"], tweak["high"]))
    return f"{low} to {high}" if low or high else ""
