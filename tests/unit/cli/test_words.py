"""The words of a line of the shell: `stagedoor.cli.words`."""

import shlex

import pytest

from stagedoor.cli.words import split


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('drop at={"x": 1, "y": 2}', ["drop", 'at={"x": 1, "y": 2}']),
        ('drop {"x": 1} [1, 2] 3', ["drop", '{"x": 1}', "[1, 2]", "3"]),
        ('a at=[{"x": [1, 2]}, "] }"] b', ["a", 'at=[{"x": [1, 2]}, "] }"]', "b"]),
        (r'a at={"x": "\"} "} b', ["a", r'at={"x": "\"} "}', "b"]),
        ("a at={x: 10} b", ["a", "at={x: 10}", "b"]),
        ("a at={x: 10 b", ["a", "at={x: 10 b"]),
        ('a at={"x: 10} b', ["a", 'at={"x: 10} b']),
        ("a [1, 2}] b", ["a", "[1, 2}]", "b"]),
        ("""a 'at={"x": 1}' b""", ["a", 'at={"x": 1}', "b"]),
        ("a note[1, b", ["a", "note[1,", "b"]),
        ("", []),
        ("  \t ", []),
        ("a ''", ["a", ""]),
        ("a at=''", ["a", "at="]),
    ],
)
def test_a_value_in_brackets_is_one_word(line: str, words: list[str]) -> None:
    assert split(line) == words


@pytest.mark.parametrize(
    "line",
    [
        "spawn big 3", "spawn kind='a b' count=2", 'say "a \\"b\\" c"', "say a\\ b", "say 'it''s'",
        'id=\'"3"\'', "say a'b c'd", "say  many   spaces", 'say "it\'s"',
    ],
)  # fmt: skip
def test_all_else_is_as_in_a_unix_shell(line: str) -> None:
    assert split(line) == shlex.split(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("say 'a b", "' is missing at the end of 'a b"),
        ('move q "[1,2', '" is missing at the end of "[1,2'),
        ("say a'", "' is missing at the end of '"),
        ("say '" + "x" * 1000, "' is missing at the end of 'xxx"),
    ],
)
def test_a_quote_that_does_not_end_is_an_error(line: str, said: str) -> None:
    with pytest.raises(ValueError, match="is missing") as raised:
        split(line)
    assert str(raised.value).startswith(said)
    assert len(str(raised.value)) < 100


def test_brackets_without_end_are_read_in_one_pass() -> None:
    line = "[" * 100_000
    assert split(line) == [line]
