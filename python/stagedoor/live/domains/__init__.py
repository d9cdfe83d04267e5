"""Built-in methods. `DOMAINS` lists the families, each of which is a module or a package.

Each family has `add_to(parts)`, which registers its methods and topics with the stage's hub.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from stagedoor.live.domains import console, frame, game, rpc, session, sessions, telemetry, topic
from stagedoor.live.domains.frames import methods as frames
from stagedoor.live.domains.input import methods as input_
from stagedoor.live.domains.logs import methods as logs
from stagedoor.live.domains.objects import methods as objects
from stagedoor.live.domains.process import methods as process
from stagedoor.live.domains.scene import methods as scene
from stagedoor.live.domains.screen import methods as screen
from stagedoor.live.domains.triggers import methods as triggers
from stagedoor.live.domains.tweaks import methods as tweaks

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

__all__ = ["DOMAINS", "Domain"]


class Domain(Protocol):
    """A module with built-in methods."""

    def add_to(self, parts: Parts, /) -> None: ...


DOMAINS: Final[tuple[Domain, ...]] = (
    rpc,
    frame,
    session,
    sessions,
    telemetry,
    game,
    triggers,
    frames,
    process,
    logs,
    objects,
    input_,
    console,
    screen,
    tweaks,
    scene,
    topic,
)
"""The domains, in the order in which they register. `topic.list` has their topics in this order."""
