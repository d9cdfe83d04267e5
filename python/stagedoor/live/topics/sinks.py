"""`Sink`: where published values go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stagedoor.live.net.peer import Peer


class Sink(Protocol):
    """Keeps the groups of those who subscribe, and gets each notification once, encoded, whatever
    the number of members.

    The network is one: `Transport`. Game thread only, except `publish()`, which is for any.
    """

    def group(self) -> int:
        """A new group, empty."""

    def drop_group(self, group: int) -> None:
        """End a group."""

    def join(self, group: int, member: Peer) -> None:
        """Add a member. It gets what was sent to it before, then what is published after."""

    def leave(self, group: int, member: Peer) -> None:
        """Take a member out. It gets no more messages of the group."""

    def publish(self, group: int, payload: bytes, *, droppable: bool) -> None:
        """Send a text message to every member. A newer message may replace a droppable one."""

    def publish_paced(self, group: int, payload: bytes) -> Behind | None:
        """Send a binary message to every member. Each gets the newest of those that have come since
        it has read the last ones, so that what it reads is never old. Returns who is behind."""


class Behind(Protocol):
    """A message that was published at the readers' pace."""

    @property
    def waiting(self) -> int:
        """How many members it waits for. It counts as one itself until the network has it."""
