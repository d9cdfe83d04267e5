"""Params as people type them, as name=value or plain values: `parse_params()`, `split()` and
`parse_value()`."""

from stagedoor.cli.command import USAGE, CommandError

DETAILS = """\
A value is JSON if it reads as JSON, otherwise it is a string: count=3 is a number,
kind=big and 'kind="big"' are strings, id='"3"' is a string, at=[1,2] is a list.
Values without names go by position. Named and unnamed values cannot be mixed."""


def parse_params(values: list[str]) -> dict[str, object] | list[object] | None:
    """The params that the words of a command line mean: by name, by position, or None. Raises:
    CommandError."""
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
    """The same as `args` and `params` of a Python call. Raises: CommandError."""
    params = parse_params(values)
    if isinstance(params, dict):
        return [], params
    return params or [], {}


def parse_value(text: str) -> object:
    """The value, if the text reads as JSON; otherwise the text itself."""
    import msgspec

    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text
