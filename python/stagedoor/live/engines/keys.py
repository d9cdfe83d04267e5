"""The names of keys, and of the buttons and axes of a gamepad and a mouse, for all engines.

Keys are where a US keyboard has them. Their names are those of `pygame.key.name()`. `ALIASES` has
what people also call them. docs/domains.md has the table. Pure.
"""

from __future__ import annotations

from string import ascii_lowercase, digits
from typing import Final

PUNCTUATION: Final = "`-=[]\\;',./"
"""The keys that are named by what they type without shift, beside letters and digits."""
SHIFTED: Final = dict(zip("`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?', strict=True))
"""What a key types with shift, for those whose text is no letter."""
KEYPAD: Final = tuple(f"keypad {name}" for name in (*digits, ".", "/", "*", "-", "+", "enter", "="))
MODIFIERS: Final = tuple(
    f"{side} {name}" for name in ("shift", "ctrl", "alt", "meta") for side in ("left", "right")
)

KEYS: Final = (
    *ascii_lowercase,
    *digits,
    *PUNCTUATION,
    *("up", "down", "left", "right"),
    *("space", "return", "escape", "tab", "backspace"),
    *("insert", "delete", "home", "end", "page up", "page down"),
    *MODIFIERS,
    *(f"f{number}" for number in range(1, 16)),
    *("caps lock", "numlock", "scroll lock", "print screen", "pause", "menu"),
    *KEYPAD,
)

ALIASES: Final = {
    "enter": "return",
    "esc": "escape",
    "del": "delete",
    "ins": "insert",
    "pageup": "page up",
    "pagedown": "page down",
    "pgup": "page up",
    "pgdn": "page down",
    "shift": "left shift",
    "ctrl": "left ctrl",
    "control": "left ctrl",
    "alt": "left alt",
    "altgr": "right alt",
    "meta": "left meta",
    "super": "left meta",
    "win": "left meta",
    "cmd": "left meta",
    "capslock": "caps lock",
    "num lock": "numlock",
    "break": "pause",
    "arrow up": "up",
    "arrow down": "down",
    "arrow left": "left",
    "arrow right": "right",
    "spacebar": "space",
    "backtick": "`",
    "minus": "-",
    "equals": "=",
    "backslash": "\\",
    "semicolon": ";",
    "quote": "'",
    "comma": ",",
    "period": ".",
    "slash": "/",
    "plus": "keypad +",
    **{f"[{name}]": f"keypad {name}" for name in (*digits, *"./*-+")},
}
"""What else a key is called, and its name."""

MOUSE_BUTTONS: Final = ("left", "middle", "right", "x1", "x2")
"""The first is number 1."""

PAD_BUTTONS: Final = (
    *("a", "b", "x", "y", "back", "guide", "start", "left stick", "right stick"),
    *("left shoulder", "right shoulder", "up", "down", "left", "right"),
)
"""The buttons of a gamepad, in SDL's order. The first is number 0."""

PAD_AXES: Final = ("left x", "left y", "right x", "right y", "left trigger", "right trigger")
"""The axes of a gamepad, in SDL's order. -1 is left or up. A trigger rests at 0."""
