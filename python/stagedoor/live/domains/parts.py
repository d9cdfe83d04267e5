"""`Parts`: what a domain may ask of its stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stagedoor.live.domains.tweaks.files import Project
from stagedoor.live.domains.tweaks.registry import Tweaks
from stagedoor.live.reach.roots import Roots
from stagedoor.live.scene.scene import Scene

if TYPE_CHECKING:
    from stagedoor.live.domains.frames.record import Frames
    from stagedoor.live.domains.input.hands import Hands
    from stagedoor.live.domains.logs.capture import Log
    from stagedoor.live.engines.base import Engine
    from stagedoor.live.pacing.budget import Budget
    from stagedoor.live.pacing.pace import Pace
    from stagedoor.live.rpc.hub import Hub


@dataclass(slots=True)
class Parts:
    """The parts of one stage. A domain takes what it needs in its `add_to()`."""

    hub: Hub
    pace: Pace
    budget: Budget
    frames: Frames
    log: Log
    engine: Engine | None = None
    """The game's framework; None until the stage has found it."""
    roots: Roots = field(default_factory=Roots)
    """What the game has exposed."""
    scene: Scene = field(default_factory=Scene)
    """What is on the screen."""
    hands: Hands = field(init=False)
    """What clients press. The domain `input` makes it."""
    has_console: bool = False
    """The stage was started with a console."""
    hold_here: Callable[[], None] = lambda: None
    """Holds a paused game where its thread is now, in the middle of a frame."""
    is_inside: Callable[[], bool] = lambda: True
    """Whether the game's thread is inside the stage: it cannot be held there."""
    on_end: list[Callable[[BaseException], object]] = field(default_factory=list)
    """Called with an exception that nobody has caught, on the game's thread, before that ends the
    game."""
    tweaks: Tweaks = field(default_factory=Tweaks)
    """What the game lets clients tune."""
    project: Project = field(default_factory=Project)
    """The folder of the game."""
