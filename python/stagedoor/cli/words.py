"""The words of a line of the shell: `split()`.

Spaces part the words. Quotes and backslashes hold them together, as in a Unix shell. A value that
begins with { or [, at the beginning of a word or behind `name=`, goes on until that bracket is
closed, and keeps its own quotes: `at={"x": 1, "y": 2}` is one word.
"""

MOST_SHOWN = 40
"""The most characters of a wrong word that are shown."""

_OPEN = {"{": "}", "[": "]"}


def split(line: str) -> list[str]:
    """The words. Raises: ValueError, for a quote that does not end."""
    words = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        word, at = _word(line, at)
        words.append(word)
    return words


def _word(line: str, at: int) -> tuple[str, int]:
    """The word that begins here, and where it ends."""
    parts: list[str] = []
    while at < len(line) and not line[at].isspace():
        sign = line[at]
        if sign in _OPEN and _begins_value("".join(parts)):
            end = _end_of_brackets(line, at)
            parts.append(line[at:end])
        elif sign in "'\"":
            text, end = _quoted(line, at)
            parts.append(text)
        elif sign == "\\":
            end = at + 2
            parts.append(line[at + 1 : end])
        else:
            end = at + 1
            parts.append(sign)
        at = end
    return "".join(parts), at


def _begins_value(before: str) -> bool:
    return not before or (before[-1] == "=" and before[:-1].isidentifier())


def _end_of_brackets(line: str, at: int) -> int:
    """Behind the bracket that closes the one here; the end of the line, if none does."""
    return _read_brackets(line, at)[0]


def unclosed(text: str) -> str:
    """What is missing at the end of a value that begins with a bracket: a quote, and brackets."""
    return _read_brackets(text, len(text) - len(text.lstrip()))[1]


def _read_brackets(line: str, at: int) -> tuple[int, str]:
    """Where the value ends that begins with the bracket here, and what is missing there."""
    open_brackets: list[str] = []
    while at < len(line):
        sign = line[at]
        if sign == '"':
            at, is_closed = _end_of_string(line, at)
            if not is_closed:
                return at, '"' + "".join(reversed(open_brackets))
            continue
        if sign in _OPEN:
            open_brackets.append(_OPEN[sign])
        elif open_brackets and sign == open_brackets[-1]:
            open_brackets.pop()
            if not open_brackets:
                return at + 1, ""
        at += 1
    return len(line), "".join(reversed(open_brackets))


def _end_of_string(line: str, at: int) -> tuple[int, bool]:
    """Behind the quote that closes the one here, and whether there is one."""
    at += 1
    while at < len(line):
        if line[at] == "\\":
            at += 1
        elif line[at] == '"':
            return at + 1, True
        at += 1
    return len(line), False


def _quoted(line: str, at: int) -> tuple[str, int]:
    """What is between the quote here and the next, and where that ends."""
    begin, quote = at, line[at]
    parts: list[str] = []
    at += 1
    while at < len(line):
        sign = line[at]
        if sign == quote:
            return "".join(parts), at + 1
        if sign == "\\" and quote == '"' and line[at + 1 : at + 2] in ('"', "\\"):
            at += 1
        parts.append(line[at])
        at += 1
    shown = line[begin : begin + MOST_SHOWN]
    raise ValueError(f"{quote} is missing at the end of {shown}")
