"""`Gamepad`: a gamepad that is not there, in the SDL that pygame has loaded.

SDL has virtual joysticks, but pygame does not offer them. So this asks SDL, by ctypes. The game
sees a gamepad that was plugged in, and its events and states are SDL's own.
"""

from __future__ import annotations

import os
import sys
from functools import cached_property
from types import ModuleType
from typing import Any, Final

from stagedoor.live.engines.inputs import CannotSendError
from stagedoor.live.engines.keys import PAD_AXES, PAD_BUTTONS

_FIRST_VERSION: Final = (2, 0, 14)
"""The first SDL that has virtual joysticks."""
_GAME_CONTROLLER: Final = 1
"""`SDL_JOYSTICK_TYPE_GAMECONTROLLER`"""
_BACKGROUND: Final = b"SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS"
"""Unless this hint is "1", SDL takes nothing from a gamepad while no window has the focus."""
_HAT: Final = {"up": 1, "right": 2, "down": 4, "left": 8}
"""SDL's bits for the four directions, which many games ask for as a hat, and others as buttons."""
_MOST: Final = 32767
"""The value of an axis at its end."""


class Gamepad:
    """Attached when it is used for the first time. Game thread only, but for `is_reachable`."""

    def __init__(self, pygame: ModuleType) -> None:
        self._pygame: Any = pygame
        self._instance = -1
        self._hat = 0

    @cached_property
    def _sdl(self) -> Any:
        """The SDL that pygame has loaded; None if it cannot be reached."""
        try:
            import ctypes

            if not _FIRST_VERSION <= tuple(self._pygame.get_sdl_version()) < (3,):
                return None
            # Symbols of the libraries that a module needs are found in the module, but on Windows.
            folder = os.path.dirname(self._pygame.__file__)
            is_windows = sys.platform == "win32"
            path = os.path.join(folder, "SDL2.dll") if is_windows else sys.modules[
                "pygame.joystick"
            ].__file__  # fmt: skip
            sdl: Any = ctypes.CDLL(path)
            number, pointer = ctypes.c_int, ctypes.c_void_p
            for name, result, given in (
                ("SDL_JoystickAttachVirtual", number, (number, number, number, number)),
                ("SDL_JoystickOpen", pointer, (number,)),
                ("SDL_JoystickInstanceID", ctypes.c_int32, (pointer,)),
                ("SDL_JoystickFromInstanceID", pointer, (ctypes.c_int32,)),
                ("SDL_JoystickSetVirtualAxis", number, (pointer, number, ctypes.c_int16)),
                ("SDL_JoystickSetVirtualButton", number, (pointer, number, ctypes.c_uint8)),
                ("SDL_JoystickSetVirtualHat", number, (pointer, number, ctypes.c_uint8)),
                ("SDL_JoystickUpdate", None, ()),
                ("SDL_GetHint", ctypes.c_char_p, (ctypes.c_char_p,)),
                ("SDL_SetHint", number, (ctypes.c_char_p, ctypes.c_char_p)),
                ("SDL_GetError", ctypes.c_char_p, ()),
            ):
                function = getattr(sdl, name)
                function.restype, function.argtypes = result, given
        except (ImportError, OSError, AttributeError, KeyError, TypeError):
            return None
        return sdl

    @property
    def is_reachable(self) -> bool:
        """Whether this SDL has virtual joysticks, and can be asked for one."""
        return self._sdl is not None

    def set_button(self, name: str, *, down: bool) -> None:
        """Press or release a button. Raises CannotSendError."""
        joystick = self._joystick()
        self._sdl.SDL_JoystickSetVirtualButton(joystick, PAD_BUTTONS.index(name), down)
        if bit := _HAT.get(name, 0):
            self._hat = self._hat | bit if down else self._hat & ~bit
            self._sdl.SDL_JoystickSetVirtualHat(joystick, 0, self._hat)
        self._update()

    def set_axis(self, name: str, value: float) -> None:
        """Move a stick or trigger to a value from -1.0 to 1.0. Raises CannotSendError."""
        joystick = self._joystick()
        if name.endswith("trigger"):  # it rests at the lower end of its axis
            value = 2 * max(0.0, value) - 1
        number = PAD_AXES.index(name)
        self._sdl.SDL_JoystickSetVirtualAxis(joystick, number, round(value * _MOST))
        self._update()

    def _update(self) -> None:
        """Have SDL take what was set, whether the game's window has the focus or not."""
        sdl = self._sdl
        before = sdl.SDL_GetHint(_BACKGROUND)
        sdl.SDL_SetHint(_BACKGROUND, b"1")
        try:
            sdl.SDL_JoystickUpdate()
        finally:
            sdl.SDL_SetHint(_BACKGROUND, before)

    def _joystick(self) -> Any:
        """The handle for SDL. A handle is no longer good once the game has quit pygame.joystick, so
        it is asked for by its number each time."""
        if self._sdl is None:
            raise CannotSendError("a gamepad needs SDL's virtual joysticks, and cannot reach them")
        if not self._pygame.joystick.get_init():
            raise CannotSendError("the game takes no gamepads: it has not begun pygame.joystick")
        found = self._sdl.SDL_JoystickFromInstanceID(self._instance) if self._instance >= 0 else 0
        return found or self._attach()

    def _attach(self) -> Any:
        sdl = self._sdl
        index = sdl.SDL_JoystickAttachVirtual(_GAME_CONTROLLER, len(PAD_AXES), len(PAD_BUTTONS), 1)
        joystick = sdl.SDL_JoystickOpen(index) if index >= 0 else None
        if not joystick:
            reason = (sdl.SDL_GetError() or b"").decode(errors="replace")
            raise CannotSendError(f"SDL attaches no gamepad: {reason}")
        self._instance = sdl.SDL_JoystickInstanceID(joystick)
        self._hat = 0
        for name in PAD_AXES:
            if name.endswith("trigger"):
                sdl.SDL_JoystickSetVirtualAxis(joystick, PAD_AXES.index(name), -_MOST)
        return joystick
