"""Code is compiled so that the value of its last expression is known."""

from __future__ import annotations

import linecache
import traceback

import pytest

from stagedoor.live.domains.console import source
from stagedoor.live.domains.console.source import Source


def run(code: str) -> object:
    names: dict[str, object] = {}
    return Source(code).run(names, names)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("1 + 1", 2),
        ("x = 3\nx * 2", 6),
        ("x = 3", None),
        ("", None),
        ("# nothing", None),
        ("def f(a: undefined_name = 1):\n    return a\nf()", NameError),
        ("for i in range(3):\n    i", None),
        ("if True:\n    x = 1\n\nx", 1),
        ("1;", 1),
        ("'é'", "é"),
    ],
)
def test_the_value_is_that_of_the_last_line(code: str, value: object) -> None:
    if isinstance(value, type):
        with pytest.raises(value):
            run(code)
    else:
        assert run(code) == value


@pytest.mark.parametrize(
    "code",
    ["1 +", "x = ", "(", "return 1", "await x", "a\0b", "(" * 300, "-" * 100_000 + "1", "\udce9"],
)
def test_what_does_not_compile_raises(code: str) -> None:
    with pytest.raises((SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)):
        Source(code)


def test_a_traceback_shows_the_codes_own_lines() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        run("x = 1\nx / 0")
    assert "    x / 0\n    ~~^~~\n" in "".join(traceback.format_exception(raised.value))


def test_the_lines_of_the_newest_pieces_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "KEPT", 3)
    files = [Source("1").file for _ in range(5)]
    assert [file in linecache.cache for file in files] == [False, False, True, True, True]


def test_it_tells_the_names_in_it() -> None:
    assert Source("def f():\n    return world.x + [y for y in _]").names >= {"world", "y", "_"}
