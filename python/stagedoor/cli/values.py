"""Params as people type them: `parse_params()` and `split()`, of name=value or plain values, and
`parse_value()`."""

from stagedoor.cli.command import USAGE, CommandError

DETAILS = """\
A value is JSON if it reads as JSON, otherwise it is a string: count=3 is a number,
kind=big and 'kind="big"' are strings, id='"3"' is a string, at=[1,2] is a list.
Values without a name go by position; named and unnamed ones cannot be mixed."""


def parse_params(values: list[str]) -> dict[str, object] | list[object] | None:
    """The params that the command line means. Raises: CommandError."""
    named: dict[str, object] = {}
    unnamed: list[object] = []
    for text in values:
        name, equals, value = text.partition("=")
        if not (equals and name.isidentifier()):
            unnamed.append(parse_value(text))
        elif name in named:
            raise CommandError(f"{name} is given twice", USAGE)
        else:
            named[name] = parse_value(value)
    if named and unnamed:
        raise CommandError(
            "values are either all named (name=value) or all by position; named here:"
            f" {', '.join(named)}",
            USAGE,
        )
    return named or unnamed or None


def split(values: list[str]) -> tuple[list[object], dict[str, object]]:
    """The same, as the arguments of a Python call. Raises: CommandError."""
    params = parse_params(values)
    if isinstance(params, dict):
        return [], params
    return params or [], {}


def parse_value(text: str) -> object:
    """JSON if it reads as JSON, otherwise the string."""
    import msgspec

    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text
