"""`Triggers`: what is watched for, and what happens when it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from types import CodeType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stagedoor.live.domains.process.stacks import Captured, StackFrame, capture, stack_of
from stagedoor.live.domains.triggers.raised import watch_raised
from stagedoor.live.domains.triggers.reading import Look, holds
from stagedoor.live.domains.triggers.slow import SlowFrames
from stagedoor.live.language.condition import Condition
from stagedoor.live.net import threads
from stagedoor.live.rpc.stall import is_ours
from stagedoor.wire.text import frames_of, is_a, reason_of, text_of, traceback_of, type_of

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

TOPIC: Final = "game.triggered"
MAX_TEXT: Final = 10_000
"""Characters of an exception's text, and of its traceback."""
BUDGET: Final = 0.001
"""Seconds of a frame that conditions may take. What does not fit is looked at less often."""
_BELOW: Final = 8
"""Calls from the outermost on among which are those of `stagedoor run`."""
_NS: Final = 1e9

When: TypeAlias = Literal["uncaught", "raised"]


@dataclass(frozen=True, slots=True)
class TriggeringError:
    """The exception that has triggered."""

    type: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class Triggered:
    """What a trigger has seen. The game is paused from then on."""

    id: int
    """The trigger's number."""
    reason: str
    """For people: what came true."""
    frame: int
    """In which frame it was. A slow frame is over by the time that the game is held."""
    stack: list[StackFrame]
    """Where the game was, the innermost call last. Of an exception that nobody has caught, where it
    came from; of a slow frame, where the game was when the time was up, if somebody could look."""
    exception: TriggeringError | None
    """What was raised; null for other triggers."""
    seconds: float | None
    """How long the slow frame took; null for other triggers."""


@dataclass(slots=True)
class Trigger:
    """Something that is watched for: one of the three."""

    condition: Condition | None = None
    look: Look | None = None
    """How the condition is looked at."""
    exception: When | None = None
    slower_than: float | None = None
    text: str = ""
    """The condition, as it was written; of an exception, the name of its type or of a base class,
    or empty."""
    id: int = 0
    since: int = 0
    """The frame in which it was set."""
    due: int = 0
    """The frame in which the condition is looked at again: a later one, if that takes long."""
    problem: str | None = None
    """What of the condition could not be read the last time."""
    outcome: Triggered | None = None
    is_dropped: bool = False


class Triggers:
    """The triggers of one stage. Game thread only, but for `all()`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hub = hub = parts.hub
        self._numbers = count(1)
        self._triggers: dict[int, Trigger] = {}
        self._checked = 0
        """The last frame that was looked at."""
        self._held_in = 0
        """The last frame in the middle of which the game was held: it took long for that."""
        self._stop_watching: Callable[[], None] | None = None
        self._is_telling = False
        core = parts.frames.core
        self._slow = SlowFrames(core, lambda: hub.game_thread, self._least)

    def all(self) -> list[Trigger]:
        """Those that wait. Any thread may ask."""
        return list(self._triggers.values())

    def get(self, number: int) -> Trigger | None:
        """The one with this number, if it waits."""
        return self._triggers.get(number)

    def add(self, trigger: Trigger) -> None:
        """Begin to watch. A condition that is true already triggers at once. Raises
        CannotWatchError, and RuntimeError if the system has no thread to give."""
        if trigger.exception == "raised" and self._stop_watching is None:
            self._stop_watching = watch_raised(self._raised)
        trigger.id, trigger.since = next(self._numbers), self._hub.frame
        self._triggers[trigger.id] = trigger
        if not self._hub.checks:
            self._hub.checks.append(self._check)
        if trigger.condition is not None:
            self._check_condition(trigger)
        elif trigger.slower_than is not None:
            self._slow.look()

    def remove(self, trigger: Trigger) -> None:
        """Watch for it no more."""
        self._triggers.pop(trigger.id, None)
        if not self._triggers and self._check in self._hub.checks:
            self._hub.checks.remove(self._check)
        if self._stop_watching is not None and not self._waiting("raised"):
            self._stop_watching()
            self._stop_watching = None

    def _waiting(self, when: When) -> list[Trigger]:
        return [
            trigger
            for trigger in self.all()
            if trigger.exception == when and trigger.outcome is None
        ]

    def _least(self) -> float | None:
        """For how many seconds a frame may go on: what `SlowFrames` asks, on its thread."""
        found = [one.slower_than for one in self.all() if one.outcome is None]
        return min((seconds for seconds in found if seconds is not None), default=None)

    def _check(self) -> None:
        """Once a frame."""
        frame = self._hub.frame
        if frame == self._checked:
            return
        self._checked = frame
        deadline = perf_counter() + BUDGET
        for trigger in sorted(self.all(), key=lambda one: one.due):
            if trigger.outcome is not None:
                continue
            if trigger.slower_than is not None:
                self._check_last_frame(trigger, trigger.slower_than)
            elif trigger.condition is not None and frame >= trigger.due:
                if perf_counter() >= deadline:
                    break  # the rest come first in the next frame
                self._check_condition(trigger)

    def _check_condition(self, trigger: Trigger) -> None:
        trigger.problem = None

        def note(problem: str) -> None:
            trigger.problem = problem

        assert trigger.condition is not None
        assert trigger.look is not None
        began = perf_counter()
        try:
            is_true = holds(trigger.condition, trigger.look, note)
        except Exception as error:  # of a function that the game has given for its scene
            is_true = False
            note(reason_of(error)[:MAX_TEXT])
        if is_true:
            self._fire(trigger, trigger.text, self._hub.frame, self._here())
        trigger.due = self._hub.frame + 1 + int((perf_counter() - began) / BUDGET)

    def _check_last_frame(self, trigger: Trigger, most: float) -> None:
        for number, _, total, *_ in self._parts.frames.core.history(1):
            if number <= trigger.since or number == self._held_in or total <= most * _NS:
                continue
            seconds = total / _NS
            seen = self._slow.seen
            stack = seen[1] if seen is not None and seen[0] == number else self._here()
            reason = f"the frame took {seconds:.3f} s, more than {most:g} s"
            self._fire(trigger, reason, number, stack, seconds=seconds)

    def _raised(self, error: BaseException, code: CodeType) -> None:
        """An exception was raised, on any thread."""
        if is_ours(code.co_filename):
            return
        if threads.get_ident() != self._hub.game_thread or self._is_telling:
            return
        if self._parts.is_inside() or is_a(error, KeyboardInterrupt):
            return
        self._is_telling = True  # what is done here may raise and catch some, too
        try:
            found = [one for one in self._waiting("raised") if _fits(error, one.text)]
            if found and (here := self._here()).calls:
                self._tell(found, error, "was raised", here)
        finally:
            self._is_telling = False

    def ends(self, error: BaseException) -> None:
        """An exception that nobody has caught is about to end the game. Holds it before that."""
        found = [one for one in self._waiting("uncaught") if _fits(error, one.text)]
        if found and not is_a(error, KeyboardInterrupt):
            stack = stack_of(frames_of(error), self._hub.game_thread)
            self._tell(found, error, "is about to end the game", stack)

    def _tell(self, found: list[Trigger], error: BaseException, what: str, stack: Captured) -> None:
        kind, message = type_of(error), text_of(error)[:MAX_TEXT]
        told = TriggeringError(kind, message, traceback_of(error)[-MAX_TEXT:])
        for trigger in found:
            reason = f"{kind} {what}" + (f": {message[:200]}" if message else "")
            self._fire(trigger, reason, self._hub.frame, stack, error=told)
        self._held_in = self._hub.frame
        self._parts.hold_here()

    def _fire(
        self,
        trigger: Trigger,
        reason: str,
        frame: int,
        stack: Captured,
        *,
        error: TriggeringError | None = None,
        seconds: float | None = None,
    ) -> None:
        frames = stack.described().frames
        trigger.outcome = Triggered(trigger.id, reason, frame, frames, error, seconds)
        self._parts.pace.pause()
        self._hub.topics.emit(TOPIC, trigger.outcome)

    def _here(self) -> Captured:
        """The game's own stack, without what of stagedoor is on top of it, or below, as under
        `stagedoor run`."""
        thread = threads.get_ident()
        stack = next(one for one in capture(thread) if one.is_game_thread)
        ours = [is_ours(code.co_filename) for code, *_ in stack.calls]
        while ours and ours[-1]:
            ours.pop()
        below = max((at for at, one in enumerate(ours[:_BELOW]) if one), default=-1)
        return stack._replace(calls=stack.calls[below + 1 : len(ours)])


def _fits(error: BaseException, name: str) -> bool:
    """Whether an exception is of the type of this name, or of one derived from it."""
    bases: tuple[type, ...] = type.__dict__["__mro__"].__get__(type(error))
    return not name or any(type.__dict__["__name__"].__get__(base) == name for base in bases)
