"""`Source`: a piece of code, compiled so that the value of its last expression is known."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

KEPT: Final = 100
"""The pieces of code whose lines are kept for tracebacks: the newest."""
_numbers: Iterator[int] = count(1)


class Source:
    """Raises what the compiler raises: SyntaxError, and for odd code ValueError, RecursionError,
    MemoryError or OverflowError."""

    def __init__(self, code: str) -> None:
        number = next(_numbers)
        self.file = f"<console {number}>"
        """What a traceback calls it."""
        lines = f"{code}\n".splitlines(keepends=True)  # Python's carets count on the last "\n"
        linecache.cache[self.file] = len(code), None, lines, self.file
        linecache.cache.pop(f"<console {number - KEPT}>", None)
        tree = ast.parse(code, self.file)
        self.names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        """The names in it."""
        last = tree.body[-1] if tree.body else None
        self._value = None
        if isinstance(last, ast.Expr):
            tree.body.pop()
            value = ast.Expression(last.value)
            self._value = compile(value, self.file, "eval", dont_inherit=True)
        self._body = compile(tree, self.file, "exec", dont_inherit=True) if tree.body else None

    def run(self, globals: dict[str, Any], locals: Any) -> object:
        """Run it. Returns the value of its last line, if that is an expression; otherwise None."""
        if self._body is not None:
            exec(self._body, globals, locals)
        return None if self._value is None else eval(self._value, globals, locals)
