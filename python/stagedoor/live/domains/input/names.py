"""Reads the names of keys and buttons that clients give. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from stagedoor.live.engines.keys import ALIASES, KEYS
from stagedoor.wire.errors import InvalidParams
from stagedoor.wire.similar import did_you_mean
from stagedoor.wire.text import exact

MOST_KEYS: Final = 16
"""The most keys that are pressed together by one call."""
_SHOWN: Final = 40
"""The most characters of a wrong name that an error repeats."""
_KNOWN_KEYS: Final = frozenset(KEYS)


def keys(text: str, path: str) -> list[str]:
    """The keys in a text such as `space` or `ctrl+shift+s`. Raises InvalidParams."""
    # `keypad +` has a plus in its name.
    names = text.split("+") if _key(text) is None and text.strip() != "+" else [text]
    if len(names) > MOST_KEYS:
        raise InvalidParams(f"these are {len(names)} keys; expected {MOST_KEYS} at most", path)
    return list(dict.fromkeys(_checked_key(name, path) for name in names))


def one_of(text: str, known: Collection[str], what: str, path: str) -> str:
    """The known name that is meant. Raises InvalidParams."""
    name = _plain(text)
    if name not in known:
        raise _unknown(text, known, what, path)
    return name


def _checked_key(text: str, path: str) -> str:
    name = _key(text)
    if name is None:
        if not text.strip():
            reason = "a key is missing; expected names, as in 'space' or 'ctrl+s'"
            raise InvalidParams(reason, path)
        if len(text.strip()) == 1:
            reason = f"there is no key {exact(text.strip())!r}; input.text types any text"
            raise InvalidParams(reason, path)
        raise _unknown(text, (*KEYS, *ALIASES), "key", path)
    return name


def _key(text: str) -> str | None:
    """The key of this name, if there is one."""
    for name in (text, text.strip().lower(), _plain(text)):
        if name in _KNOWN_KEYS:
            return name
        if name in ALIASES:
            return ALIASES[name]
    return None


def _plain(text: str) -> str:
    """Upper and lower case are alike, and so are `page up`, `page_up` and `page-up`."""
    return " ".join(text.lower().replace("_", " ").replace("-", " ").split())


def _unknown(text: str, known: Iterable[str], what: str, path: str) -> InvalidParams:
    shown = exact(text) if len(text) <= _SHOWN else f"{exact(text[:_SHOWN])}…"
    return InvalidParams(f"there is no {what} {shown!r}{did_you_mean(text, known)}", path)
