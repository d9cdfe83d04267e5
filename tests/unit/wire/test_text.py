"""Texts that UTF-8 can carry, and what exceptions say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stagedoor.wire.text import all_exact, exact, reason_of, text_of, traceback_of, with_article


class Shouting(str):
    def __str__(self) -> str:
        raise AssertionError("not called")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("sp\udce9l.py", "sp\\udce9l.py"),
        ("é", "é"),
        ("é\ud800", "é\\ud800"),
        (Shouting("a"), "a"),
    ],
    ids=ascii,
)
def test_a_text_is_one_that_utf_8_can_carry(text: str, expected: str) -> None:
    assert exact(text) == expected
    assert type(exact(text)) is str


def test_all_texts_in_a_value_are_made_so() -> None:
    value = {"a\udce9": [1, ("\udce9", None, {"b": "\udce9"})]}
    assert all_exact(value) == {"a\\udce9": [1, ["\\udce9", None, {"b": "\\udce9"}]]}


@pytest.mark.parametrize(
    ("error", "text", "reason"),
    [
        (ValueError("no"), "no", "no"),
        (ValueError(), "", "ValueError"),
        (LookupError("no"), "no", "LookupError: no"),
        (OSError("\udce9"), "\\udce9", "OSError: \\udce9"),
    ],
    ids=ascii,
)
def test_what_an_exception_says(error: Exception, text: str, reason: str) -> None:
    assert (text_of(error), reason_of(error)) == (text, reason)
    assert type(error).__name__ in traceback_of(error)


def raising(error: BaseException) -> Exception:
    class BadError(Exception):
        def __str__(self) -> str:
            raise error

    return BadError()


@pytest.mark.parametrize("raised", [RuntimeError(), SystemExit(), RecursionError()])
@pytest.mark.parametrize("function", [text_of, traceback_of, reason_of])
def test_what_cannot_be_had_is_no_error(
    function: Callable[[BaseException], str], raised: BaseException
) -> None:
    assert function(raising(raised))


def test_ctrl_c_goes_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        text_of(raising(KeyboardInterrupt()))


@pytest.mark.parametrize(
    ("noun", "said"),
    [
        ("Ship", "a Ship"),
        ("int", "an int"),
        ("Asteroid", "an Asteroid"),
        ("uint8", "a uint8"),
        ("", "a "),
    ],
)
def test_a_noun_has_its_article(noun: str, said: str) -> None:
    assert with_article(noun) == said
