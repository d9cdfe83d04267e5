"""`game.pause_when` and what goes with it: pause the game where something happens."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from stagedoor.live.domains.bounds import Number
from stagedoor.live.domains.triggers.look import SceneAndObjects
from stagedoor.live.domains.triggers.raised import CannotWatchError
from stagedoor.live.domains.triggers.triggers import TOPIC, Trigger, Triggered, Triggers, When
from stagedoor.live.language.condition import parse_condition
from stagedoor.live.language.tokens import SyntaxFault
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.wire.errors import HandlerError, InternalError, InvalidParams, TooManyRequests
from stagedoor.wire.roles import Role

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_TRIGGERS: Final = 16
"""Those of all clients. Each condition takes a part of every frame."""

Text = Annotated[str, msgspec.Meta(max_length=2000)]
TypeName = Annotated[str, msgspec.Meta(max_length=200)]
FrameSeconds = Annotated[float, msgspec.Meta(gt=0, le=1e6)]


@dataclass(frozen=True, slots=True)
class TriggerInfo:
    """A trigger that waits. One of the three is not null."""

    id: int
    condition: str | None
    exception: When | None
    slower_than: float | None
    """Seconds."""
    type: str | None
    """Only exceptions of this type."""
    since: int
    """The frame in which it was set."""
    problem: str | None
    """What of the condition could not be read the last time: that part is false."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub
    triggers = Triggers(parts)
    parts.on_end.append(triggers.ends)

    def pause_when(
        session: Session,
        condition: Text | None = None,
        exception: When | None = None,
        slower_than: FrameSeconds | None = None,
        type: TypeName | None = None,
    ) -> Generator[Any, None, Triggered]:
        """Pause the game when something happens. Answers when it has, and the game is paused.

        Give one of three. `condition`: it is looked at in every frame, and at once; it is made of
        comparisons of paths, of what selectors find on the screen, and of `len`, with `and`, `or`
        and `not`. `exception`: `uncaught` holds the game before an exception ends it, where it can
        still be looked at; `raised` holds it where one is raised, caught or not (Python 3.12 and
        later). `type`: only exceptions of this type, or derived from it. `slower_than`: a frame
        took more than so many seconds; the game is held in the next.

        It triggers once. The topic `game.triggered` tells it to everybody. `game.triggers` lists
        those that wait; `game.drop_trigger` ends one, and so does whoever cancels this call or
        leaves.

        >>> pause_when(condition="len(world.rocks) > 50")
        """
        trigger = _trigger(session.role, condition, exception, slower_than, type)
        if len(triggers.all()) >= MAX_TRIGGERS:
            raise TooManyRequests(f"{MAX_TRIGGERS} triggers")
        try:
            try:
                triggers.add(trigger)
            except CannotWatchError as error:
                raise HandlerError("CannotWatch", str(error)) from None
            except RuntimeError as error:
                raise InternalError(str(error)) from error
            while trigger.outcome is None:
                if trigger.is_dropped:
                    raise HandlerError("TriggerDropped", "somebody called game.drop_trigger")
                yield NEXT_FRAME
        finally:
            triggers.remove(trigger)
        return trigger.outcome

    def _trigger(
        role: Role | None,
        condition: str | None,
        exception: When | None,
        slower_than: float | None,
        kind: str | None,
    ) -> Trigger:
        if [condition, exception, slower_than].count(None) != 2:
            raise InvalidParams("expected one of condition, exception and slower_than")
        if kind is not None and exception is None:
            raise InvalidParams("type is for exception only", "$.type")
        if condition is None:
            return Trigger(exception=exception, slower_than=slower_than, text=kind or "")
        assert role is not None
        try:
            parsed = parse_condition(condition, lambda name: parts.roots.get(name) is not None)
        except SyntaxFault as fault:
            raise InvalidParams(str(fault), "$.condition") from None
        return Trigger(parsed, SceneAndObjects(parts, role), text=condition)

    def list_triggers() -> list[TriggerInfo]:
        """What the game will pause for: the triggers of all clients that wait."""
        return [
            TriggerInfo(
                id=one.id,
                condition=None if one.condition is None else one.text,
                exception=one.exception,
                slower_than=one.slower_than,
                type=one.text if one.exception and one.text else None,
                since=one.since,
                problem=one.problem,
            )
            for one in triggers.all()
        ]

    def drop_trigger(id: Number) -> bool:
        """End a trigger, whoever has set it. Returns whether there was one.

        The call that waits for it fails.
        """
        trigger = triggers.get(id)
        if trigger is None:
            return False
        trigger.is_dropped = True
        return True

    hub.topics.add(
        TOPIC,
        description="What game.pause_when answers, each time that a trigger has paused the game.",
    )
    methods = hub.methods
    methods.add_built_in(
        pause_when, "game.pause_when", role="operator", timeout=None, with_session=True
    )
    methods.add_built_in(list_triggers, "game.triggers", role="viewer", anytime=True)
    methods.add_built_in(drop_trigger, "game.drop_trigger", role="operator")
