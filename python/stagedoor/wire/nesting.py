"""`is_nested_deeper()`: how deep a JSON text nests, found without decoding it."""

import re
from typing import Final

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def is_nested_deeper(text: bytes, depth: int) -> bool:
    """Whether arrays and objects in a valid JSON text nest deeper than `depth`; `[1]` is 1 deep.

    The time is proportional to the length of the text, whatever it contains. A text that is short
    or has few brackets takes next to none.
    """
    if len(text) <= 2 * depth or text.count(b"[") + text.count(b"{") <= depth:
        return False
    brackets = _STRING.sub(b"", text).translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(depth):  # each pass removes the innermost brackets of every branch
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
