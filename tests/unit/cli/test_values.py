"""Params as people type them: `stagedoor.cli.values`."""

import pytest

from stagedoor.cli.command import CommandError
from stagedoor.cli.values import parse_params, parse_value, split


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-1.5e3", -1500.0), ("true", True), ("null", None), ("big", "big"), ("", ""),
        ('"3"', "3"), ("[1, 2]", [1, 2]), ('{"a": "b"}', {"a": "b"}), ("[1,", "[1,"),
        ("007", "007"),
        ("NaN", "NaN"), ("1e400", "1e400"), ("True", "True"), ("[" * 100_000, "[" * 100_000),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_a_value_is_json_or_else_the_string(text: str, value: object) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def test_params_go_by_name_or_by_position() -> None:
    assert parse_params([]) is None
    assert parse_params(["kind=big", "count=3", "note=a=b"]) == {
        "kind": "big", "count": 3, "note": "a=b",
    }  # fmt: skip
    assert parse_params(["big", "3", "world.x=1", "=x", "a-b=1"]) == [
        "big", 3, "world.x=1", "=x", "a-b=1",
    ]  # fmt: skip


def test_mixed_or_repeated_names_are_wrong_usage() -> None:
    with pytest.raises(CommandError, match=r"either all named.*or all by position; named here: a"):
        parse_params(["a=1", "2"])
    with pytest.raises(CommandError, match="a is given twice"):
        parse_params(["a=1", "a=2"])


def test_params_are_the_arguments_of_a_python_call() -> None:
    assert split(["1", "a"]) == ([1, "a"], {})
    assert split(["a=1"]) == ([], {"a": 1})
    assert split([]) == ([], {})
