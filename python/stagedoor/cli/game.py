"""What the verbs that call a game share: its options, `open_game()` and `open_game_async()`.

No option takes a token, because other users can read a command line. The token comes from the
game's own file in the user's runtime folder, or from the environment variable STAGEDOOR_TOKEN.
"""

import argparse
import math
import os
import shlex
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from stagedoor.cli.command import FAILED, UNREACHABLE, USAGE, CommandError
from stagedoor.cli.explain import explained, how_to_get_in
from stagedoor.cli.values import NOTHING, Given
from stagedoor.wire.roles import ROLE_NAMES

if TYPE_CHECKING:
    from stagedoor.client.asyncio.client import AsyncClient
    from stagedoor.client.errors import ConnectionLostError, NoGameError
    from stagedoor.client.sync.client import Client

GONE: Final = "the game is gone; waiting for it to come back"
"""What a verb says that goes on when the game is there again."""


ENDS_WITHIN: Final = 1.0
"""Seconds that the process of a game that hung up may take to end."""


def add_game(parser: argparse.ArgumentParser) -> None:
    """Add the options --to, --role, --cafile and --timeout."""
    parser.add_argument(
        "--to",
        metavar="TARGET",
        help="the game's name, process id or URL (default: the only game running)",
    )
    parser.add_argument(
        "--role",
        choices=ROLE_NAMES,
        default="admin",
        help="the role whose token to use (default: admin); for a game on another machine, set the"
        " environment variable STAGEDOOR_TOKEN to its token instead",
    )
    parser.add_argument(
        "--cafile",
        metavar="FILE",
        help="a PEM file with the certificates to trust, for a game on another machine that speaks"
        " TLS (default: the environment variable STAGEDOOR_CAFILE)",
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=seconds,
        default=10.0,
        help="seconds to wait for the answer, or for the next progress (default: 10)",
    )


@contextmanager
def open_game(arguments: argparse.Namespace, *, reconnect: bool = False) -> "Iterator[Client]":
    """A client with these options, open in the block. What goes wrong with the game, in the block
    or before it, is raised as CommandError."""
    from stagedoor.client import connect

    with told():
        client = connect(arguments.to, reconnect=reconnect, **_options(arguments))
        with client:
            yield client


def open_game_async(arguments: argparse.Namespace) -> "AsyncClient":
    """A client for asyncio with these options, which reconnects. Use it inside `told()`."""
    from stagedoor.client import connect_async

    return connect_async(arguments.to, **_options(arguments))


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in ("role", "cafile", "timeout")}


@contextmanager
def told(
    what: str = "",
    game: "Client | None" = None,
    given: Given = NOTHING,
    words: Iterable[str] = (),
) -> Iterator[None]:
    """Raise what goes wrong with a game in the block as CommandError. `what`: the method that is
    called; errors that the game answers with name it. The rest is for `explained()`, which says
    what would have been right."""
    from stagedoor.client.errors import (
        BadParamsError,
        BadTokenError,
        CannotConnectError,
        ClientError,
        ConnectionLostError,
        NoGameError,
        SeveralGamesError,
        TokenRefusedError,
    )
    from stagedoor.wire.close_codes import NOT_AUTHENTICATED
    from stagedoor.wire.errors import RpcError

    try:
        yield
    except RpcError as error:
        raise explained(error, what, game, given, words) from error
    except (BadParamsError, BadTokenError) as error:
        raise CommandError(str(error), USAGE) from error
    except SeveralGamesError as error:
        text = f"{error}, as in --to {shlex.quote(error.example)}"
        raise CommandError(text, UNREACHABLE) from error
    except NoGameError as error:
        raise CommandError(str(error), UNREACHABLE, after=_how_to_enable(error)) from error
    except TokenRefusedError as error:
        raise CommandError(str(error), UNREACHABLE, after=how_to_get_in()) from error
    except ConnectionLostError as error:
        after = how_to_get_in() if error.code == NOT_AUTHENTICATED else []
        text = f"the game is gone: {error}" if _is_gone(error) else str(error)
        raise CommandError(text, UNREACHABLE, after=after) from error
    except CannotConnectError as error:
        raise CommandError(str(error), UNREACHABLE) from error
    except ClientError as error:
        raise CommandError(str(error), FAILED) from error


def _is_gone(error: "ConnectionLostError") -> bool:
    """Whether the game was on this machine, and its process has ended. Waits a moment for that:
    the system closes the connections of a process before it ends."""
    from stagedoor.client.find.addresses import is_local, registered

    if not error.is_cut or not is_local(error.url):
        return False
    deadline = time.monotonic() + ENDS_WITHIN
    while registered(error.url) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _how_to_enable(error: "NoGameError") -> list[str]:
    """What to do, if there is no game because stagedoor is not enabled here."""
    from stagedoor import settings

    if error.found:
        return []
    try:
        here = os.getcwd()
    except OSError:  # it was removed
        return []
    decision = settings.environment_says(os.environ) or settings.project_says(
        settings.find_pyproject(here), here
    )
    if decision.enabled:
        return []
    return [f"stagedoor is not enabled here: {decision.why}.", settings.HOW_TO_ENABLE]


def seconds(text: str) -> float:
    """A number of seconds above 0, for argparse."""
    return _positive(text, "seconds")


def hertz(text: str) -> float:
    """A number per second above 0, for argparse."""
    return _positive(text, "values per second")


def _positive(text: str, unit: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of {unit} above 0")
    return number
