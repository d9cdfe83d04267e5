"""What `stagedoor watch` watches: a topic, or a field of its values. `subscribe()` finds out
which."""

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from stagedoor.cli.command import FAILED, CommandError
from stagedoor.wire.similar import did_you_mean

if TYPE_CHECKING:
    from stagedoor.client.asyncio.client import AsyncClient
    from stagedoor.client.asyncio.streams import AsyncSubscription
    from stagedoor.client.core.feed import Sample
    from stagedoor.wire.errors import RpcError

NOTHING: Final = object()
"""No value at all."""


class Watched:
    """A subscription, and the way from its values to the field that is meant: keys, and positions
    in lists. `topic` is its name, as it was asked for."""

    def __init__(self, topic: str, subscription: "AsyncSubscription", path: list[str]) -> None:
        self.topic = topic
        self.path = path
        self._subscription = subscription
        self._has_been_there = False

    @property
    def dropped(self) -> int:
        """How many values were lost."""
        return self._subscription.dropped

    @property
    def reconnected(self) -> int:
        """How often the connection came back."""
        return self._subscription.reconnected

    @property
    def failure(self) -> "RpcError | None":
        """Why there is no value now."""
        return self._subscription.failure

    @property
    def is_live(self) -> bool:
        """Whether the game sends values now."""
        return self._subscription.is_live

    async def samples(self) -> "AsyncIterator[Sample]":
        """The values as they come. Raises: CommandError, if the first has no such field."""
        async for sample in self._subscription:
            yield sample._replace(value=self._pick(sample.value)) if self.path else sample

    def _pick(self, value: Any) -> Any:
        """The field of this value. It may be missing in some values, but not in the first."""
        for number, key in enumerate(self.path):
            inner = field(value, key)
            if inner is NOTHING:
                if self._has_been_there or value is None:
                    return None
                before = self.topic.removesuffix("." + ".".join(self.path[number:]))
                raise CommandError(f"{before} has no field {key}{_hint(value, key)}", FAILED)
            value = inner
        self._has_been_there = True
        return value


def field(value: Any, key: str) -> Any:
    """The field of an object, or the element of a list; NOTHING, if there is none."""
    if isinstance(value, Mapping):
        return value.get(key, NOTHING)
    if isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 10:
        return value[int(key)] if int(key) < len(value) else NOTHING
    return NOTHING


def _hint(value: Any, key: str) -> str:
    if isinstance(value, list):
        return f": it is a list of {len(value)}"
    if not isinstance(value, Mapping):
        return ": it has none"
    return did_you_mean(key, value) or f"; it has {', '.join(list(value)[:20])}"


async def subscribe(game: "AsyncClient", name: str, options: dict[str, Any]) -> Watched:
    """Subscribe to a topic, or to the longest one that is the beginning of the name, the rest of
    which is then a field. Raises: CommandError, and what a call raises."""
    from stagedoor.client.errors import ClientError
    from stagedoor.wire.errors import InvalidParams, RpcError

    try:
        return Watched(name, await game.subscribe(name, **options), [])
    except InvalidParams as error:
        try:
            topics = (await game.methods).topics
        except (ClientError, RpcError):
            raise error from None
        if name in topics:
            raise
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        if (topic := ".".join(parts[:length])) in topics:
            return Watched(name, await game.subscribe(topic, **options), parts[length:])
    raise CommandError(f"there is no topic {name}{did_you_mean(name, topics)}", FAILED)
