"""The tokens of a running game: `Tokens`, one small JSON file in the user's runtime folder.

A token gives its owner a role in the game, so nothing here shows one: no `repr` and no error.
The file is in `tokens_folder()` and is called `Game.file_name`, as is the game's own file in
`games_folder()`; `encode_tokens` and `decode_tokens` write and read its content. Nothing here
touches a file: the game writes its own, and `stagedoor.client.find.addresses` reads them. The
folder belongs to the user (mode 0700), and so do the files (0600).
"""

from pathlib import Path
from typing import Annotated, Final

import msgspec

from stagedoor.wire.games import runtime_folder
from stagedoor.wire.roles import RoleName

TOKEN_PATTERN: Final = r"^[A-Za-z0-9._~+/=-]{1,1024}\Z"
"""What may follow `Bearer` in an Authorization header (RFC 6750, section 2.1), up to 1024 long."""

Token = Annotated[str, msgspec.Meta(pattern=TOKEN_PATTERN)]


class Tokens(msgspec.Struct, frozen=True, gc=False):
    """One token for each role."""

    viewer: Token
    operator: Token
    admin: Token

    def of(self, role: RoleName) -> str:
        """The token of a role."""
        return {"viewer": self.viewer, "operator": self.operator, "admin": self.admin}[role]

    def __repr__(self) -> str:
        return "<Tokens, not shown>"

    def __rich_repr__(self) -> list[tuple[str, object]]:  # Struct's would show the tokens
        return []


class BadTokensError(ValueError):
    """A file does not contain the tokens of a game."""


_decoder = msgspec.json.Decoder(Tokens)


def encode_tokens(tokens: Tokens) -> bytes:
    """The file's content."""
    return msgspec.json.encode(tokens)


def decode_tokens(data: bytes) -> Tokens:
    """The tokens in a file. Raises: BadTokensError, which does not quote the file."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadTokensError("this is not a file of tokens") from None


def tokens_folder() -> Path:
    """The folder of the files. It may not exist yet."""
    return runtime_folder() / "tokens"
