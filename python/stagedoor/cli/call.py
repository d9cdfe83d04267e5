"""`stagedoor call METHOD [name=value ...]`: call a method of a running game, print its result."""

import argparse
import math

from stagedoor.cli.command import (
    FAILED,
    OK,
    UNREACHABLE,
    USAGE,
    CommandError,
    Verbs,
    add_json,
    add_verb,
)
from stagedoor.cli.terminal import print_value, wants_json

DETAILS = """\
A value is JSON if it reads as JSON, otherwise it is a string: count=3 is a number,
kind=big and 'kind="big"' are strings, id='"3"' is a string, at=[1,2] is a list.
Values without a name go by position; named and unnamed ones cannot be mixed."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "call", run, "call a method of a running game", DETAILS)
    parser.add_argument("method", metavar="METHOD", help="the method's name, as in process.info")
    parser.add_argument("values", metavar="name=value", nargs="*", help="its params")
    parser.add_argument(
        "--to",
        metavar="TARGET",
        help="the game's name, process id or URL (default: the only game running)",
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=_seconds,
        default=10.0,
        help="seconds to wait for the answer (default: 10)",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    from stagedoor.client import connect
    from stagedoor.client.errors import (
        BadParamsError,
        CannotConnectError,
        ClientError,
        ConnectionLostError,
        NoGameError,
    )
    from stagedoor.wire.errors import RpcError

    params = parse_params(arguments.values)
    try:
        with connect(arguments.to, timeout=arguments.timeout) as game:
            result = game.call(arguments.method, params)
    except RpcError as error:
        raise CommandError(f"{arguments.method}: {error} ({error.code})", FAILED) from error
    except BadParamsError as error:
        raise CommandError(str(error), USAGE) from error
    except (NoGameError, CannotConnectError, ConnectionLostError) as error:
        raise CommandError(str(error), UNREACHABLE) from error
    except ClientError as error:
        raise CommandError(str(error), FAILED) from error
    print_value(result, as_json=wants_json(arguments.json))
    return OK


def parse_params(values: list[str]) -> dict[str, object] | list[object] | None:
    """The params that the command line means. Raises: CommandError."""
    named: dict[str, object] = {}
    unnamed: list[object] = []
    for text in values:
        name, equals, value = text.partition("=")
        if not (equals and name.isidentifier()):
            unnamed.append(parse_value(text))
        elif name in named:
            raise CommandError(f"{name} is given twice", USAGE)
        else:
            named[name] = parse_value(value)
    if named and unnamed:
        raise CommandError(
            "values are either all named (name=value) or all by position; named here:"
            f" {', '.join(named)}",
            USAGE,
        )
    return named or unnamed or None


def parse_value(text: str) -> object:
    """JSON if it reads as JSON, otherwise the string."""
    import msgspec

    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds
