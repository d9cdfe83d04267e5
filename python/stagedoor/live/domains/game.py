"""`game`: how the game is doing; pause, step, and time scale."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from stagedoor.live.pacing.budget import Budget
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.wire.errors import HandlerError

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

logger = logging.getLogger("stagedoor")

PACE: Final = "game.pace"
DEGRADED: Final = "game.degraded"

StepCount = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Scale = Annotated[float, msgspec.Meta(gt=0, le=100)]
BudgetSeconds = Annotated[float, msgspec.Meta(gt=0, le=1)]


@dataclass(frozen=True, slots=True)
class GamePace:
    """Whether the game goes on, and how fast."""

    frame: int
    """The frame that the game is in, or in front of, if it is held."""
    paused: bool
    steps: int
    """Frames for which a paused game goes on still."""
    timescale: float


@dataclass(frozen=True, slots=True)
class GameStatus:
    """How the game is doing."""

    name: str
    """The stage's name."""
    frame: int
    """Counts the frames from 1."""
    paused: bool
    steps: int
    """Frames for which a paused game goes on still."""
    timescale: float
    """What the game's dt is multiplied by."""
    fps: float
    """Frames of the last second."""
    budget: float
    """Seconds that callers and topics get of a frame."""
    cost: float
    """Seconds that they take of a frame, the mean of the last 60 in which there was something."""
    thinning: int
    """Topics are read in one frame of so many: more than 1 if that would cost too much."""
    engine: str | None
    """The game's framework and its version, if it is one that stagedoor knows."""
    clients: int
    """Connections that have shown who they are, the caller's included."""


@dataclass(frozen=True, slots=True)
class GameBudget:
    """What stagedoor takes of a frame. Seconds."""

    budget: float
    cost: float
    thinning: int
    """Topics are read in one frame of so many."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub, pace, frames, budget = parts.hub, parts.pace, parts.frames, parts.budget

    def told() -> GamePace:
        return GamePace(hub.frame, pace.paused, pace.steps, pace.timescale)

    def status() -> GameStatus:
        """How the game is doing."""
        found = parts.engine
        return GameStatus(
            name=hub.name,
            frame=hub.frame,
            paused=pace.paused,
            steps=pace.steps,
            timescale=pace.timescale,
            fps=frames.fps,
            budget=budget.seconds,
            cost=budget.cost,
            thinning=budget.thinning,
            engine=None if found is None else found.name,
            clients=sum(session.role is not None for session in list(hub.sessions)),
        )

    def pause() -> GamePace:
        """Hold the game where its frame begins; callers are answered there.

        It stays so until somebody resumes it, whoever leaves. Steps that are left are called off.
        """
        pace.pause()
        return told()

    def resume() -> GamePace:
        """Let a paused game go on. Steps that are left are called off."""
        pace.resume()
        return told()

    def step(frames: StepCount = 1) -> Generator[Any, None, GamePace]:
        """Let a paused game go on for so many frames, then hold it again; answers when it is held.

        A game that runs is paused first. Each frame gets the dt of the last one before the pause.
        Steps that are asked for meanwhile come after these. A resume or a pause before they are
        done is an error.
        """
        steps = pace.step(frames)
        try:
            while not steps.is_done:
                if steps.is_called_off:
                    ended = "paused" if pace.paused else "resumed"
                    reason = f"the game was {ended} after {steps.done} of {frames} frames"
                    raise HandlerError("StepsCalledOff", reason)
                yield NEXT_FRAME
        finally:
            pace.call_off(steps)
        return told()

    def timescale(scale: Scale) -> GamePace:
        """Make the game's time pass faster or slower, from its next dt on: 1 is as it was made.

        An error in a game under `stagedoor run` that has no clock of its framework's.
        """
        if pace.no_scale is not None:
            raise HandlerError("TimescaleUnavailable", pace.no_scale)
        pace.scale(scale)
        return told()

    def set_budget(seconds: BudgetSeconds) -> GameBudget:
        """Say how much of a frame callers and topics get; what callers are left with waits.

        When that is exceeded, topics are read less often: `game.degraded` tells.
        """
        budget.seconds = seconds
        return reckoned()

    def reckoned() -> GameBudget:
        return GameBudget(budget.seconds, budget.cost, budget.thinning)

    is_degraded = False

    def thinned() -> None:
        nonlocal is_degraded
        if is_degraded != (budget.thinning > 1):
            is_degraded = not is_degraded
            _log(budget)
        hub.topics.emit(DEGRADED, reckoned())

    hub.topics.add(PACE, description="The pace, when it changes: what game.pause answers.")
    hub.topics.add(
        DEGRADED,
        description="What stagedoor takes of a frame, when it has begun or ceased to thin topics "
        "for it: what game.budget answers.",
    )
    budget.listeners.append(thinned)
    pace.listeners.append(lambda: hub.topics.emit(PACE, told()))
    methods = hub.methods
    methods.add_built_in(status, "game.status", role="viewer", anytime=True)
    methods.add_built_in(pause, "game.pause", role="operator")
    methods.add_built_in(resume, "game.resume", role="operator")
    methods.add_built_in(step, "game.step", role="operator", timeout=None)
    methods.add_built_in(timescale, "game.timescale", role="operator")
    methods.add_built_in(set_budget, "game.budget", role="operator")


def _log(budget: Budget) -> None:
    if budget.thinning == 1:
        logger.info("stagedoor is within its budget: topics are read in every frame again")
        return
    logger.warning(
        "stagedoor takes %.1f ms of a frame, its budget is %.1f ms: topics are read less often",
        budget.cost * 1000,
        budget.seconds * 1000,
    )
