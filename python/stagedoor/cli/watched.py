"""What `stagedoor watch` watches: a topic, or a field of its values."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Final

from stagedoor.cli.attending import patiently
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
    """What is asked for by this name: a topic, or a field of the longest topic that is the
    beginning of the name. The field is found by keys, and positions in lists."""

    def __init__(self, name: str) -> None:
        self.topic = name
        self.path: list[str] = []
        self._subscription: AsyncSubscription | None = None
        self._has_been_there = False

    @property
    def dropped(self) -> int:
        """How many values were lost."""
        return 0 if self._subscription is None else self._subscription.dropped

    @property
    def reconnected(self) -> int:
        """How often the connection came back."""
        return 0 if self._subscription is None else self._subscription.reconnected

    @property
    def failure(self) -> "RpcError | None":
        """Why there is no value now."""
        return None if self._subscription is None else self._subscription.failure

    @property
    def is_live(self) -> bool:
        """Whether the game sends values now."""
        return self._subscription is not None and self._subscription.is_live

    async def subscribe(self, game: "AsyncClient", options: dict[str, Any]) -> None:
        """Subscribe. Waits for a game that hangs or is gone. Raises: CommandError, and what a call
        raises."""
        await patiently(lambda: self._subscribe(game, options))

    async def _subscribe(self, game: "AsyncClient", options: dict[str, Any]) -> None:
        import asyncio

        from stagedoor.wire.errors import InvalidParams

        name = self.topic
        parts = name.split(".")
        # Whether the name is a topic's is not known yet; the topics come in the same frame.
        calls: list[Awaitable[Any]] = [game.subscribe(name, **options)]
        if len(parts) > 1:
            calls.append(game.call("topic.list"))
        subscribed, *listed = await asyncio.gather(*calls, return_exceptions=True)
        if not isinstance(subscribed, BaseException):
            self._subscription = subscribed
            return
        if not isinstance(subscribed, InvalidParams) or subscribed.path != "$.topic":
            raise subscribed
        found = listed[0] if listed else await game.call("topic.list")
        if isinstance(found, BaseException):
            raise found
        topics = _names(found)
        for length in range(len(parts) - 1, 0, -1):
            if (topic := ".".join(parts[:length])) in topics:
                self._subscription = await game.subscribe(topic, **options)
                self.path = parts[length:]
                return
        raise CommandError(f"there is no topic {name}{did_you_mean(name, topics)}", FAILED)

    async def samples(self) -> "AsyncIterator[Sample]":
        """The values as they come. Raises: CommandError, if the first has no such field."""
        assert self._subscription is not None
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


def _names(listed: Any) -> list[str]:
    """The names in an answer to `topic.list`."""
    found = [field(one, "name") for one in listed] if isinstance(listed, list) else []
    return [name for name in found if isinstance(name, str)]
