"""`parse_selector()`: what it understands, and where it says that it does not."""

from __future__ import annotations

import pytest

from stagedoor.live.language.path import Attribute, Item, Path
from stagedoor.live.language.selector import (
    MAX_PARTS,
    MAX_PATH_STEPS,
    MAX_STEPS,
    PathTest,
    Selector,
    Step,
    parse_selector,
    parse_step_in,
)
from stagedoor.live.language.tokens import SyntaxFault, Tokens

PARSED = {
    "Enemy": Step("Enemy"),
    "*": Step(),
    "#start": Step(names=("start",)),
    "#new-game-2": Step(names=("new-game-2",)),
    '#"a b"': Step(names=("a b",)),
    ".big.red": Step(tags=("big", "red")),
    '"New game"': Step(texts=("New game",)),
    '~"game"': Step(contained=("game",)),
    ":hidden": Step(states=("hidden",)),
    "Enemy[hp<10]": Step("Enemy", tests=(PathTest(Path("hp"), "<", 10),)),
    "[not alive]": Step(tests=(PathTest(Path("alive"), is_negated=True),)),
    "[ pos.x >= -1.5 ]": Step(tests=(PathTest(Path("pos", (Attribute("x"),)), ">=", -1.5),)),
    "[ammo[0] == None]": Step(tests=(PathTest(Path("ammo", (Item(0),)), "==", None),)),
    'Ship#me.fast"A"~"B"[x]:enabled': Step(
        "Ship", ("me",), ("fast",), ("A",), ("B",), (PathTest(Path("x")),), ("enabled",)
    ),
}


@pytest.mark.parametrize("text", PARSED)
def test_a_step_is_understood(text: str) -> None:
    assert parse_selector(text) == Selector((PARSED[text],))


def test_what_contains_something_stands_before_it() -> None:
    assert parse_selector('Window Panel > "OK"') == Selector(
        (Step("Window"), Step("Panel"), Step(texts=("OK",), is_direct=True))
    )


@pytest.mark.parametrize("text", [*PARSED, 'Window Panel > "OK"', "* *", "a > * > b"])
def test_the_text_of_a_selector_is_the_selector_again(text: str) -> None:
    found = parse_selector(text)
    assert parse_selector(str(found)) == found


FAULTS = {
    "": (0, "a class"),
    "   ": (3, "a class"),
    ">": (0, "a class"),
    "Enemy >": (7, "a class"),
    "Enemy[": (6, "an attribute"),
    "Enemy[3]": (6, "an attribute"),
    "Enemy[hp": (8, "an operator"),
    "Enemy[hp=3]": (8, "an operator"),
    "Enemy[hp<]": (9, "a number"),
    "Enemy[hp<ten]": (9, "a number"),
    "Enemy[hp<10": (11, "]"),
    "Enemy[hp<10)": (11, "]"),
    "Enemy]": (5, "the end"),
    "Enemy@7": (5, "the end"),
    "# start": (2, "a name"),
    "#": (1, "a name"),
    ".": (1, "a tag"),
    "~New": (1, "a text in quotes"),
    ":sleepy": (1, "enabled, disabled, shown or hidden"),
    '"New game': (9, '"'),
    "é\x00": (1, "a name"),
    " ".join(["a"] * (MAX_STEPS + 1)): (2 * MAX_STEPS, f"at most {MAX_STEPS} steps"),
    "a" + ".b" * (MAX_PARTS + 1): (1 + 2 * MAX_PARTS, f"at most {MAX_PARTS} parts"),
    "a" * 10_001: (10_000, "at most 10,000 characters"),
    "[" * 9_000: (1, "an attribute"),
    "a[b" + ".b" * MAX_PATH_STEPS + ">1]": (1, f"at most {MAX_PATH_STEPS} names and keys"),
    "a" + "[b.c.d.e.f.g.h.i.j.k>1]" * 4: (1 + 3 * 23, f"at most {MAX_PATH_STEPS} names"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_text_that_does_not_parse_has_a_caret_at_the_place(text: str) -> None:
    position, expected = FAULTS[text]
    with pytest.raises(SyntaxFault) as caught:
        parse_selector(text)
    assert caught.value.position == position
    assert expected in caught.value.expected
    assert str(caught.value).splitlines()[-1].strip() == "^"


def test_a_step_in_a_longer_text_ends_where_it_ends() -> None:
    tokens = Tokens("Enemy[hp<0] and x")
    assert parse_step_in(tokens) == Step("Enemy", tests=(PathTest(Path("hp"), "<", 0),))
    assert tokens.next.text == "and"
