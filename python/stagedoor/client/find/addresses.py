"""Where a client connects to, and with which token: `Target.find()` returns an `Address`.

The token of a game on this machine comes from the file that the game wrote into the user's own
folder (`wire.tokens`). For a game elsewhere the caller gives it, or the environment variable
STAGEDOOR_TOKEN holds it. That token is sent only to a URL, and never to a game that was found on
this machine: it belongs to another game.
"""

import os
import re
from typing import Final
from urllib.parse import urlsplit

from stagedoor import checks
from stagedoor.client.core.address import Address
from stagedoor.client.errors import BadTokenError, CannotConnectError
from stagedoor.client.find.files import is_private, read_own
from stagedoor.client.find.games import find_game, running_games
from stagedoor.wire.games import Game
from stagedoor.wire.roles import ROLE_NAMES, RoleName
from stagedoor.wire.tokens import (
    TOKEN_PATTERN,
    BadTokensError,
    Tokens,
    decode_tokens,
    tokens_folder,
)

TOKEN_VARIABLE: Final = "STAGEDOOR_TOKEN"
"""The environment variable that holds the token for a game on another machine."""

CAFILE_VARIABLE: Final = "STAGEDOOR_CAFILE"
"""The environment variable that names a file of certificates to trust, for games elsewhere."""

_LOCAL: Final = ("127.0.0.1", "localhost", "::1")


class Target:
    """What to connect to, as the caller named it. `find()` looks each time where it is now: a game
    that was started again has another process id, port and tokens."""

    def __init__(
        self,
        target: str | int | None = None,
        role: RoleName = "admin",
        token: str | None = None,
        cafile: str | os.PathLike[str] | None = None,
    ) -> None:
        """The parameters are those of `stagedoor.connect()`. Raises: TypeError; ValueError, for an
        unknown role; BadTokenError; CannotConnectError, for a bad URL."""
        if target is not None and (isinstance(target, bool) or not isinstance(target, str | int)):
            kind = checks.kind_of(target)
            raise TypeError(f"target must be a name, a URL, a process id or None, not {kind}")
        if checks.text("role", role, may_be_empty=True) not in ROLE_NAMES:
            raise ValueError(f"role is {role!r}, expected one of {', '.join(ROLE_NAMES)}")
        if token is not None:
            _check(checks.text("token", token, may_be_empty=True), "`token`")
        if _is_url(target):
            _check_url(str(target))
        self._target = target
        self._role = role
        self._token = token
        self._cafile = None if cafile is None else os.fspath(cafile)

    def __repr__(self) -> str:
        return f"<Target {self._target!r} as {self._role}>"

    def find(self) -> Address:
        """Where the target is now. If it is the only game that runs, later calls look for that game
        by its name.

        Raises: NoGameError; SeveralGamesError; BadTokenError, for the token in the environment."""
        if _is_url(self._target):
            url = str(self._target)
            game = registered(url)
            address = Address(url, game.name if game else "")
            if game is None:
                address.token = os.environ.get(TOKEN_VARIABLE) or None
                if address.token is not None:
                    _check(address.token, f"the environment variable {TOKEN_VARIABLE}")
                address.cafile = os.environ.get(CAFILE_VARIABLE) or None
        else:
            game = find_game(self._target)
            address = Address(game.url, game.name)
            if self._target is None:
                self._target = game.name
        if game is not None:
            tokens = read_tokens(game)
            address.token = tokens.of(self._role) if tokens else None
            address.certificate = game.certificate
        if self._token is not None:
            address.token = self._token
        if self._cafile is not None:
            address.cafile = self._cafile
        return address


def read_tokens(game: Game) -> Tokens | None:
    """The tokens of a game that runs here; None if it has none, or if its file cannot be trusted,
    because somebody other than the user can read or write it."""
    folder = tokens_folder()
    data = read_own(folder / game.file_name, is_secret=True) if is_private(folder) else None
    try:
        return None if data is None else decode_tokens(data)
    except BadTokensError:
        return None


def is_local(url: str) -> bool:
    """Whether a URL leads to this machine."""
    return urlsplit(url).hostname in _LOCAL


def registered(url: str) -> Game | None:
    """The game on this machine that a URL leads to, if there is one."""
    parts = urlsplit(url)
    games = [game for game in running_games() if game.port == parts.port]
    there = [game for game in games if urlsplit(game.url).hostname == parts.hostname]
    return next(iter(there or (games if parts.hostname in _LOCAL else ())), None)


def _is_url(target: str | int | None) -> bool:
    return isinstance(target, str) and "://" in target


def _check_url(url: str) -> None:
    """Refuse a URL that is not a WebSocket's, and one that contains a secret."""
    if not url.startswith(("ws://", "wss://")):
        raise CannotConnectError(url, "expected a URL that starts with ws:// or wss://")
    try:
        parts = urlsplit(url)
        ok = bool(parts.hostname) and (parts.port is None or parts.port > 0) and url.isprintable()
    except ValueError as error:
        raise CannotConnectError(url, str(error)) from None
    if "@" in parts.netloc:
        shown = f"{parts.scheme}://...@{parts.netloc.rpartition('@')[2]}"
        raise CannotConnectError(shown, f"a URL has no user; put a token into {TOKEN_VARIABLE}")
    if not ok or parts.fragment:
        raise CannotConnectError(url, "this is not the URL of a WebSocket server")


def _check(token: str, source: str) -> None:
    if not re.match(TOKEN_PATTERN, token):
        raise BadTokenError(source)
