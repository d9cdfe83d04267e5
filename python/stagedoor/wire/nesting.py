"""`is_nested_deeper()`: how deep a JSON text goes, without reading it into anything."""

import re
from typing import Final

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def is_nested_deeper(text: bytes, depth: int) -> bool:
    """Whether arrays and objects nest deeper than that in a valid JSON text; `[1]` is 1 deep.

    Takes time in proportion to the text's length, whatever is in it, and next to none for one that
    is short or has few brackets.
    """
    if len(text) <= 2 * depth or text.count(b"[") + text.count(b"{") <= depth:
        return False
    brackets = _STRING.sub(b"", text).translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(depth):  # each turn takes away the innermost of every branch
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
