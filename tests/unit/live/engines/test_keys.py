"""The names of keys: one table for all engines."""

from __future__ import annotations

import re
from pathlib import Path
from string import ascii_lowercase, digits

import pygame

from stagedoor.live.engines.keys import ALIASES, KEYS, PAD_AXES, PAD_BUTTONS
from stagedoor.live.engines.pygame.inputs import Inputs
from stagedoor.live.engines.pygame.overlay import Overlay

OTHERWISE = {"enter": "keypad enter", "equals": "keypad =", "left super": "left meta"}
"""What pygame calls a key whose name is another key's for most people, and what we call it."""


def test_each_name_is_there_once_and_each_alias_is_that_of_a_key() -> None:
    assert len(KEYS) == len(set(KEYS))
    assert not ALIASES.keys() & set(KEYS)
    assert set(ALIASES.values()) <= set(KEYS)


def test_a_key_is_called_what_pygame_calls_it() -> None:
    inputs = Inputs(pygame, Overlay(), lambda: None)
    for key in KEYS:
        code, _ = inputs._codes(key)
        name = pygame.key.name(code)
        assert key in {name, ALIASES.get(name), OTHERWISE.get(name)}, (key, name)


def test_each_name_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[4] / "docs" / "domains.md").read_text()
    text = re.sub(
        r"```.*?```", "", text.split("\n## input\n")[1].split("\n## ")[0], flags=re.DOTALL
    )
    shown = {"".join(one) for one in re.findall(r"`` (.) ``|`([^`]+)`", text)}
    in_rows = {*ascii_lowercase, *digits, *(f"f{number}" for number in range(1, 16))}
    in_rows |= {f"keypad {digit}" for digit in digits} | {f"[{digit}]" for digit in digits}
    in_rows |= {f"arrow {name}" for name in ("up", "down", "left", "right")}
    assert {*KEYS, *ALIASES, *PAD_BUTTONS, *PAD_AXES} - in_rows <= shown
