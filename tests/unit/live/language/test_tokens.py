"""The tokenizer of all languages, and how a fault is shown."""

from __future__ import annotations

import pytest

from stagedoor.live.language.tokens import Kind, SyntaxFault, Tokens, is_name, quoted


def all_of(text: str) -> list[tuple[Kind, object]]:
    tokens = Tokens(text)
    found = []
    while tokens.next.kind is not Kind.END:
        token = tokens.take()
        found.append((token.kind, token.value))
    return found


def test_each_kind_of_token() -> None:
    text = "hp <= 10.5 and 'a\\'b' != \"\\u00e9\\n\" # 0x1F 1e3 größe_2"
    assert all_of(text) == [
        (Kind.NAME, "hp"),
        (Kind.SYMBOL, "<="),
        (Kind.NUMBER, 10.5),
        (Kind.NAME, "and"),
        (Kind.TEXT, "a'b"),
        (Kind.SYMBOL, "!="),
        (Kind.TEXT, "é\n"),
        (Kind.SYMBOL, "#"),
        (Kind.NUMBER, 31),
        (Kind.NUMBER, 1000.0),
        (Kind.NAME, "größe_2"),
    ]


def test_white_space_before_a_token_is_told() -> None:
    tokens = Tokens("a b.c")
    assert [tokens.take().is_spaced for _ in range(4)] == [False, True, False, False]


def test_the_end_can_be_taken_again_and_again() -> None:
    tokens = Tokens("a")
    tokens.expect_name()
    assert [tokens.take().kind for _ in range(3)] == [Kind.END] * 3
    tokens.expect_end()


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("a € b", 2, "a name, a number"),
        ("\x00", 0, "a name, a number"),
        ('"abc', 4, '" at the end'),
        ("'abc\\'", 6, "' at the end"),
        ('"a\\qb"', 2, "an escape of JSON"),
        ('"\\u12"', 1, "an escape of JSON"),
        ("3px", 1, "no letter after a number"),
        ("1" * 301, 0, "a number of at most 300"),
        ("1e999", 0, "a smaller number"),
        ("x" * 10_001, 10_000, "at most 10,000 characters"),
    ],
)
def test_what_makes_no_token_is_a_fault(text: str, position: int, expected: str) -> None:
    with pytest.raises(SyntaxFault) as fault:
        all_of(text)
    assert fault.value.position == position
    assert expected in str(fault.value)


def test_a_fault_shows_the_line_with_a_caret() -> None:
    fault = SyntaxFault("world..rocks", 6, "a name")
    assert str(fault) == "expected a name\n    world..rocks\n          ^"


def test_a_fault_shows_only_its_line_and_of_a_long_one_the_place() -> None:
    assert str(SyntaxFault("one\ntwo\nthree", 5, "x")) == "expected x\n    two\n     ^"
    text = "a" * 500 + "!" + "b" * 500
    _, line, caret = str(SyntaxFault(text, 500, "x")).split("\n")
    assert len(line) < 90
    assert line[caret.index("^")] == "!"


def test_a_fault_shows_no_control_characters() -> None:
    assert "\x1b" not in str(SyntaxFault("a\x1b[2J", 1, "x"))


@pytest.mark.parametrize("text", ["", "a'b", 'a"b', "\\", "\n\t\r\0", "\u202e", "é", "\U0001f680"])
def test_a_quoted_text_is_a_token_with_that_value(text: str) -> None:
    assert all_of(quoted(text)) == [(Kind.TEXT, text)]


def test_names() -> None:
    assert all(map(is_name, ["a", "_a1", "größe"]))
    assert not any(map(is_name, ["", "1a", "a b", "a.b", "a-b"]))


def test_tokens_are_made_when_they_are_needed() -> None:
    tokens = Tokens("a b c €")
    assert [tokens.ahead(count).text for count in (2, 0, 1)] == ["c", "a", "b"]
    assert [tokens.take().text for _ in range(2)] == ["a", "b"]
    with pytest.raises(SyntaxFault):
        tokens.take()
    assert Tokens("a").ahead(5).kind is Kind.END
