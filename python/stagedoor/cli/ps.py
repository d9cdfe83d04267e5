"""`stagedoor ps`: list the games that run on this machine. `status` uses `show_games()`, too."""

import argparse
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.terminal import print_line, print_table, print_value, wants_json

if TYPE_CHECKING:
    from stagedoor.client.health import Health
    from stagedoor.wire.games import Game

TIMEOUT = 0.5
"""Seconds to wait for a game's answer."""
PATIENCE = 6
"""A game is given up after so many timeouts: to connect, to shake hands and to answer take one
each."""
AT_ONCE = 16
"""How many games are asked at the same time."""


class Facts(NamedTuple):
    """What is known of a game."""

    health: "Health"
    fps: float | None = None
    clients: float | None = None
    """Without this command."""
    note: str = ""
    """What to say of it below the table."""

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"fps": self.fps, "clients": self.clients, **self.health._asdict()}


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "ps",
        run,
        "list your running games",
        "STATE is running, paused, stepping (it runs the frames that game.step has asked for),\n"
        "stalled (the game does not come to its next frame) or silent (its process does not\n"
        "answer within half a second). CLIENTS does not count this command.",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    from stagedoor.client.find.games import running_games

    show_games(running_games(), as_json=wants_json(arguments.json))
    return OK


def show_games(games: "list[Game]", *, as_json: bool) -> None:
    """Print the games, as JSON or as a table. Asks each how it is."""
    if as_json:
        print_value(games_as_json(games), as_json=True)
    elif games:
        now = time.time()
        facts = _ask(games)
        rows = [
            (game.name, str(game.pid), told.health.state.replace("unknown", ""), _number(told.fps),
             _number(told.clients), game.url, _age(now - game.started))
            for game, told in zip(games, facts, strict=True)
        ]  # fmt: skip
        columns = ["NAME", "PID", "STATE", "FPS", "CLIENTS", "URL", "RUNNING FOR"]
        print_table(columns, rows, whole=columns[1:])
        for game, told in zip(games, facts, strict=True):
            note = told.note or (str(told.health) if told.health.state == "stalled" else "")
            if note:
                print_line(f"{game.name} ({game.pid}): {note}")
    else:
        print_line("No game is running.")


def games_as_json(games: "list[Game]") -> list[Any]:
    """The games as plain values, with what each says of itself; what is not known is None."""
    import msgspec

    return [
        msgspec.to_builtins(game) | told.as_json()
        for game, told in zip(games, _ask(games), strict=True)
    ]


def _ask(games: "list[Game]") -> list[Facts]:
    """Ask all games at the same time. One that keeps its asker for too long is silent: to find the
    address of a host, for example, may take as long as it likes."""
    from stagedoor.client.health import SILENT, Health

    told = [Facts(Health("silent"), note=SILENT) for _ in games]
    places = threading.BoundedSemaphore(AT_ONCE)

    def ask(at: int) -> None:
        with places:
            told[at] = _ask_one(games[at])

    # As daemons, which nobody waits for at the end.
    threads = [threading.Thread(target=ask, args=(at,), daemon=True) for at in range(len(games))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PATIENCE * TIMEOUT * (1 + len(games) // AT_ONCE)
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(told)


def _ask_one(game: "Game") -> Facts:
    from stagedoor.client import connect
    from stagedoor.client.errors import (
        CallTimeoutError,
        CannotConnectError,
        ClientError,
        TokenRefusedError,
    )
    from stagedoor.client.health import SILENT, STATUS, UNKNOWN, Health, health_of
    from stagedoor.wire.errors import RpcError

    try:
        with connect(game.url, role="viewer", timeout=TIMEOUT, reconnect=False) as client:
            status = client.call(STATUS)
    except CallTimeoutError as error:
        return Facts(error.health, note=SILENT if error.health.state == "silent" else "")
    except TokenRefusedError as error:  # it answers
        return Facts(UNKNOWN, note=error.reason)
    except CannotConnectError as error:
        return Facts(Health("silent"), note=error.reason)
    except (ClientError, RpcError):
        return Facts(UNKNOWN)  # the game is listed without its facts
    told = status if isinstance(status, dict) else {}
    clients = _checked(told.get("clients"))
    others = None if clients is None else max(0, clients - 1)
    return Facts(health_of(status), _checked(told.get("fps")), others)


def _checked(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 1e9 else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(min(max(seconds, 0), 1e9)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
