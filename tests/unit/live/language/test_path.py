"""Paths: what parses, and that a path's text is that path again."""

from __future__ import annotations

import pytest

from stagedoor.live.language.path import Attribute, Identity, Item, Member, Path, parse_path
from stagedoor.live.language.tokens import SyntaxFault

PATHS = {
    "world": Path("world"),
    "__main__": Path("__main__"),
    "world.rocks[3].pos.x": Path(
        "world", (Attribute("rocks"), Item(3), Attribute("pos"), Attribute("x"))
    ),
    "world.rocks[-1]": Path("world", (Attribute("rocks"), Item(-1))),
    'config["a b"]': Path("config", (Item("a b"),)),
    'config["\\"\\\\\\n"]': Path("config", (Item('"\\\n'),)),
    'world."a b"': Path("world", (Attribute("a b"),)),
    "cells[(2, 3)]": Path("cells", (Item((2, 3)),)),
    "cells[((1,), ())]": Path("cells", (Item(((1,), ())),)),
    'tags{"enemy"}': Path("tags", (Member("enemy"),)),
    "seen{@0x7f05}.x": Path("seen", (Member(Identity(0x7F05)), Attribute("x"))),
    "odd[None][True][1.5][-2.5]": Path(
        "odd", (Item(None), Item(True), Item(1.5), Item(-2.5))
    ),
    "wörld.größe": Path("wörld", (Attribute("größe"),)),
}  # fmt: skip

FAULTS = [
    ("", "the name of a root", 0),
    ("3", "the name of a root", 0),
    ('"world"', "the name of a root", 0),
    (".world", "the name of a root", 0),
    ("world.", "the name of an attribute", 6),
    ("world..x", "the name of an attribute", 6),
    ("world.3", "the name of an attribute", 6),
    ("world[", "an index or a key", 6),
    ("world[]", "an index or a key", 6),
    ("world[x]", 'quotes around a text: "x"', 6),
    ("world[(x, 1)]", 'quotes around a text: "x"', 7),
    ("world{x}", 'quotes around a text: "x"', 6),
    ("world[1:2]", "]", 7),
    ("world[3", "]", 7),
    ("world{3]", "}", 7),
    ("world{}", "a member", 6),
    ("world rocks", "., [, { or the end", 6),
    ("world]", "., [, { or the end", 5),
    ("world()", "., [, { or the end", 5),
    ("world[@x]", "a whole number", 7),
    ("world[@1.5]", "a whole number", 7),
    ("world[-x]", "a number", 7),
    ("world[(1 2)]", ",", 9),
    ("world" + ".x" * 201, "at most 200 steps", 5 + 400),
    ("world[" + "(" * 5 + ")" * 5 + "]", "tuples at most 2 deep", 8),
    ("world[(1,1,1,1,1,1,1,1,1)]", "tuples of at most 8", 22),
]  # fmt: skip


@pytest.mark.parametrize("text", PATHS)
def test_a_path_parses_and_its_text_is_that_path_again(text: str) -> None:
    assert parse_path(text) == PATHS[text]
    assert str(PATHS[text]) == text


@pytest.mark.parametrize(("text", "expected", "position"), FAULTS)
def test_what_is_no_path_says_what_was_expected_and_where(
    text: str, expected: str, position: int
) -> None:
    with pytest.raises(SyntaxFault) as fault:
        parse_path(text)
    assert (fault.value.expected, fault.value.position) == (expected, position)


@pytest.mark.parametrize(
    "key", ["", "é", "a\tb", "\x1b[2J", "\u202e", "'", "\U0001f680", 2**200, -0.5, 1e300, False]
)
def test_any_plain_key_comes_back_from_its_text(key: object) -> None:
    path = Path("root", (Item(key), Member(key), Item((key, (key,)))))  # type: ignore[arg-type]
    assert parse_path(str(path)) == path


def test_white_space_and_single_quotes_do_not_matter() -> None:
    assert parse_path(" world [ 'a b' ] . x ") == parse_path('world["a b"].x')


def test_a_path_is_made_longer_and_shorter() -> None:
    path = parse_path("world.rocks[3]")
    assert path.then(Attribute("pos")) == parse_path("world.rocks[3].pos")
    assert path.upto(1) == parse_path("world.rocks")
