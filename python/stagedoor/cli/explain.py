"""What to say about an error that a game has answered with: `explained()`."""

from collections.abc import Iterable, Iterator
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
    error: "RpcError",
    what: str = "",
    game: "Client | None" = None,
    given: Given = NOTHING,
    words: Iterable[str] = (),
) -> CommandError:
    """The error of a call as one line, with what helps around it: the game's traceback, the
    method's signature, the names that could have been meant. `what`: the method; `game`: whom to
    ask about it; `given`: the params; `words`: what else could have been meant."""
    from stagedoor.wire.errors import HandlerError, InvalidParams, MethodNotFound

    text = f"{what}: {error} ({error.code})" if what else f"{error} ({error.code})"
    before = (error.traceback or "").splitlines() if isinstance(error, HandlerError) else []
    after: list[str] = []
    if isinstance(error, MethodNotFound | InvalidParams) and game is not None:
        methods = ask(game)
        if isinstance(error, MethodNotFound):
            text += did_you_mean(what, {*(methods or ()), *words})
        elif methods is not None and what in methods:
            after += _hints(error, methods[what], methods, given)
    return CommandError(text, FAILED, before=before, after=after)


def ask(game: "Client") -> "Methods | None":
    """What the game offers; None if it does not say."""
    from stagedoor.client.errors import ClientError
    from stagedoor.wire.errors import RpcError

    try:
        return game.methods
    except (ClientError, RpcError):
        return None


def _hints(
    error: "InvalidParams", method: "Method", methods: "Methods", given: Given
) -> Iterator[str]:
    names = [param.name for param in method.params]
    for name in given.named:
        if name not in names and repr(name) not in (error.reason or ""):
            yield f"{INDENT}there is no param {name}{did_you_mean(name, names)}"
    values = dict(zip(names, given.unnamed, strict=False)) | given.named
    if len(given.unnamed) > len(names):
        count = f"{len(names)} param{'' if len(names) == 1 else 's'}, not {len(given.unnamed)}"
        yield f"{INDENT}{method.name} takes {count}; a text with spaces needs quotes"
    for at, param in enumerate(method.params):
        path = error.path or ""
        if any(path == start or path.startswith((f"{start}.", f"{start}["))
               for start in (f"$.{param.name}", f"$[{at}]")):  # fmt: skip
            yield from _about(param, values.get(param.name), methods)
    yield INDENT + method.signature


def _about(param: "Param", value: object, methods: "Methods") -> Iterator[str]:
    """What is wrong with the value of a param."""
    from stagedoor.client.core.schema import python_type

    schema = methods.resolved(param.schema)
    choices = [one for one in schema.get("enum") or () if isinstance(one, str)]
    if choices and value not in choices:
        hint = did_you_mean(str(value), choices)
        yield f"{INDENT}{param.name} is one of {', '.join(choices)}{hint}"
    elif fields := schema.get("properties"):
        shown = ", ".join(f"{name}: {python_type(one)}" for name, one in fields.items())
        yield f"{INDENT}{param.name} has the fields {shown}"
    elif isinstance(value, str) and value in _PYTHON:
        yield f"{INDENT}JSON has {_PYTHON[value]} for {value}: {param.name}={_PYTHON[value]}"
