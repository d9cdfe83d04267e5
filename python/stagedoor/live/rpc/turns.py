"""`Turns`: the time that callers have in a frame. `InTurn`: what waits there for a turn."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from stagedoor.live.net.peer import Peer

Item = TypeVar("Item")


class Turns(Protocol):
    """The time that callers have in a frame. `Transport` is one."""

    @property
    def is_time_up(self) -> bool:
        """What can wait must: it goes on in the next frame."""

    def go_on(self, peer: Peer, rest: Callable[[], object], /) -> None:
        """Do the rest of the event that is being handled when this client has its next turn."""


class NoTurns:
    """All the time there is: for a hub without a transport."""

    is_time_up = False

    def go_on(self, peer: Peer, rest: Callable[[], object], /) -> None:
        """Do it now."""
        rest()


class InTurn(Generic[Item]):
    """What several clients wait for. They take turns, and each has its own in order."""

    def __init__(self) -> None:
        self._rows: OrderedDict[Hashable, deque[Item]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, whose: Hashable, item: Item) -> None:
        """Add an item, behind those of the same client."""
        self._rows.setdefault(whose, deque()).append(item)

    def add_first(self, whose: Hashable, item: Item) -> None:
        """Add an item, before those of the same client."""
        self._rows.setdefault(whose, deque()).appendleft(item)

    def take(self, is_due: Callable[[Item], bool]) -> Iterator[tuple[Hashable, Item]]:
        """Take an item of each client, and again, while the first of a client's is due.

        Whoever stops in between leaves the first turn of the next time to the client whose turn
        would have come. Items may be added meanwhile.
        """
        done: set[Hashable] = set()
        while not self._rows.keys() <= done:
            whose = next(iter(self._rows))
            self._rows.move_to_end(whose)
            row = self._rows[whose]
            if whose in done or not is_due(row[0]):
                done.add(whose)
                continue
            item = row.popleft()
            if not row:
                del self._rows[whose]
            yield whose, item

    def clear(self) -> None:
        """Forget all items."""
        self._rows.clear()
