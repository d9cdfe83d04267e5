"""Bounds of the numbers that built-in methods take. A number beyond them is answered with -32602.

Every number that a built-in method takes has bounds, these or its own: a test says so.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

MOST: Final = 2**53
"""The largest whole number that every client can send exactly."""
_LARGEST: Final = 1.7976931348623157e308

Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
"""The number of a frame, a session, a subscription: all count up from 0 or 1."""
Moment: TypeAlias = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
"""Seconds since the epoch."""
CallId: TypeAlias = (
    str
    | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    | Annotated[float, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]
    | None
)
"""The id of a call, as its caller has chosen it."""
