"""`Overlay`: what clients hold down, over what the player does, for a game that asks pygame.

pygame tells a game that asks (`key.get_pressed()` and the like) what the window system says, and an
event that was posted changes none of that. So these functions are replaced, before the game can
have them: each asks the real one, and adds what clients do. While they do nothing, it returns what
the real one has returned.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from stagedoor.live.engines.replacement import Replacement

if TYPE_CHECKING:
    from stagedoor.live.engines.imports import Patch

_PUMPS: Final = {"get": 1, "peek": 1, "clear": 1, "pump": None, "poll": None, "wait": None}
"""The functions that look for new events, and where the argument `pump` is that says so."""


class Buttons:
    """The keys of a keyboard, or the buttons of a mouse: which of them clients hold down.

    They are numbers. The sets are never changed, only replaced, so any thread may read them."""

    def __init__(self) -> None:
        self.held: frozenset[int] = frozenset()
        self.pressed: frozenset[int] = frozenset()
        """Those that were pressed before the game looked for events the last time, and after the
        time before."""
        self.released: frozenset[int] = frozenset()
        """The same, of those that were released."""
        self._next_pressed: frozenset[int] = frozenset()
        self._next_released: frozenset[int] = frozenset()

    def set(self, number: int, *, down: bool) -> None:
        """Press or release one."""
        if down:
            self.held |= {number}
            self._next_pressed |= {number}
        else:
            self.held -= {number}
            self._next_released |= {number}

    def pump(self) -> bool:
        """The game looks for events. Returns whether the next time changes anything."""
        self.pressed, self._next_pressed = self._next_pressed, frozenset()
        self.released, self._next_released = self._next_released, frozenset()
        return bool(self.pressed or self.released)


class Overlay:
    """What clients do with the keyboard and the mouse of this process.

    The game's thread changes it. Any thread may read it, by the functions that are replaced."""

    def __init__(self) -> None:
        self.keys = Buttons()
        """By scancode."""
        self.mouse = Buttons()
        """By place in `mouse.get_pressed(5)`."""
        self.mods = 0
        """The modifiers that clients hold down."""
        self.is_held = False
        """The game is held: who looks for events now is not the game."""
        self.has_news = False
        """What was *just* pressed or released changes when the game looks for events."""
        self._pointer: tuple[int, int] | None = None
        self._real: object = None
        """Where the player had the pointer when a client moved it."""
        self._moved = (0, 0)
        """How far clients have moved the pointer since the game asked for that."""
        self._get_pos: Callable[[], tuple[int, int]] | None = None
        self._patched: WeakSet[ModuleType] = WeakSet()

    def release(self) -> None:
        """Nobody holds anything: in a forked child, whose parent has the clients."""
        for buttons in (self.keys, self.mouse):
            buttons.held = frozenset()
        self.mods = 0
        self.is_held = False
        self._pointer = None

    # For who sends

    def press(self, buttons: Buttons, number: int, *, down: bool) -> None:
        """Press or release a key or a button."""
        buttons.set(number, down=down)
        self.has_news = True

    def move(self, x: int, y: int) -> tuple[int, int]:
        """Put the pointer there, until the player moves it. Returns how far that is."""
        before = self.where()
        self._real = None if self._get_pos is None else self._get_pos()
        self._pointer = (x, y)
        rel = (x - before[0], y - before[1])
        self._moved = (self._moved[0] + rel[0], self._moved[1] + rel[1])
        return rel

    def where(self) -> tuple[int, int]:
        """Where the pointer is, for the game."""
        if self._get_pos is None:
            return self._pointer or (0, 0)
        return self._over(self._get_pos())

    def _over(self, real: tuple[int, int]) -> tuple[int, int]:
        pointer = self._pointer
        if pointer is None:
            return real
        if real != self._real:
            self._pointer = None  # the player has moved it
            return real
        return pointer

    # For the game

    def patches(self) -> dict[str, Patch]:
        """The patches, by the name of the module."""
        patches = {
            "pygame.key": self._patch_key,
            "pygame.mouse": self._patch_mouse,
            "pygame.event": self._patch_event,
        }
        return {name: partial(self._patch_once, patch) for name, patch in patches.items()}

    def _patch_once(self, patch: Patch, module: ModuleType) -> None:
        if module not in self._patched:
            self._patched.add(module)
            patch(module)

    def _patch_key(self, key: ModuleType) -> None:
        keys = self.keys
        _replace(key, "get_pressed", lambda real: _scancodes(real, lambda: keys.held))
        _replace(key, "get_just_pressed", lambda real: _scancodes(real, lambda: keys.pressed))
        _replace(key, "get_just_released", lambda real: _scancodes(real, lambda: keys.released))

        def with_mods(real: Callable[..., int]) -> Callable[..., int]:
            return lambda *given, **named: real(*given, **named) | self.mods

        _replace(key, "get_mods", with_mods)

    def _patch_mouse(self, mouse: ModuleType) -> None:
        self._get_pos = mouse.get_pos
        buttons = self.mouse
        _replace(mouse, "get_pressed", lambda real: _flags(real, lambda: buttons.held))
        _replace(mouse, "get_just_pressed", lambda real: _flags(real, lambda: buttons.pressed))
        _replace(mouse, "get_just_released", lambda real: _flags(real, lambda: buttons.released))

        def with_pointer(real: Callable[..., Any]) -> Callable[..., Any]:
            def get_pos(*given: Any, **named: Any) -> Any:
                found = real(*given, **named)
                if self._pointer is None or any(given) or any(named.values()):
                    return found  # of the whole desktop
                return self._over(found)

            return get_pos

        def with_moves(real: Callable[..., Any]) -> Callable[..., Any]:
            def get_rel(*given: Any, **named: Any) -> Any:
                found = real(*given, **named)
                if self._moved == (0, 0):
                    return found
                (x, y), self._moved = self._moved, (0, 0)
                return found[0] + x, found[1] + y

            return get_rel

        _replace(mouse, "get_pos", with_pointer)
        _replace(mouse, "get_rel", with_moves)

    def _patch_event(self, event: ModuleType) -> None:
        def with_pump(real: Callable[..., Any], at: int | None) -> Callable[..., Any]:
            def look(*given: Any, **named: Any) -> Any:
                if self.has_news and not self.is_held and _pumps(at, given, named):
                    self._pump()
                return real(*given, **named)

            return look

        for name, at in _PUMPS.items():
            _replace(event, name, partial(with_pump, at=at))

    def _pump(self) -> None:
        self.has_news = any([self.keys.pump(), self.mouse.pump()])


def _pumps(at: int | None, given: tuple[Any, ...], named: dict[str, Any]) -> bool:
    if at is None:
        return True
    return bool(given[at] if len(given) > at else named.get("pump", True))


def _replace(
    module: ModuleType, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    """Replace a function, if this pygame has it."""
    real = getattr(module, name, None)
    if real is not None:
        call = make(real)
        # A class of its own has no step between: a game may ask a thousand times a frame.
        kind = type("Replacement", (Replacement,), {"__call__": staticmethod(call)})
        setattr(module, name, kind(real, call))


def _scancodes(real: Callable[..., Any], down: Callable[[], frozenset[int]]) -> Callable[..., Any]:
    """What is pressed, with what clients press: of the type that pygame returns, which takes a key
    and looks up its scancode."""

    def get(*given: Any, **named: Any) -> Any:
        state = real(*given, **named)
        if not (numbers := down()):
            return state
        # This type refuses to be iterated over, as that would yield scancodes.
        flags = list(tuple.__iter__(state))
        for number in numbers:
            flags[number] = True
        return type(state)(flags)

    return get


def _flags(real: Callable[..., Any], down: Callable[[], frozenset[int]]) -> Callable[..., Any]:
    def get(*given: Any, **named: Any) -> Any:
        state = real(*given, **named)
        if not (numbers := down()):
            return state
        return tuple([flag or number in numbers for number, flag in enumerate(state)])

    return get


overlay: Final = Overlay()
"""That of this process: pygame has one keyboard and one mouse, too."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=overlay.release)
