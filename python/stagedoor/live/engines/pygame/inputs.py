"""`Inputs`: what a player would do, done to pygame: events in its queue, and what it says when the
game asks (`overlay.py`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from stagedoor.live.engines.inputs import (
    Button,
    CannotSendError,
    Input,
    Key,
    Move,
    PadAxis,
    PadButton,
    Text,
    Wheel,
)
from stagedoor.live.engines.keys import SHIFTED
from stagedoor.live.engines.pygame.gamepad import Gamepad
from stagedoor.live.engines.pygame.overlay import Overlay
from stagedoor.live.engines.pygame.picture import shown
from stagedoor.live.engines.replacement import Replacement
from stagedoor.live.engines.showing import showing

if TYPE_CHECKING:
    from types import ModuleType

    from stagedoor.live.engines.picture import Window


_CONSTANTS: Final = {
    "page up": "PAGEUP",
    "page down": "PAGEDOWN",
    "caps lock": "CAPSLOCK",
    "scroll lock": "SCROLLOCK",
    "print screen": "PRINT",
    **{
        f"{side} {name}": f"{side[0]}{name}".upper()
        for side in ("left", "right")
        for name in ("shift", "ctrl", "alt", "meta")
    },
    **{f"keypad {number}": f"KP{number}" for number in range(10)},
    "keypad .": "KP_PERIOD",
    "keypad /": "KP_DIVIDE",
    "keypad *": "KP_MULTIPLY",
    "keypad -": "KP_MINUS",
    "keypad +": "KP_PLUS",
    "keypad enter": "KP_ENTER",
    "keypad =": "KP_EQUALS",
}
"""Keys whose constant is called otherwise than they are: `pygame.K_...`."""
_CHARACTERS: Final = {
    "space": " ",
    "return": "\r",
    "keypad enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "backspace": "\b",
    "delete": "\x7f",
}
"""What a key gives as `unicode`, for those with a longer name than that."""
_TYPED: Final = {"\n": "return", "\t": "tab", "\b": "backspace"}
"""The keys for characters that are no text."""
_UNSHIFTED: Final = {shifted: plain for plain, shifted in SHIFTED.items()}
_SCANCODES: Final = 512
"""More than any key has."""
_WHEEL_UP, _WHEEL_DOWN = 4, 5
"""The buttons that pygame has for a wheel, as old games know it."""


class Inputs:
    """Sends inputs to this process' pygame. Game thread only."""

    def __init__(
        self, pygame: ModuleType, overlay: Overlay, window: Callable[[], Window | None]
    ) -> None:
        """`window`: what is known of the game's window."""
        self._pygame: Any = pygame
        self._overlay = overlay
        self._window = window
        self._pressed: dict[str, tuple[int, int]] = {}
        """The keys that are pressed, with their codes: the keyboard's layout may change."""
        self._keyboard: Any = None
        """The scancode of each code, while inputs are sent: to make it takes a while."""
        self.gamepad = Gamepad(pygame)

    @property
    def is_polled(self) -> bool:
        """Whether a game that asks which keys are pressed gets those that clients press."""
        return isinstance(self._pygame.key.get_pressed, Replacement)

    def send(self, inputs: Sequence[Input]) -> None:
        """Do what a player would do. Raises CannotSendError."""
        self._keyboard = None
        for one in inputs:
            match one:
                case Key():
                    self._key(one)
                case Text():
                    self._check()
                    for character in one.text:
                        self._type(character)
                case Move():
                    self._move(one)
                case Button():
                    self._button(one)
                case Wheel():
                    self._wheel(one)
                case PadButton():
                    self.gamepad.set_button(one.name, down=one.down)
                case PadAxis():
                    self.gamepad.set_axis(one.name, one.value)

    def _check(self) -> Window | None:
        """Raise CannotSendError if there is no window. None: there is one of unknown size."""
        window = self._window() if self._pygame.display.get_init() else None
        is_shown = self._pygame.display.get_init() and showing.count and not shown.is_gone
        if window is None and not is_shown:
            raise CannotSendError("the game has no window, so it gets no input")
        return window

    def _post(self, kind: int, **attributes: Any) -> None:
        """Into the queue. What the game has blocked does not get there."""
        pygame = self._pygame
        try:
            pygame.event.post(pygame.event.Event(kind, window=None, **attributes))
        except pygame.error as error:  # the queue is full
            raise CannotSendError(f"pygame takes no event: {error}") from None

    # The keyboard

    def _key(self, key: Key) -> None:
        pygame, overlay = self._pygame, self._overlay
        if key.down:
            self._check()
            self._pressed[key.name] = self._codes(key.name)
        code, scancode = self._pressed.get(key.name) or self._codes(key.name)
        if not key.down:
            self._pressed.pop(key.name, None)
        mod = self._mod(key.name)
        overlay.mods = overlay.mods | mod if key.down else overlay.mods & ~mod
        if scancode:
            overlay.press(overlay.keys, scancode, down=key.down)
        if not pygame.display.get_init():
            return
        mods = pygame.key.get_mods()
        character = self._character(key.name, mods)
        kind = pygame.KEYDOWN if key.down else pygame.KEYUP
        self._post(kind, key=code, scancode=scancode, unicode=character, mod=mods)
        is_command = mods & (pygame.KMOD_CTRL | pygame.KMOD_ALT | pygame.KMOD_META)
        if key.down and character.isprintable() and character and not is_command:
            self._post(pygame.TEXTINPUT, text=character)

    def _type(self, character: str) -> None:
        pygame = self._pygame
        if name := _TYPED.get(character):
            text, mods, plain = "", 0, ""
            code, scancode = self._codes(name)
            character = _CHARACTERS[name]
        else:
            plain = _UNSHIFTED.get(character, character.lower())
            mods = 0 if plain == character else pygame.KMOD_LSHIFT
            text, code = character, ord(plain) if len(plain) == 1 else 0
            scancode = self._scancode(code)
        attributes = {"key": code, "scancode": scancode, "unicode": character, "mod": mods}
        self._post(pygame.KEYDOWN, **attributes)
        if text:
            self._post(pygame.TEXTINPUT, text=text)
        self._post(pygame.KEYUP, **attributes)

    def _codes(self, name: str) -> tuple[int, int]:
        """The code and the scancode of a key; 0 for the latter if the keyboard has no such key."""
        if len(name) == 1:
            code = ord(name)
        else:
            code = getattr(self._pygame, f"K_{_CONSTANTS.get(name, name.upper())}")
        return code, self._scancode(code)

    def _scancode(self, code: int) -> int:
        """Where the key is, for the keyboard that there is: pygame's own type looks it up."""
        pygame = self._pygame
        try:
            if self._keyboard is None:
                self._keyboard = type(pygame.key.get_pressed())(range(_SCANCODES))
            number: int = self._keyboard[code]
        except (IndexError, OverflowError, pygame.error):
            return 0
        return number

    def _mod(self, name: str) -> int:
        constant = f"KMOD_{_CONSTANTS.get(name, '')}"
        return int(getattr(self._pygame, constant, 0))

    def _character(self, name: str, mods: int) -> str:
        """What the key gives as text, with these modifiers."""
        pygame = self._pygame
        character = _CHARACTERS.get(name, name.removeprefix("keypad "))
        if len(character) > 1:
            return ""
        if mods & pygame.KMOD_CTRL:
            return chr(ord(character) & 0x1F) if "a" <= character <= "z" else character
        if mods & pygame.KMOD_SHIFT and len(name) == 1:
            return SHIFTED.get(character, character.upper())
        return character

    # The mouse

    def _move(self, move: Move) -> None:
        if (window := self._check()) is not None:
            width, height = window.picture_width, window.picture_height
            if not (0 <= move.x < width and 0 <= move.y < height):
                place = f"({move.x}, {move.y}) is outside of the game's picture"
                raise CannotSendError(f"{place}, which has {width} x {height} pixels")
        rel = self._overlay.move(move.x, move.y)
        buttons = self._pygame.mouse.get_pressed()
        kind = self._pygame.MOUSEMOTION
        pressed = tuple([int(button) for button in buttons])
        self._post(kind, pos=(move.x, move.y), rel=rel, buttons=pressed, touch=False)

    def _button(self, button: Button) -> None:
        pygame, overlay = self._pygame, self._overlay
        if button.down:
            self._check()
        overlay.press(overlay.mouse, button.number - 1, down=button.down)
        if pygame.display.get_init():
            # pygame leaves 4 and 5 to the wheel.
            number = button.number + 2 if button.number > 3 else button.number
            self._post_button(number, down=button.down)

    def _post_button(self, number: int, *, down: bool) -> None:
        pygame = self._pygame
        kind = pygame.MOUSEBUTTONDOWN if down else pygame.MOUSEBUTTONUP
        self._post(kind, pos=self._overlay.where(), button=number, touch=False)

    def _wheel(self, wheel: Wheel) -> None:
        self._check()
        pygame = self._pygame
        self._post(
            pygame.MOUSEWHEEL,
            x=wheel.dx,
            y=wheel.dy,
            precise_x=float(wheel.dx),
            precise_y=float(wheel.dy),
            flipped=False,
            touch=False,
        )
        number = _WHEEL_UP if wheel.dy > 0 else _WHEEL_DOWN
        for _ in range(abs(wheel.dy)):
            self._post_button(number, down=True)
            self._post_button(number, down=False)
