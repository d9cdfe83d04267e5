"""`rpc`: describe what can be called, and cancel a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import stagedoor
from stagedoor.live.domains.bounds import CallId
from stagedoor.live.rpc.discover import describe
from stagedoor.live.rpc.session import Session
from stagedoor.wire.errors import Cancelled

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub

    def discover() -> dict[str, Any]:
        """All methods and topics, as an OpenRPC document."""
        return describe(hub, stagedoor.__version__)

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
