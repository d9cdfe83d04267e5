"""What a running game writes about itself: `Game`, a small JSON file in the user's runtime folder.

The file is in `games_folder()` and is called `Game.file_name`; `encode_game` and `decode_game`
write and read its content. Nothing here touches a file: the game writes its own, and
`stagedoor.client.find.games` reads them. The folder belongs to the user (mode 0700), and so do the
files (0600). A writer replaces a file in one step.
"""

import os
import warnings
from pathlib import Path
from typing import Annotated, Final

import msgspec

from stagedoor.wire.encoding import ours_to_json

RUNTIME_VARIABLE: Final = "STAGEDOOR_RUNTIME_DIR"
"""An environment variable that names the runtime folder, for tests and for unusual systems."""

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Pid = Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
Url = Annotated[str, msgspec.Meta(pattern=r"^wss?://[!-~]+\Z", max_length=1000)]


class Game(msgspec.Struct, frozen=True, gc=False):
    """A running game with a stage."""

    name: str
    """As given to `stagedoor.start()`; `game/Process-1` for a child of `game`."""
    pid: Pid
    host: str
    """The address it listens on."""
    port: Port
    url: Url
    """Where a client on this machine connects to."""
    started: float
    """When the stage began to listen, in seconds since the epoch."""
    certificate: str | None = None
    """The path of the certificate that the game shows; None: it does not speak TLS."""
    born: int | None = None
    """When the process began (`stagedoor.processes.birth_of`); None: not known."""

    @property
    def file_name(self) -> str:
        """The file's name within `games_folder()`. A process can have several stages."""
        return f"{self.pid}-{self.port}.json"


class BadGameError(ValueError):
    """A file does not describe a game."""


_decoder = msgspec.json.Decoder(Game)


def encode_game(game: Game) -> bytes:
    """The file's content. What is no UTF-8 in it is escaped."""
    return ours_to_json(game)


def decode_game(data: bytes) -> Game:
    """The game that a file describes. Raises: BadGameError."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadGameError(str(error)) from error


def games_folder() -> Path:
    """The folder of the files. It may not exist yet."""
    return runtime_folder() / "games"


def runtime_folder() -> Path:
    """The user's runtime folder for stagedoor. It may not exist yet."""
    runtime = os.environ.get(RUNTIME_VARIABLE)
    if not runtime:
        import platformdirs

        with warnings.catch_warnings():  # it warns if XDG_RUNTIME_DIR is not set, which is fine
            warnings.simplefilter("ignore")
            runtime = platformdirs.user_runtime_dir("stagedoor", appauthor=False)
    return Path(runtime)
