"""Conditions: what parses to what, and where the caret is if it does not."""

from __future__ import annotations

import pytest

from stagedoor.live.language.condition import (
    MAX_COMPARISONS,
    MAX_NESTING,
    MAX_STEPS,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Constant,
    Found,
    Length,
    Not,
    parse_condition,
)
from stagedoor.live.language.path import parse_path
from stagedoor.live.language.selector import parse_selector
from stagedoor.live.language.tokens import SyntaxFault


def path(text: str) -> object:
    return parse_path(text)


def found(text: str) -> Found:
    return Found(parse_selector(text))


X = Comparison(parse_path("x"))
Y = Comparison(parse_path("y"))
Z = Comparison(parse_path("z"))

PARSES: list[tuple[str, Condition]] = [
    ("len(world.rocks) > 50", Comparison(Length(parse_path("world.rocks")), ">", Constant(50))),
    ("Enemy[hp<0]", Comparison(found("Enemy[hp<0]"))),
    ("len(Enemy[hp<0]) >= 2", Comparison(Length(found("Enemy[hp<0]")), ">=", Constant(2))),
    ("Enemy[not alive]", Comparison(found("Enemy[not alive]"))),
    ("Enemy#boss", Comparison(found("Enemy#boss"))),
    ("Button:hidden", Comparison(found("Button:hidden"))),
    ("#start", Comparison(found("#start"))),
    ("*[hp<0]", Comparison(found("*[hp<0]"))),
    ('"New game"', Comparison(found('"New game"'))),
    ('not "New game"', Not(Comparison(found('"New game"')))),
    ('world.title == "New game"',
     Comparison(parse_path("world.title"), "==", Constant("New game"))),
    ('"boss" ~ world.name', Comparison(Constant("boss"), "~", parse_path("world.name"))),
    ('find("Window > Button")', Comparison(found("Window > Button"))),
    ("len(find('Button.big')) == 1", Comparison(Length(found("Button.big")), "==", Constant(1))),
    ("rocks[3].hp < -1.5", Comparison(parse_path("rocks[3].hp"), "<", Constant(-1.5))),
    ('config["a b"]', Comparison(parse_path('config["a b"]'))),
    ("table[None]", Comparison(parse_path("table[None]"))),
    ("a.b > c.d", Comparison(parse_path("a.b"), ">", parse_path("c.d"))),
    ("a ~ b", Comparison(parse_path("a"), "~", parse_path("b"))),
    ("0 < hp", Comparison(Constant(0), "<", parse_path("hp"))),
    ("boss == None", Comparison(parse_path("boss"), "==", Constant(None))),
    ("alive != True", Comparison(parse_path("alive"), "!=", Constant(True))),
    ("len == 3", Comparison(parse_path("len"), "==", Constant(3))),
    ("find.me", Comparison(parse_path("find.me"))),
    ("x and y", AllOf((X, Y))),
    ("x or y and z", AnyOf((X, AllOf((Y, Z))))),
    ("(x or y) and z", AllOf((AnyOf((X, Y)), Z))),
    ("not x and y", AllOf((Not(X), Y))),
    ("not (x and y)", Not(AllOf((X, Y)))),
    ("not not x", Not(Not(X))),
    ("((((x))))", X),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PARSES, ids=[text for text, _ in PARSES])
def test_a_condition_parses(text: str, expected: Condition) -> None:
    assert parse_condition(text) == expected


@pytest.mark.parametrize("text", [text for text, _ in PARSES])
def test_a_conditions_text_parses_to_the_same(text: str) -> None:
    condition = parse_condition(text)
    assert parse_condition(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "a path"),
        ("   ", 3, "a path"),
        ("x >", 3, "a path"),
        ("x > > y", 4, "a path"),
        ("x = 3", 2, "and, or, an operator"),
        ("x y", 2, "and, or, an operator"),
        ("x and", 5, "a path"),
        ("x and or y", 6, "a path"),
        ("(x", 2, ")"),
        ("x)", 1, "and, or"),
        ("()", 1, "a path"),
        ("len(x", 5, ")"),
        ("len()", 4, "a path"),
        ("len(3) > 1", 4, "a path"),
        ("Enemy[hp<]", 9, "a number"),
        ("Enemy[hp<0", 10, "]"),
        ("world.", 6, "the name of an attribute"),
        ("rocks[", 6, "an index or a key"),
        ("find(Window)", 5, "a selector in quotes"),
        ('find("Window >")', 14, ""),
        ('x == "abc', 9, '"'),
        ("x == 1 == 2", 7, "and, or"),
        ("__import__('os').system('ls')", 10, "and, or"),
        ("x.f()", 3, "and, or"),
        ("lambda: 1", 8, "enabled"),
        ("x < 1e999", 4, "a smaller number"),
        ("$", 0, "a path"),
        ("\x00", 0, "a name"),
    ],
)
def test_what_does_not_parse_has_a_caret(text: str, position: int, expected: str) -> None:
    with pytest.raises(SyntaxFault) as raised:
        parse_condition(text)
    assert raised.value.position == position
    assert expected in raised.value.expected
    assert str(raised.value).endswith("^")


def test_nesting_has_a_bound() -> None:
    parse_condition("(" * MAX_NESTING + "x" + ")" * MAX_NESTING)
    for text in ("(" * 100 + "x" + ")" * 100, "not " * 2000 + "x"):
        with pytest.raises(SyntaxFault, match=f"at most {MAX_NESTING} deep"):
            parse_condition(text)


def test_comparisons_have_a_bound() -> None:
    parse_condition(" and ".join(["x"] * MAX_COMPARISONS))
    with pytest.raises(SyntaxFault, match="comparisons"):
        parse_condition(" and ".join(["x"] * (MAX_COMPARISONS + 1)))


def test_the_steps_of_all_paths_have_a_bound() -> None:
    parse_condition("x" + ".x" * (MAX_STEPS - 1))
    for text in ("x" + ".x" * MAX_STEPS, " or ".join(["x.y.z"] * 22)):
        with pytest.raises(SyntaxFault, match="steps in all"):
            parse_condition(text)


def test_a_lone_name_that_is_no_root_is_a_class() -> None:
    def parse(text: str) -> Condition:
        return parse_condition(text, lambda name: name == "world")

    assert parse("len(Enemy) > 1") == Comparison(Length(found("Enemy")), ">", Constant(1))
    assert parse("Enemy") == Comparison(found("Enemy"))
    assert parse("world") == Comparison(parse_path("world"))
    with pytest.raises(SyntaxFault, match="the name of a root") as raised:
        parse("world and wrold.rocks")
    assert raised.value.position == 10
