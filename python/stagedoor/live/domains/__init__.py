"""Built-in methods: a file or package for each family, which `DOMAINS` names.

Each has `add_to(parts)`, which registers its methods and topics with the hub of a stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from stagedoor.live.domains import frame, game, rpc, session, sessions, telemetry, topic
from stagedoor.live.domains.frames import methods as frames
from stagedoor.live.domains.logs import methods as logs
from stagedoor.live.domains.process import methods as process

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
    frames,
    process,
    logs,
    topic,
)
"""In this order their methods are listed."""
