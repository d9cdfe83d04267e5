"""`Parts`: what a domain may ask of its stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stagedoor.live.domains.frames.record import Frames
    from stagedoor.live.domains.logs.capture import Log
    from stagedoor.live.engines.base import Engine
    from stagedoor.live.net.websocket import WebSocketServerConnection
    from stagedoor.live.pacing.budget import Budget
    from stagedoor.live.pacing.pace import Pace
    from stagedoor.live.rpc.hub import Hub


class Groups(Protocol):
    """Changes the members of the network thread's groups."""

    def join(self, group: int, connection: WebSocketServerConnection) -> None: ...
    def leave(self, group: int, connection: WebSocketServerConnection) -> None: ...


@dataclass(slots=True)
class Parts:
    """The parts of one stage. A domain takes what it needs in its `add_to()`."""

    hub: Hub
    groups: Groups
    pace: Pace
    budget: Budget
    frames: Frames
    log: Log
    engine: Engine | None = None
    """The game's framework; None until the stage has found it."""
