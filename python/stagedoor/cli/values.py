"""Params as people type them, as name=value or plain values: `parse()` and `parse_value()`, and
`with_names()`, which gives names to those that have none."""

import argparse
import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from stagedoor.cli.command import USAGE, CommandError
from stagedoor.cli.words import unclosed

if TYPE_CHECKING:
    from stagedoor.client.core.methods import Method

DETAILS = """\
A value is JSON if it reads as JSON, otherwise it is a string: count=3 is a number,
kind=big and 'kind="big"' are strings, id='"3"' is a string, at=[1,2] is a list.
What begins with { or [ must be JSON. Values without names go by position; if others
have names, they are the first params of the method."""


def add_values(parser: argparse.ArgumentParser) -> None:
    """Add the argument for params."""
    parser.add_argument(
        "values",
        metavar="name=value",
        nargs="*",
        default=[],  # otherwise argparse says that it is required
        help="the method's params",
    )


MOST_SHOWN = 100
"""The most characters of a wrong value that are shown."""


class Given(NamedTuple):
    """Params as they were given."""

    unnamed: list[object]
    named: dict[str, object]
    texts: Mapping[str | int, str] = MappingProxyType({})
    """The values as they were typed, by name or position: `1.10` is the number 1.1."""


NOTHING = Given([], {})


def check_method(name: str) -> None:
    """Raises: CommandError, for what cannot be a method's name."""
    if not name.strip():
        raise CommandError("expected a method's name, not an empty text", USAGE)
    if name[0] in "{[" or "=" in name:
        shown = name if len(name) <= MOST_SHOWN else name[:MOST_SHOWN] + "..."
        raise CommandError(f"expected a method's name, not {shown}", USAGE)


def parse(values: list[str]) -> Given:
    """The params that the words of a command line mean. Raises: CommandError."""
    texts: dict[str | int, str] = {}
    given = Given([], {}, texts)
    for text in values:
        name, equals, value = text.partition("=")
        if equals and not name:
            after = [f"    as a text: {as_text(text)}"] if len(text) <= MOST_SHOWN else []
            raise CommandError(f"a name is missing before {text[:MOST_SHOWN]}", USAGE, after=after)
        if not (equals and name.isidentifier()):
            texts[len(given.unnamed)] = text
            given.unnamed.append(parse_value(text))
        elif name in given.named:
            raise CommandError(f"{name} is given twice", USAGE)
        else:
            texts[name] = value
            given.named[name] = parse_value(value, f"{name}=")
    return given


def with_names(given: Given, method: "Method | None") -> Given:
    """Give names to the values that have none, if others have: JSON-RPC has no mixture. Raises:
    CommandError, if there are too many, or if nothing is known of the method."""
    if not given.unnamed or not given.named:
        return given
    if method is None:
        names = ", ".join(given.named)
        text = "values are either all named (name=value) or all by position; named here: " + names
        raise CommandError(text, USAGE)
    names_ = [param.name for param in method.params]
    if len(given.unnamed) > len(names_):
        text = f"{method.name} takes {len(names_)} params, not {len(given.unnamed)} and more"
        raise CommandError(text, USAGE, after=[f"    {method.signature}"])
    first = dict(zip(names_, given.unnamed, strict=False))
    for name in first:
        if name in given.named:
            text = f"{name} is given twice: by position and by name"
            raise CommandError(text, USAGE, after=[f"    {method.signature}"])
    return Given([], first | given.named)


def parse_value(text: str, before: str = "") -> object:
    """The value, if the text reads as JSON; otherwise the text itself. `before`: what stands before
    it, as in `at=`, for the error. Raises: CommandError, for the beginning of a list or object that
    goes wrong."""
    import msgspec

    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        if text.lstrip()[:1] in ("{", "["):
            raise _no_json(text, before, error) from None
        return text


def _no_json(text: str, before: str, error: Exception) -> CommandError:
    shown = text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "..."
    why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    if 0 < len(open_ := unclosed(text)) <= MOST_SHOWN:
        why = f"{open_} is missing at its end"
    after = []
    if (meant := _as_json(text)) is not None and len(meant) <= MOST_SHOWN:
        after.append(f"    as JSON:   {before}{_quoted(meant)}")
    if len(text) <= MOST_SHOWN:
        after.append(f"    as a text: {before}{as_text(text)}")
    return CommandError(f"{before}{shown} is not JSON: {why}", USAGE, after=after)


_KEY = re.compile(r"([{,]\s*)([A-Za-z_]\w*)(\s*:)")
_WORD = re.compile(r"([\[:,]\s*)([A-Za-z_]\w*)(?=\s*[\],}])")
_JSON = {"True": "true", "False": "false", "None": "null", "true": "true", "false": "false",
         "null": "null"}  # fmt: skip


def _as_json(text: str) -> str | None:
    """The JSON that was perhaps meant by a text as Python or JavaScript has it, or by one that a
    shell has taken the quotes from; None: who knows."""
    plain = _KEY.sub(r'\1"\2"\3', text.replace("'", '"'))
    plain = _WORD.sub(lambda found: found[1] + _JSON.get(found[2], f'"{found[2]}"'), plain)
    try:
        json.loads(plain)
    except (ValueError, RecursionError):
        return None
    return plain


def as_text(text: str) -> str:
    """The text as a word of a shell that is read as a string, whatever it looks like."""
    return _quoted(json.dumps(text, ensure_ascii=False))


def _quoted(text: str) -> str:
    """The text as a word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
