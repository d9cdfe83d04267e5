"""`Hands`: what clients hold down in the game, and when it is let go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stagedoor.live.engines.inputs import (
    Button,
    CannotSendError,
    Input,
    Key,
    Move,
    PadAxis,
    PadButton,
)
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.wire.errors import HandlerError
from stagedoor.wire.roles import Role

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts
    from stagedoor.live.engines.base import Ability, Engine
    from stagedoor.live.rpc.hub import SessionChange
    from stagedoor.live.rpc.session import Session

Kind: TypeAlias = Literal["key", "mouse", "gamepad button", "gamepad axis"]
Steps: TypeAlias = Generator[object, None, None]
"""What a method that is a generator goes through: `yield from` it."""
Pixel: TypeAlias = tuple[int, int]
"""From the left and from the top of the game's picture."""
WAITS: Final = {"waits": "the game is paused: it gets the input when it goes on"}
"""The progress of a call whose input waits."""


@dataclass(frozen=True, slots=True)
class Control:
    """Something that can be held: a key, a button or an axis."""

    kind: Kind
    name: str | int

    def at(self, value: float) -> Input:
        """The input that brings it there: 0.0 is not pressed."""
        match self.kind:
            case "key":
                return Key(str(self.name), value != 0)
            case "mouse":
                return Button(int(self.name), value != 0)
            case "gamepad button":
                return PadButton(str(self.name), value != 0)
            case "gamepad axis":
                return PadAxis(str(self.name), value)


@dataclass(frozen=True, slots=True)
class Duration:
    """How long something is held: so many frames, or seconds if they are given."""

    frames: int = 1
    seconds: float | None = None


ONE_FRAME: Final = Duration()


class _Passing:
    """The frames and seconds that pass for a game while it is not held."""

    def __init__(self, parts: Parts, duration: Duration) -> None:
        self._hub = parts.hub
        self._duration = duration
        self._first = self._frame = parts.hub.frame
        self._seconds = 0.0
        self._last = monotonic()

    def step(self) -> bool:
        """Look, in each frame, and in each beat of a held game. Returns whether a frame passed."""
        now, frame = monotonic(), self._hub.frame
        has_passed = frame != self._frame
        if has_passed:
            self._seconds += now - self._last
        self._last, self._frame = now, frame
        return has_passed

    @property
    def part(self) -> float:
        """How much has passed, from 0.0 to 1.0. However short it is, the game has a frame first."""
        duration = self._duration
        if duration.seconds is None:
            return min(1.0, (self._frame - self._first) / duration.frames)
        return min(1.0, self._seconds / duration.seconds)


class Grip:
    """What somebody holds: from `Hands.hold()` to `Hands.let_go()`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.values: dict[Control, float] = {}


class Hands:
    """What the clients of one stage hold down. Game thread only, but for `held()`.

    What several hold is pressed once, and released when the last of them lets go. A client that
    leaves lets go of all.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._grips: dict[Control, list[Grip]] = {}
        """Who holds each control: the last of them decides its value."""
        self._has_pointer = False
        """Somebody clicks or drags."""
        self._kept: dict[Session, Grip] = {}
        """What is held until somebody says otherwise."""
        parts.hub.on_session.append(self._session_changed)
        parts.hub.on_close.append(self._close)

    # What is held

    def held(self) -> list[tuple[Control, float, list[int]]]:
        """Each control that is held, its value, and the sessions that hold it. Any thread may
        call."""
        found = [(control, list(grips)) for control, grips in self._grips.copy().items()]
        return [
            (
                control,
                grips[-1].values.get(control, 0.0),
                sorted({grip.session.id for grip in grips}),
            )
            for control, grips in found
            if grips
        ]

    def hold(self, session: Session, values: dict[Control, float]) -> Grip:
        """Press these, all at once. Raises HandlerError, and then none of them is pressed."""
        grip = Grip(session)
        self._take(grip, values)
        return grip

    def keep(self, session: Session, values: dict[Control, float]) -> None:
        """Press these until `let_go_of()`, or until the client leaves. Raises HandlerError."""
        self._take(self._kept.setdefault(session, Grip(session)), values)

    def _take(self, grip: Grip, values: dict[Control, float]) -> None:
        before = {control: self._value(control) for control in values}
        for control, value in values.items():
            grip.values[control] = value
            grips = self._grips.setdefault(control, [])
            if grip not in grips:
                grips.append(grip)
        try:
            self._send_changes(before)
        except BaseException:
            self.let_go(grip, values)
            raise

    def let_go(self, grip: Grip, controls: Collection[Control] | None = None) -> None:
        """Release what nobody else holds. `controls`: only these. Does nothing the second time."""
        chosen = grip.values if controls is None else controls
        # The last key that was pressed is the first that is released.
        wanted = [one for one in reversed(list(chosen)) if grip in self._grips.get(one, ())]
        before = {control: self._value(control) for control in wanted}
        for control in wanted:
            del grip.values[control]
            self._grips[control].remove(grip)
            if not self._grips[control]:
                del self._grips[control]
        with suppress(HandlerError):  # without a window: the engine has released it all the same
            self._send_changes(before)

    def let_go_of(self, session: Session, controls: Collection[Control] | None = None) -> int:
        """Let go of what a client holds. `controls`: only these. Returns how many it held."""
        chosen = self._grips if controls is None else controls
        mine = [
            (control, grip)
            for control in reversed(list(chosen))
            for grip in self._grips.get(control, ())
            if grip.session is session
        ]
        for control, grip in mine:
            self.let_go(grip, [control])
        if (kept := self._kept.get(session)) is not None and not kept.values:
            del self._kept[session]
        return len({control for control, _ in mine})

    def _value(self, control: Control) -> float:
        grips = self._grips.get(control)
        return grips[-1].values[control] if grips else 0.0

    def _send_changes(self, before: dict[Control, float]) -> None:
        now = {control: self._value(control) for control in before}
        self.send(*[one.at(now[one]) for one in before if now[one] != before[one]])

    # What is sent

    def engine(self, ability: Ability) -> Engine:
        """The game's engine. Raises HandlerError if it cannot do this."""
        engine = self._parts.engine
        if engine is None:
            raise _unavailable("stagedoor knows no framework in this game that takes input")
        if ability not in engine.can:
            raise _unavailable(f"{engine.name} takes no input of this kind here: {ability}")
        return engine

    def send(self, *inputs: Input) -> None:
        """Do what a player would do, in this order. Raises HandlerError."""
        engine = self._parts.engine
        if engine is None:
            raise _unavailable("stagedoor knows no framework in this game that takes input")
        if inputs:
            try:
                engine.send(inputs)
            except CannotSendError as error:
                raise _unavailable(str(error)) from None

    # What takes a while

    def press(
        self, session: Session, values: dict[Control, float], duration: Duration = ONE_FRAME
    ) -> Steps:
        """Hold these for a while."""
        grip = self.hold(session, values)
        try:
            yield from self.wait(duration)
        finally:
            self.let_go(grip)

    def click(
        self,
        session: Session,
        x: int,
        y: int,
        *,
        button: int = 1,
        count: int = 1,
        duration: Duration = ONE_FRAME,
    ) -> Steps:
        """Click at a place in the picture, in pixels from its top left. Raises HandlerError."""

        def steps() -> Steps:
            self.send(Move(x, y))
            for number in range(count):
                if number:
                    yield from self.wait(ONE_FRAME)
                yield from self.press(session, {Control("mouse", button): 1.0}, duration)

        return self._with_pointer(steps())

    def drag(
        self, session: Session, start: Pixel, end: Pixel, button: int, duration: Duration
    ) -> Steps:
        """Press a button at a place, move the pointer to another, and release it there. Raises
        HandlerError."""

        def steps() -> Steps:
            self.send(Move(*start))
            grip = self.hold(session, {Control("mouse", button): 1.0})
            try:
                yield from self.wait(ONE_FRAME)
                yield from self.glide(start, end, duration)
            finally:
                self.let_go(grip)

        return self._with_pointer(steps())

    def _with_pointer(self, steps: Steps) -> Steps:
        """There is one pointer: what several do with it is done one after another."""
        self.engine("pointer")
        while self._has_pointer:
            yield NEXT_FRAME
        self._has_pointer = True
        try:
            yield from steps
        finally:
            self._has_pointer = False

    def wait(self, duration: Duration) -> Steps:
        """Until the game has had so many frames, or so many seconds in which it was not held."""
        return self._while(duration, lambda part: None)

    def glide(self, start: Pixel, end: Pixel, duration: Duration) -> Steps:
        """Move the pointer from one place to another, with a motion in each frame."""

        def move(part: float) -> None:
            x, y = (round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
            self.send(Move(x, y))

        yield from self._while(duration, move)
        yield from self.wait(ONE_FRAME)  # it is there for a frame

    def _while(self, duration: Duration, do: Callable[[float], object]) -> Steps:
        """Do something in each frame after the first, with the part of the duration that has
        passed."""
        passing = _Passing(self._parts, duration)
        value: object = WAITS if self._parts.pace.is_held else NEXT_FRAME
        while passing.part < 1:
            yield value
            value = NEXT_FRAME
            if passing.step():
                do(passing.part)

    # When clients come and go

    def _session_changed(self, session: Session, change: SessionChange) -> None:
        """Called on any thread."""
        may_hold = session.role is not None and session.role >= Role.OPERATOR
        if change == "left" or (change == "authenticated" and not may_hold):
            forget = partial(self.let_go_of, session)
            self._parts.hub.on_game_thread(forget, may_drop=False)

    def _close(self) -> None:
        for grips in list(self._grips.values()):
            for grip in list(grips):
                self.let_go(grip)
        self._kept.clear()


def _unavailable(reason: str) -> HandlerError:
    return HandlerError("InputUnavailable", reason)
