"""What to say about an error that a game has answered with: `explained()`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stagedoor.cli.command import FAILED, CommandError
from stagedoor.cli.values import NOTHING, Given
from stagedoor.wire.similar import did_you_mean

if TYPE_CHECKING:
    from stagedoor.client.core.methods import Method, Methods, Param
    from stagedoor.client.sync.client import Client
    from stagedoor.wire.errors import InvalidParams, RpcError

INDENT = "    "
_PYTHON = {"True": "true", "False": "false", "None": "null"}


def explained(
    error: "RpcError", what: str = "", game: "Client | None" = None, given: Given = NOTHING
) -> CommandError:
    """The error of a call as one line, with what helps around it: the game's traceback, the
    method's signature, the names that could have been meant. `what`: the method; `game`: whom to
    ask about it; `given`: the params."""
    from stagedoor.wire.errors import HandlerError, InvalidParams, MethodNotFound

    text = f"{what}: {error} ({error.code})" if what else f"{error} ({error.code})"
    before = (error.traceback or "").splitlines() if isinstance(error, HandlerError) else []
    after: list[str] = []
    if isinstance(error, MethodNotFound | InvalidParams) and game is not None:
        methods = ask(game)
        if isinstance(error, MethodNotFound):
            text += did_you_mean(what, methods or ())
        elif methods is not None and what in methods:
            after += _hints(error, methods[what], given)
    return CommandError(text, FAILED, before=before, after=after)


def ask(game: "Client") -> "Methods | None":
    """What the game offers; None if it does not say."""
    from stagedoor.client.errors import ClientError
    from stagedoor.wire.errors import RpcError

    try:
        return game.methods
    except (ClientError, RpcError):
        return None


def _hints(error: "InvalidParams", method: "Method", given: Given) -> Iterator[str]:
    names = [param.name for param in method.params]
    for name in given.named:
        if name not in names:
            yield f"{INDENT}there is no param {name}{did_you_mean(name, names)}"
    for param in method.params:
        if param.name in given.named and error.path == f"$.{param.name}":
            yield from _about(param, given.named[param.name])
    yield INDENT + method.signature


def _about(param: "Param", value: object) -> Iterator[str]:
    """What is wrong with the value of a param."""
    if not isinstance(value, str):
        return
    choices = param.choices
    if choices and value not in choices:
        yield f"{INDENT}{param.name} is one of {', '.join(choices)}{did_you_mean(value, choices)}"
    elif value in _PYTHON:
        yield f"{INDENT}JSON has {_PYTHON[value]} for {value}: {param.name}={_PYTHON[value]}"
