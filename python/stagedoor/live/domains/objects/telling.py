"""`telling()`: how a path that leads nowhere is answered. For every domain that takes paths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stagedoor.live.language.tokens import SyntaxFault
from stagedoor.live.reach.faults import Closed, Raised, ReachFault
from stagedoor.live.rpc.answers import MAX_TEXT
from stagedoor.wire.errors import Forbidden, HandlerError, InvalidParams


@contextmanager
def telling(param: str = "$.path", *, evaluates: bool = False) -> Iterator[None]:
    """Raise what is wrong with a path, or with a value for it, as the RpcError that its caller
    gets. `param`: where it stands among the params. `evaluates`: the method has a param
    `evaluate`, by which an admin lets code of the game run: who needs that hears of it."""
    try:
        yield
    except SyntaxFault as fault:
        raise InvalidParams(str(fault), param) from None
    except Closed as fault:
        if fault.needs is None:
            raise InvalidParams(fault.reason, param) from None
        how = " with evaluate=true" if evaluates and fault.is_code else ""
        raise Forbidden(fault.needs.label, f"{fault.reason}{how}") from None
    except Raised as fault:
        raise HandlerError.of(fault.error, MAX_TEXT) from None
    except ReachFault as fault:
        raise InvalidParams(fault.reason, param) from None
