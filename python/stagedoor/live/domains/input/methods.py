"""`input`: the methods."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from unicodedata import category

import msgspec

from stagedoor.live.domains.input import names
from stagedoor.live.domains.input.hands import ONE_FRAME, Control, Duration, Hands, Kind
from stagedoor.live.engines.inputs import Move, Text, Wheel
from stagedoor.live.engines.keys import MOUSE_BUTTONS, PAD_AXES, PAD_BUTTONS
from stagedoor.live.rpc.session import Session
from stagedoor.wire.errors import InvalidParams

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_TEXT: Final = 1000
"""The most characters that one call types."""
TEXT_A_FRAME: Final = 32
"""How many of them the game gets in a frame."""
_NOT_TYPED: Final = ("Cc", "Cs")
"""No keyboard and no input method gives these: controls, and halves of characters."""
_TYPED: Final = "\n\t\b"
"""Controls that are keys."""

Frames = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]
Place = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Notches = Annotated[int, msgspec.Meta(ge=-100, le=100)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10)]
AxisValue = Annotated[float, msgspec.Meta(ge=-1, le=1)]
ButtonName = Annotated[str, msgspec.Meta(max_length=100)]
KeyText = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Typed = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
State = Literal["tap", "down", "up"]


@dataclass(frozen=True, slots=True)
class Done:
    """When the game got an input."""

    frame: int
    """The first frame that saw it. In a held game, the frame that it will run next."""
    until: int
    """The first frame that sees nothing of it any more, or the same one if it is still held."""


@dataclass(frozen=True, slots=True)
class Held:
    """Something that is pressed."""

    kind: Kind
    name: str
    value: float
    """1.0 if it is pressed; of an axis, -1.0 to 1.0."""
    sessions: list[int]
    """The ids of the sessions that hold it."""


@dataclass(frozen=True, slots=True)
class InputState:
    """What clients hold down, and what they could."""

    can: list[str]
    """What the game's engine can do, as in `game.status`."""
    held: list[Held]


@dataclass(frozen=True, slots=True)
class Released:
    """What the caller has let go of."""

    count: int
    """How many keys, buttons and axes."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub
    hands = parts.hands = Hands(parts)

    def key(
        session: Session,
        key: KeyText,
        frames: Frames | None = None,
        seconds: Seconds | None = None,
        state: State = "tap",
    ) -> Generator[Any, None, Done]:
        """Press a key, or several together, and release it.

        `key`: its name, or several as in `ctrl+s`. It is pressed for a frame, or for so many
        `frames` or `seconds` in which the game is not paused. `state`: `down` keeps it pressed
        until `up`, `input.release`, or until the caller leaves.
        """
        wanted = [Control("key", name) for name in names.keys(key, "$.key")]
        hands.engine("keys")
        return (yield from _use(session, dict.fromkeys(wanted, 1.0), frames, seconds, state))

    def text(session: Session, text: Typed) -> Generator[Any, None, Done]:
        """Type text: each character as a key and as text.

        The game gets 32 characters of the `text` in a frame. A line break is the key return.
        """
        for at, character in enumerate(text):
            if category(character) in _NOT_TYPED and character not in _TYPED:
                reason = f"the character {character!a} at {at} cannot be typed"
                raise InvalidParams(f"{reason}; input.key presses keys", "$.text")
        hands.engine("text")
        first = hub.frame
        for at in range(0, len(text), TEXT_A_FRAME):
            hands.send(Text(text[at : at + TEXT_A_FRAME]))
            yield from hands.wait(ONE_FRAME)
        return Done(first, hub.frame)

    def click(
        session: Session,
        x: Place,
        y: Place,
        button: ButtonName = "left",
        count: Count = 1,
        frames: Frames | None = None,
        seconds: Seconds | None = None,
    ) -> Generator[Any, None, Done]:
        """Move the pointer to a place in the game's picture, and click there.

        `x` and `y` are pixels from the picture's top left. `button`: `left`, `middle`, `right`,
        `x1` or `x2`. It is pressed `count` times, for a frame each or so many `frames` or
        `seconds`.
        """
        number, duration, first = _mouse(button), _duration(frames, seconds), hub.frame
        yield from hands.click(session, x, y, button=number, count=count, duration=duration)
        return Done(first, hub.frame)

    def drag(
        session: Session,
        x: Place,
        y: Place,
        to_x: Place,
        to_y: Place,
        button: ButtonName = "left",
        frames: Frames | None = None,
        seconds: Seconds | None = None,
    ) -> Generator[Any, None, Done]:
        """Press a button of the mouse at a place, move the pointer to another, and release it.

        `x` and `y`, `to_x` and `to_y` are pixels from the top left of the game's picture. The way
        takes 10 frames, or so many `frames` or `seconds`, with a motion in each frame. `button`: as
        of `input.click`.
        """
        number, first = _mouse(button), hub.frame
        duration = _duration(frames, seconds, usual=10)
        yield from hands.drag(session, (x, y), (to_x, to_y), number, duration)
        return Done(first, hub.frame)

    def move(x: Place, y: Place) -> Done:
        """Move the pointer to a place in the game's picture.

        `x` and `y` are pixels from the picture's top left. It stays there until the player moves
        it.
        """
        hands.engine("pointer")
        hands.send(Move(x, y))
        return Done(hub.frame, hub.frame)

    def wheel(
        dy: Notches = 0, dx: Notches = 0, x: Place | None = None, y: Place | None = None
    ) -> Done:
        """Turn the mouse's wheel by so many notches: up is positive, and so is right.

        `dy` is up and down, `dx` is left and right. `x` and `y`: move the pointer there before.
        """
        if (x is None) != (y is None):
            raise InvalidParams("expected both x and y, or none of them")
        hands.engine("pointer")
        if x is not None and y is not None:
            hands.send(Move(x, y))
        if dx or dy:
            hands.send(Wheel(dx, dy))
        return Done(hub.frame, hub.frame + 1)

    def gamepad(
        session: Session,
        buttons: Annotated[list[ButtonName], msgspec.Meta(max_length=32)] = [],  # noqa: B006
        axes: Annotated[dict[ButtonName, AxisValue], msgspec.Meta(max_length=32)] = {},  # noqa: B006
        frames: Frames | None = None,
        seconds: Seconds | None = None,
        state: State = "tap",
    ) -> Generator[Any, None, Done]:
        """Press buttons of a gamepad, and move its sticks and triggers.

        `buttons` are names, and `axes` has a value from -1 to 1 for each name. `frames`, `seconds`
        and `state` are as of `input.key`. The gamepad is plugged in when this is called for the
        first time.
        """
        values: dict[Control, float] = {}
        for at, name in enumerate(buttons):
            one = names.one_of(name, PAD_BUTTONS, "button of a gamepad", f"$.buttons[{at}]")
            values[Control("gamepad button", one)] = 1.0
        for name, value in axes.items():
            one = names.one_of(name, PAD_AXES, "axis of a gamepad", "$.axes")
            values[Control("gamepad axis", one)] = value
        if not values:
            raise InvalidParams("expected buttons or axes")
        hands.engine("gamepad")
        return (yield from _use(session, values, frames, seconds, state))

    def release(session: Session) -> Released:
        """Let go of all that the caller holds down."""
        return Released(hands.let_go_of(session))

    def state() -> InputState:
        """What clients hold down in the game. What the player holds down is not in it."""
        engine = parts.engine
        held = [
            Held(one.kind, _name(one), value, sessions) for one, value, sessions in hands.held()
        ]
        return InputState([] if engine is None else sorted(engine.can), held)

    def _use(
        session: Session,
        values: dict[Control, float],
        frames: int | None,
        seconds: float | None,
        state: State,
    ) -> Generator[Any, None, Done]:
        first = hub.frame
        if state == "tap":
            yield from hands.press(session, values, _duration(frames, seconds))
            return Done(first, hub.frame)
        if frames is not None or seconds is not None:
            raise InvalidParams(f"what is {state} stays so: expected no frames or seconds with it")
        if state == "down":
            hands.keep(session, values)
        else:
            hands.let_go_of(session, list(values))
        return Done(first, first)

    methods = hub.methods
    for function in (key, text, click, drag, gamepad):
        name = f"input.{function.__name__}"
        methods.add_built_in(function, name, role="operator", with_session=True, timeout=None)
    methods.add_built_in(move, "input.move", role="operator")
    methods.add_built_in(wheel, "input.wheel", role="operator")
    methods.add_built_in(release, "input.release", role="operator", with_session=True)
    methods.add_built_in(state, "input.state", role="viewer", anytime=True)


def _duration(frames: int | None, seconds: float | None, usual: int = 1) -> Duration:
    if frames is not None and seconds is not None:
        raise InvalidParams("expected frames or seconds, not both")
    return Duration(usual if frames is None else frames, seconds)


def _mouse(button: str) -> int:
    """The number of a button of the mouse."""
    name = names.one_of(button, MOUSE_BUTTONS, "button of a mouse", "$.button")
    return MOUSE_BUTTONS.index(name) + 1


def _name(control: Control) -> str:
    return MOUSE_BUTTONS[control.name - 1] if isinstance(control.name, int) else control.name
