"""The tokens of a running game: `Tokens`, one small JSON file in the user's runtime folder.

Whoever has a token has its role in the game, so nothing here shows one: not `repr`, not an error.
`tokens_folder()` says where the file is, `Game.file_name` under which name (as the game's own file
in `games_folder()`), `encode_tokens` and `decode_tokens` what stands in it. Nothing here touches a
file: the game writes them, `stagedoor.client.find.addresses` reads them. The folder is the user's
own (mode 0700), the files too (0600).
"""

from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, get_args

import msgspec

from stagedoor.wire.games import runtime_folder

Role: TypeAlias = Literal["viewer", "operator", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""From the one who may least to the one who may most."""

TOKEN_PATTERN: Final = r"^[A-Za-z0-9._~+/=-]{1,1024}\Z"
"""What may follow `Bearer` in an Authorization header (RFC 6750, section 2.1), of sane length."""

Token = Annotated[str, msgspec.Meta(pattern=TOKEN_PATTERN)]


class Tokens(msgspec.Struct, frozen=True, gc=False):
    """One token for each role."""

    viewer: Token
    operator: Token
    admin: Token

    def of(self, role: Role) -> str:
        """The token of a role."""
        return {"viewer": self.viewer, "operator": self.operator, "admin": self.admin}[role]

    def __repr__(self) -> str:
        return "<Tokens, not shown>"

    def __rich_repr__(self) -> list[tuple[str, object]]:  # a Struct's own would show the fields
        return []


class BadTokensError(ValueError):
    """A file that does not hold the tokens of a game."""


_decoder = msgspec.json.Decoder(Tokens)


def encode_tokens(tokens: Tokens) -> bytes:
    """The file's content."""
    return msgspec.json.encode(tokens)


def decode_tokens(data: bytes) -> Tokens:
    """What stands in a file. Raises: BadTokensError, which does not say what stands there."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadTokensError("this is not a file of tokens") from None


def tokens_folder() -> Path:
    """The folder of the files; it need not exist."""
    return runtime_folder() / "tokens"
