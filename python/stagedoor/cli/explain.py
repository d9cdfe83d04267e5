"""What to say about an error that a game has answered with: `explained()`."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from stagedoor.cli.command import FAILED, CommandError
from stagedoor.cli.values import NOTHING, Given, as_text, parse_value
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
    from stagedoor.wire.errors import HandlerError, InvalidParams, MethodNotFound, NotAuthenticated

    text = f"{what}: {error}" if what else str(error)
    before = (error.traceback or "").splitlines() if isinstance(error, HandlerError) else []
    text, *caret = text.split("\n") if _has_caret(text) else [text]
    text = f"{text} ({error.code})"
    after = how_to_get_in() if isinstance(error, NotAuthenticated) else caret
    if isinstance(error, MethodNotFound | InvalidParams) and game is not None:
        methods = ask(game)
        if isinstance(error, MethodNotFound):
            text += did_you_mean(what, {*(methods or ()), *words})
        elif methods is not None and what in methods:
            after += _hints(error, methods[what], methods, given)
    return CommandError(text, FAILED, before=before, after=after)


def _has_caret(text: str) -> bool:
    """Whether a text says in two more lines where something is wrong, as in a path."""
    *_, last = lines = text.split("\n")
    return len(lines) == 3 and last.strip() == "^"


def how_to_get_in() -> list[str]:
    """How to give a token to a game that wants one."""
    from stagedoor.client.find.addresses import TOKEN_VARIABLE
    from stagedoor.wire.games import runtime_folder

    return [
        f"{INDENT}set the environment variable {TOKEN_VARIABLE} to the game's token; the token of a"
        " game of yours on",
        f"{INDENT}this machine is read from its runtime folder, which is {runtime_folder()} here",
    ]


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
    values: dict[str, tuple[object, str]] = {
        name: (value, "") for name, value in zip(names, given.unnamed, strict=False)
    }
    values |= {name: (value, f"{name}=") for name, value in given.named.items()}
    if len(given.unnamed) > len(names):
        count = f"{len(names)} param{'' if len(names) == 1 else 's'}, not {len(given.unnamed)}"
        yield f"{INDENT}{method.name} takes {count}; a text with spaces needs quotes"
    for at, param in enumerate(method.params):
        path = error.path or ""
        if any(path == start or path.startswith((f"{start}.", f"{start}["))
               for start in (f"$.{param.name}", f"$[{at}]")):  # fmt: skip
            value, before = values.get(param.name, (None, ""))
            text = given.texts.get(param.name if before else at)
            about = [*_about(param, value, methods)]
            if not about and text is not None and path in (f"$.{param.name}", f"$[{at}]"):
                about = [*_how_to_write(param, value, before, text, methods)]
            yield from about
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


def _how_to_write(
    param: "Param", value: object, before: str, text: str, methods: "Methods"
) -> Iterator[str]:
    """How to write a value of the param's type, if this one has another. `before`: what stood
    before the value, as in `at=`; `text`: the value, as it was typed."""
    wanted = _types(methods.resolved(param.schema), methods)
    if not wanted or wanted & _types_of(value):
        return
    if "string" in wanted:
        yield f"{INDENT}as a text: {before}{as_text(text)}"
    if "boolean" in wanted:
        yield f"{INDENT}write {before}true or {before}false"
    if wanted & {"integer", "number"} and isinstance(value, str):
        number = parse_value(value) if value[:1] not in ("{", "[") else value
        if wanted & _types_of(number):
            yield f"{INDENT}as a number: {before}{value}"
    if "array" in wanted:
        yield f"{INDENT}a list is written as {before}'[1, 2]'"


def _types(schema: object, methods: "Methods", depth: int = 5) -> set[str]:
    """The JSON types that a schema allows, as it calls them; empty: not known."""
    if not isinstance(schema, dict) or depth == 0:
        return set()
    schema = methods.resolved(schema)
    for key in ("anyOf", "oneOf"):
        if isinstance(choices := schema.get(key), list):
            each = [_types(one, methods, depth - 1) for one in choices[:40]]
            return set().union(*each) if all(each) else set()
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return {one for one in kinds if isinstance(one, str)}


def _types_of(value: object) -> set[str]:
    """The JSON types that a value has, as schemas call them."""
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int):
        return {"integer", "number"}
    names: dict[type, str] = {float: "number", str: "string", list: "array", dict: "object"}
    return {names.get(type(value), "null")}
