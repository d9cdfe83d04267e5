"""What a session has subscribed to: `Subscriptions`. Without I/O.

The game has one subscription of this client for each `Key` (topic, mode, hz, filter). The feeds
with the same key are a group here, and the last feed of a group to be removed unsubscribes.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from stagedoor.client.core.feed import DATA, Feed, Key, Sample
from stagedoor.client.errors import BadReplyError, ConnectionLostError
from stagedoor.wire.errors import GameStalled, RpcError
from stagedoor.wire.jsonrpc import UNREADABLE, ErrorObject
from stagedoor.wire.reply import Notification


class _Past(msgspec.Struct, gc=False):
    time: float
    frame: int
    value: Any


class _Subscribed(msgspec.Struct, gc=False):
    subscription: int
    history: list[_Past] = []
    failure: ErrorObject | None = None


class _Data(msgspec.Struct, gc=False):
    subscription: int
    sequence: int
    time: float
    frame: int
    value: Any


class _Dropped(msgspec.Struct, gc=False):
    subscription: int
    count: int


class _Error(msgspec.Struct, gc=False):
    """Of `topic.ended` and `topic.failed`."""

    subscription: int
    error: ErrorObject


_data = msgspec.json.Decoder(_Data)
_dropped = msgspec.json.Decoder(_Dropped)
_error = msgspec.json.Decoder(_Error)


class _Group:
    def __init__(self, key: Key) -> None:
        self.key = key
        self.number: int | None = None
        """The game's number of the subscription; None until it is known on this connection."""
        self.feeds: list[Feed] = []
        self.last: Any = None
        """The newest value on this connection."""


class Answered(Protocol):
    """What is needed of a call here."""

    then: Callable[[Any], None] | None

    def result(self) -> Any: ...


Made = TypeVar("Made", bound=Answered)


class Subscriptions(Generic[Made]):
    """The groups, and the calls and notifications about them."""

    def __init__(
        self, call: Callable[[str, object], Made], notify: Callable[[str, object], None]
    ) -> None:
        self._call = call
        self._notify = notify
        self._groups: dict[Key, _Group] = {}
        self._by_number: dict[int, _Group] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is subscribed."""
        return not self._groups

    def add(self, key: Key, history: int, feed: Feed) -> Made:
        """Subscribe to a topic. Returns the call; its answer starts the feed."""
        call = self._call("topic.subscribe", key.params(history))
        group = self._groups.setdefault(key, _Group(key))
        group.feeds.append(feed)
        call.then = partial(self._agree, group, [feed])
        return call

    def remove(self, feed: Feed, *, is_connected: bool) -> None:
        """Remove a feed that nobody reads any more. The last one of its group unsubscribes."""
        group = self._groups.get(feed.key)
        if group is None or feed not in group.feeds:
            return
        group.feeds.remove(feed)
        if group.feeds:
            return
        del self._groups[feed.key]
        if group.number is not None:
            del self._by_number[group.number]
            if is_connected:
                self._notify("topic.unsubscribe", {"subscription": group.number})

    def lose(self) -> None:
        """Forget the numbers of the subscriptions: the connection is lost."""
        self._by_number.clear()
        for group in self._groups.values():
            group.number = group.last = None
            for feed in group.feeds:
                feed.is_live = False

    def last(self, topic: str) -> Any:
        """The newest value of a topic that is subscribed to; None if there is none."""
        found = [group.last for group in self._by_number.values() if group.key.topic == topic]
        return found[0] if found else None

    def restore(self) -> None:
        """Subscribe to everything again on another connection, without history."""
        for group in list(self._groups.values()):
            self._restore(group)

    def _restore(self, group: _Group) -> None:
        call = self._call("topic.subscribe", group.key.params(0))
        call.then = partial(self._agree, group, list(group.feeds))

    def end(self, error: Exception) -> None:
        """End all feeds with this error."""
        groups, self._groups = self._groups, {}
        self._by_number.clear()
        for group in groups.values():
            for feed in group.feeds:
                feed.end(error)

    def receive(self, told: Notification, payload: bytes | None = None) -> None:
        """Handle a notification about a subscription; ignore any other. `payload`: the bytes that
        it carries, which are the value's `data`. Raises: one of UNREADABLE, for bad params."""
        if told.method == "topic.data":
            data = _data.decode(_params(told))
            if payload is not None:
                about = data.value if isinstance(data.value, dict) else {"value": data.value}
                data.value = {**about, DATA: payload}
            sample = Sample(data.value, data.time, data.frame, data.sequence)
            if (group := self._by_number.get(data.subscription)) is not None:
                group.last = data.value
                for feed in group.feeds:
                    if feed.has_started:
                        feed.receive(sample)
        elif told.method == "topic.dropped":
            dropped = _dropped.decode(_params(told))
            if (group := self._by_number.get(dropped.subscription)) is not None:
                for feed in group.feeds:
                    if feed.has_started:
                        feed.drop(max(0, dropped.count))
        elif told.method == "topic.ended":
            self._end_group(_error.decode(_params(told)))
        elif told.method == "topic.failed":
            failed = _error.decode(_params(told))
            if (group := self._by_number.get(failed.subscription)) is not None:
                for feed in group.feeds:
                    if feed.has_started:
                        feed.fail(_rpc_error(failed.error))

    def _end_group(self, ended: _Error) -> None:
        """The game has ended a subscription. Its feeds end with the error that the game sent."""
        group = self._by_number.pop(ended.subscription, None)
        if group is None:
            return
        del self._groups[group.key]
        error = _rpc_error(ended.error)
        for feed in group.feeds:
            feed.end(error)

    def _agree(self, group: _Group, feeds: list[Feed], call: Answered) -> None:
        """The game has answered for these feeds. Some of them may have been closed meanwhile."""
        try:
            agreed = msgspec.convert(call.result(), _Subscribed)
        except UNREADABLE as error:
            reason = f"the game's answer to a subscription cannot be read: {error}"
            self._refuse(group, feeds, BadReplyError(reason))
            return
        except Exception as error:  # the answer was an error, or no answer came
            if isinstance(error, GameStalled) and any(feed.has_started for feed in feeds):
                # Such an answer takes the game some seconds, so this is no busy loop.
                if self._groups.get(group.key) is group:
                    self._restore(group)
                return
            # The connection was lost again, which is no answer: started feeds go on waiting.
            if isinstance(error, ConnectionLostError):
                feeds = [feed for feed in feeds if not feed.has_started]
            self._refuse(group, feeds, error)
            return
        current = self._groups.get(group.key)
        if current is None:
            self._notify("topic.unsubscribe", {"subscription": agreed.subscription})
            return
        if self._by_number.get(agreed.subscription, current) is not current:
            what = f"the number {agreed.subscription} for two subscriptions"
            self._refuse(group, feeds, BadReplyError(f"the game sent {what}"))
            return
        if current.number is not None:
            del self._by_number[current.number]
        current.number = agreed.subscription
        self._by_number[agreed.subscription] = current
        history = [Sample(past.value, past.time, past.frame) for past in agreed.history]
        failure = None if agreed.failure is None else _rpc_error(agreed.failure)
        for feed in feeds:
            if feed in current.feeds:
                feed.start(history, failure)

    def _refuse(self, group: _Group, feeds: list[Feed], error: Exception) -> None:
        for feed in feeds:
            feed.end(error)
            self.remove(feed, is_connected=False)


def _rpc_error(error: ErrorObject) -> RpcError:
    data = None if error.data is msgspec.UNSET else error.data
    return RpcError.from_wire(error.code, error.message, data)


def _params(told: Notification) -> Any:
    if told.params is msgspec.UNSET:
        raise msgspec.ValidationError("they are missing")
    return told.params
