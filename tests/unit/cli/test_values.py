"""Params as people type them: `stagedoor.cli.values`."""

import json
import re

import pytest

from stagedoor.cli.command import USAGE, CommandError
from stagedoor.cli.values import Given, check_method, parse, parse_value, with_names
from stagedoor.client.core.methods import parse_discovery

from ..fake_stage import DOCUMENT

SPAWN = parse_discovery(DOCUMENT)["spawn"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-1.5e3", -1500.0), ("true", True), ("null", None), ("big", "big"), ("", ""),
        ('"3"', "3"), ("[1, 2]", [1, 2]), ('{"a": "b"}', {"a": "b"}), (" [1]", [1]),
        ("007", "007"), ("(1, 2)", "(1, 2)"), ('"a', '"a'), ("a[1]", "a[1]"),
        ("NaN", "NaN"), ("1e400", "1e400"), ("True", "True"),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_a_value_is_json_or_else_the_string(text: str, value: object) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{x: 10}", {"x": 10}), ("{'x': 10}", {"x": 10}), ("{x: big, y: True}",
        {"x": "big", "y": True}), ("[a, b]", ["a", "b"]), ("{x:10,y:20}", {"x": 10, "y": 20}),
        ("[None]", [None]), ("[1,", None), ("{", None), ("[Admin] hello", None), ("{x", None),
    ],
    ids=str,
)  # fmt: skip
def test_what_begins_as_json_and_is_none_is_an_error_that_shows_how_to_write_it(
    text: str, meant: object
) -> None:
    with pytest.raises(CommandError, match="is not JSON") as raised:
        parse(["at=" + text])
    assert raised.value.exit_code == USAGE
    assert str(raised.value).startswith("at=" + text)
    *as_json, as_text = raised.value.after
    if meant is None:
        assert as_json == []
    else:
        shown = as_json[0].strip().removeprefix("as JSON:   at='").removesuffix("'")
        assert json.loads(shown) == meant
    assert "as a text: at='\"" in as_text


@pytest.mark.parametrize("text", ["[" * 100_000, "{" + "x" * 100_000])
def test_a_long_one_is_cut(text: str) -> None:
    with pytest.raises(CommandError) as raised:
        parse_value(text)
    assert len(str(raised.value)) < 300
    assert raised.value.after == []


def test_params_go_by_name_and_by_position() -> None:
    assert parse([]) == Given([], {})
    assert parse(["kind=big", "count=3", "note=a=b"])[:2] == (
        [],
        {"kind": "big", "count": 3, "note": "a=b"},
    )
    assert parse(["big", "3", "world.x=1", "a-b=1"])[:2] == (["big", 3, "world.x=1", "a-b=1"], {})
    with pytest.raises(CommandError, match="a is given twice"):
        parse(["a=1", "a=2"])


@pytest.mark.parametrize("text", ["=3", "=", "==", "=x=y"])
def test_a_value_whose_name_is_missing_is_no_value_without_a_name(text: str) -> None:
    with pytest.raises(CommandError, match=f"a name is missing before {text}") as raised:
        parse(["kind=big", text])
    assert raised.value.exit_code == USAGE
    [how] = raised.value.after
    assert parse_value(how.strip().removeprefix("as a text: '").removesuffix("'")) == text


@pytest.mark.parametrize("name", ["", "  ", "{", "[1]", "count=3", "{" * 1000])
def test_what_cannot_be_a_methods_name_is_said_to_be_none(name: str) -> None:
    with pytest.raises(CommandError, match="expected a method's name, not ") as raised:
        check_method(name)
    assert raised.value.exit_code == USAGE
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("[1,2", "]"), ("{", "}"), ('{"a": [1', "]}"), ('["a', '"]'), ('{"a": "b\\"', '"}'),
        (" [[1]", "]"), ("[1}", "]"),
    ],
)  # fmt: skip
def test_what_is_missing_at_the_end_of_a_value_is_said(text: str, missing: str) -> None:
    with pytest.raises(CommandError, match="is not JSON: " + re.escape(missing) + " is missing"):
        parse_value(text)


def test_nothing_is_said_to_be_missing_where_nothing_is() -> None:
    with pytest.raises(CommandError) as raised:
        parse_value("[1 2]")
    assert "missing" not in str(raised.value)


def test_unnamed_values_before_named_ones_are_the_first_params() -> None:
    assert with_names(Given(["big"], {"count": 3}), SPAWN) == Given([], {"kind": "big", "count": 3})
    assert with_names(Given(["big"], {}), None) == Given(["big"], {})
    for given, said in [
        (Given(["big"], {"kind": "small"}), "kind is given twice"),
        (Given([1] * 9, {"kind": "small"}), "takes 3 params"),
    ]:
        with pytest.raises(CommandError, match=said) as raised:
            with_names(given, SPAWN)
        assert raised.value.after == [f"    {SPAWN.signature}"]
    with pytest.raises(CommandError, match=r"either all named.*or all by position; named here: a"):
        with_names(Given([2], {"a": 1}), None)
