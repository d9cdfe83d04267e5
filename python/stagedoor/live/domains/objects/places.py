"""What the methods of `objects` share: whose role it is, and where a path leads."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, TypeVar, cast

import msgspec

from stagedoor.live.domains.objects.telling import telling
from stagedoor.live.reach.roots import Roots
from stagedoor.live.reach.walk import Place, walk
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.wire.roles import Role

PathText = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]

T = TypeVar("T")


def role_of(session: Session) -> Role:
    """The role of a caller."""
    return session.role or Role.VIEWER


def paused(steps: Generator[None, None, T]) -> Generator[object, None, T]:
    """Give others a turn after each piece of a long search."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return cast(T, stop.value)
        yield THIS_FRAME


def place_of(
    roots: Roots, path: str, role: Role, param: str = "$.path"
) -> Generator[object, None, Place]:
    """Where a path leads. `param`: where it stands among the params. Raises RpcError."""
    with telling(param):
        return (yield from paused(walk(roots, path, role)))
