"""`rpc`: describe what can be called, and cancel a call."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import stagedoor
from stagedoor.live.domains.bounds import CallId
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.live.rpc.discovery import Discovery
from stagedoor.live.rpc.session import Session
from stagedoor.wire.errors import Cancelled

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub

    discovery = Discovery(hub, stagedoor.__version__)

    def discover() -> Generator[object, None, dict[str, Any]]:
        """All methods and topics, as an OpenRPC document."""
        for _ in discovery.describe_new():
            yield THIS_FRAME
        return discovery.document()

    def cancel(session: Session, id: CallId) -> bool:
        """Cancel a call of this connection that is under way. Returns whether there was one.

        >>> cancel(7)
        True
        """
        found = [
            call
            for call in list(session.calls)
            if call.request.id == id and type(call.request.id) is type(id)
        ]
        for call in found:
            call.fail(Cancelled())
        return bool(found)

    hub.methods.add_built_in(discover, "rpc.discover", role="viewer", anytime=True)
    hub.methods.add_built_in(cancel, "rpc.cancel", role="viewer", with_session=True)
