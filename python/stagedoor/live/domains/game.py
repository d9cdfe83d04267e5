"""`game`: status, pause, step, time scale and budget."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from stagedoor.live.pacing.budget import Budget
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.live.rpc.stall import Place
from stagedoor.wire.errors import HandlerError

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts
    from stagedoor.live.rpc.hub import Hub

PACE: Final = "game.pace"
DEGRADED: Final = "game.degraded"

StepCount = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Scale = Annotated[float, msgspec.Meta(gt=0, le=100)]
BudgetSeconds = Annotated[float, msgspec.Meta(gt=0, le=1)]


@dataclass(frozen=True, slots=True)
class GamePace:
    """Whether the game goes on, and how fast."""

    frame: int
    """The current frame. While the game is held, this is the frame that it will run next."""
    paused: bool
    steps: int
    """How many frames a paused game will still run."""
    timescale: float
    """The game's dt is multiplied by this."""


@dataclass(frozen=True, slots=True)
class GameStatus:
    """How the game is doing."""

    name: str
    """The stage's name."""
    frame: int
    """The current frame. Frames count from 1."""
    paused: bool
    steps: int
    """How many frames a paused game will still run."""
    timescale: float
    """The game's dt is multiplied by this."""
    fps: float
    """Frames per second, over the last second."""
    budget: float
    """Seconds of a frame that callers and topics may take."""
    cost: float
    """Seconds of a frame that they do take: the mean of the last 60 frames that had work."""
    thinning: int
    """Topics are read once in this many frames. It is 1 unless reading them costs too much."""
    engine: str | None
    """The game's framework and its version; null if stagedoor does not know the framework."""
    can: list[str]
    """What stagedoor can do by that framework, of: scale, picture, keys, polled (a game that asks
    which keys are pressed gets those that clients press), pointer, text, gamepad, scene, quit."""
    clients: int
    """Connections that have shown a token, including the caller's."""
    stalled_for: float
    """Seconds for which the game has not come to `tick()`. It is 0 unless the game is stalled."""
    where: Place | None
    """The line of code that a stalled game is in; null if it is not stalled."""
    advice: str | None
    """What to do about a stalled game, if that is known: it has had no frame, or an admin's code
    runs in it."""


@dataclass(frozen=True, slots=True)
class GameBudget:
    """How many seconds of a frame stagedoor may take, and does take."""

    budget: float
    """What it may take."""
    cost: float
    """What it does take: the mean of the last 60 frames that had work."""
    thinning: int
    """Topics are read once in this many frames."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub, pace, frames, budget = parts.hub, parts.pace, parts.frames, parts.budget

    def pace_now() -> GamePace:
        return GamePace(hub.frame, pace.paused, pace.steps, pace.timescale)

    def no_scale() -> frozenset[str]:
        return frozenset() if pace.no_scale is None else frozenset({"scale"})

    def status() -> GameStatus:
        """How the game is doing: its frame, pace, cost, engine, clients, and whether it hangs."""
        found, stall = parts.engine, hub.stall
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
            can=[] if found is None else sorted(found.can - no_scale()),
            clients=sum(session.role is not None for session in list(hub.sessions)),
            stalled_for=0.0 if stall is None else round(stall.seconds, 3),
            where=None if stall is None else stall.where,
            advice=hub.stall_advice,
        )

    def pause() -> GamePace:
        """Hold the game where its next frame begins. Callers are answered meanwhile.

        The game stays paused until somebody resumes it, even after the caller has disconnected.
        Steps that are left are called off.
        """
        pace.pause()
        return pace_now()

    def resume() -> GamePace:
        """Let a paused game go on. Steps that are left are called off."""
        pace.resume()
        return pace_now()

    def step(frames: StepCount = 1) -> Generator[Any, None, GamePace]:
        """Let a paused game run this many frames, then hold it again. Answers once it is held.

        A game that is not paused is paused first. Each frame gets the dt of the last frame before
        the pause. Steps that are requested meanwhile come after these. If the game is resumed or
        paused before these are done, the answer is an error.
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
        return pace_now()

    def timescale(scale: Scale) -> GamePace:
        """Make the game's time pass faster or slower, from its next dt on. 1 is the usual speed.

        This is an error in a game under `stagedoor run` that does not use its framework's clock.
        """
        if pace.no_scale is not None:
            raise HandlerError("TimescaleUnavailable", pace.no_scale)
        pace.scale(scale)
        return pace_now()

    def set_budget(seconds: BudgetSeconds) -> GameBudget:
        """Set how much of a frame callers and topics get. Calls that do not fit wait for the next.

        If topics take too much of it, they are read less often, and `game.degraded` says so.
        """
        budget.seconds = seconds
        return budget_now()

    def budget_now() -> GameBudget:
        return GameBudget(budget.seconds, budget.cost, budget.thinning)

    is_degraded = False

    def thinned() -> None:
        nonlocal is_degraded
        if is_degraded != (budget.thinning > 1):
            is_degraded = not is_degraded
            _log(hub, budget)
        hub.topics.emit(DEGRADED, budget_now())

    hub.topics.add(PACE, description="The pace after each change, as game.pause returns it.")
    hub.topics.add(
        DEGRADED,
        description="What game.budget returns, each time that topics begin to be read less often "
        "because they cost too much, or more often again.",
    )
    budget.listeners.append(thinned)
    pace.listeners.append(lambda: hub.topics.emit(PACE, pace_now()))
    methods = hub.methods
    methods.add_built_in(status, "game.status", role="viewer", anytime=True)
    methods.add_built_in(pause, "game.pause", role="operator")
    methods.add_built_in(resume, "game.resume", role="operator")
    methods.add_built_in(step, "game.step", role="operator", timeout=None)
    methods.add_built_in(timescale, "game.timescale", role="operator")
    methods.add_built_in(set_budget, "game.budget", role="operator")


def _log(hub: Hub, budget: Budget) -> None:
    if budget.thinning == 1:
        text = "stagedoor is within its budget: topics are read in every frame again"
        hub.complaints.add("within budget", text, level=logging.INFO)
        return
    hub.complaints.add(
        "over budget",
        "stagedoor takes %.1f ms of a frame, and its budget is %.1f ms: topics are read less often",
        budget.cost * 1000,
        budget.seconds * 1000,
    )
