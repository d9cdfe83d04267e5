"""`stagedoor.live.domains.input.names`: the names that clients give."""

from __future__ import annotations

import pytest

from stagedoor.live.domains.input import names
from stagedoor.live.engines.keys import ALIASES, KEYS, PAD_AXES
from stagedoor.wire.errors import InvalidParams


def keys(text: str) -> list[str]:
    return names.keys(text, "$.key")


@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_its_name_in_any_case(name: str) -> None:
    assert keys(name) == keys(name.upper()) == keys(f" {name} ") == [name]


@pytest.mark.parametrize("alias", ALIASES)
def test_a_key_is_also_what_people_call_it(alias: str) -> None:
    assert keys(alias) == [ALIASES[alias]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ctrl+s", ["left ctrl", "s"]),
        ("Ctrl + Shift + S", ["left ctrl", "left shift", "s"]),
        ("page_up", ["page up"]),
        ("Page-Up", ["page up"]),
        ("right-ctrl+-", ["right ctrl", "-"]),
        ("a+a+A", ["a"]),
        ("keypad +", ["keypad +"]),
        ("[+]", ["keypad +"]),
        ("shift+=", ["left shift", "="]),
    ],
)
def test_keys_are_pressed_together(text: str, expected: list[str]) -> None:
    assert keys(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("lefft", "there is no key 'lefft'; did you mean left"),
        ("ctrl+lefft", "there is no key 'lefft'; did you mean left"),
        ("spce", "there is no key 'spce'; did you mean space"),
        ("K_LEFT", "there is no key 'K_LEFT'; did you mean"),
        ("F99", "there is no key 'F99'"),
        ("", "a key is missing; expected names, as in 'space' or 'ctrl+s'"),
        ("   ", "a key is missing"),
        ("+", "there is no key '+'; input.text types any text"),
        ("a+", "a key is missing"),
        ("+a", "a key is missing"),
        ("ctrl++", "a key is missing"),
        ("!", "there is no key '!'; input.text types any text"),
        ("é", "there is no key 'é'; input.text types any text"),
        ("x" * 200, f"there is no key '{'x' * 40}…'"),
        ("+".join("abcdefghijklmnopq"), "these are 17 keys; expected 16 at most"),
        ("\x1b[31m", r"there is no key '\x1b[31m'"),
    ],
)
def test_what_is_no_key_is_told_with_what_could_be_meant(text: str, reason: str) -> None:
    with pytest.raises(InvalidParams) as raised:
        keys(text)
    assert raised.value.path == "$.key"
    assert str(raised.value.reason).startswith(reason)


def test_other_names_are_read_alike() -> None:
    assert names.one_of("Left_X", PAD_AXES, "axis", "$.axes") == "left x"
    with pytest.raises(InvalidParams, match="there is no axis 'lft x'; did you mean left x"):
        names.one_of("lft x", PAD_AXES, "axis", "$.axes")
