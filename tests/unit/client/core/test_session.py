"""A client's side of the conversation, without I/O: `stagedoor.client.core`."""

import json
import logging
from typing import Any

import pytest

from stagedoor.client.core.feed import Feed, Key, Sample
from stagedoor.client.core.session import Session
from stagedoor.client.core.websocket import Binary
from stagedoor.client.errors import BadParamsError, BadReplyError, ConnectionLostError
from stagedoor.wire.carried import pack
from stagedoor.wire.errors import Forbidden, HandlerError, InvalidParams, MethodNotFound

KEY = Key("rocks", "latest", 10.0)


class FakeLink:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.failure: Exception | None = None

    def send(self, message: bytes) -> None:
        self.sent.append(json.loads(message))

    def take(self) -> dict[str, Any]:
        return self.sent.pop(0)


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


@pytest.fixture
def session(link: FakeLink) -> Session:
    session = Session()
    session.attach(link)  # type: ignore[arg-type]
    return session


def receive(session: Session, **message: object) -> None:
    session.handle([json.dumps({"jsonrpc": "2.0", **message}).encode()])


def tell(session: Session, method: str, **params: object) -> None:
    receive(session, method=method, params=params)


def subscribed(session: Session, link: FakeLink, number: int = 7, **more: Any) -> Feed:
    """A feed that has started."""
    feed = Feed(KEY)
    session.subscribe(KEY, 0, feed)
    receive(session, id=link.sent.pop()["id"], result={"subscription": number, **more})
    assert feed.has_started
    return feed


def data(session: Session, number: int, sequence: int, value: object) -> None:
    tell(session, "topic.data", subscription=number, topic="rocks", sequence=sequence, time=1.5,
         frame=2, value=value)  # fmt: skip


def test_every_call_has_an_id_of_its_own(session: Session, link: FakeLink) -> None:
    one, two = session.call("a", {"b": 1}), session.call("a", (1,))
    assert one.number != two.number
    assert link.take() == {"jsonrpc": "2.0", "method": "a", "params": {"b": 1}, "id": one.number}
    assert link.take()["params"] == [1]
    session.notify("a")
    assert link.take() == {"jsonrpc": "2.0", "method": "a"}


def test_an_answer_is_for_its_own_call_and_only_once(session: Session) -> None:
    one, two = session.call("a"), session.call("b")
    woken: list[str] = []
    one.wake = lambda: woken.append("one")
    for number in (99, "x", 1.5):
        receive(session, id=number, result=0)
    assert not one.ready
    receive(session, id=one.number, result={"x": [1]})
    receive(session, id=one.number, result=3)
    assert (one.result(), woken, two.ready) == ({"x": [1]}, ["one"], False)


def test_a_batch_of_answers_is_taken_apart(session: Session) -> None:
    one, two = session.call("a"), session.call("b")
    error = {"code": -32601, "message": "Method not found", "data": {"method": "a"}}
    answers = [{"id": two.number, "result": 2}, {"id": one.number, "error": error}]
    session.handle([json.dumps([{"jsonrpc": "2.0", **answer} for answer in answers]).encode()])
    assert two.result() == 2
    with pytest.raises(MethodNotFound):
        one.result()


def test_an_error_without_an_id_is_for_the_only_call_there_is(session: Session) -> None:
    error = {"code": -32700, "message": "Parse error"}
    one = session.call("a")
    receive(session, id=None, error=error)
    assert one.done
    two, three = session.call("a"), session.call("b")
    receive(session, id=None, error=error)
    assert not two.done
    assert not three.done


def test_a_result_without_an_id_is_for_no_call(session: Session) -> None:
    call = session.call("a")
    receive(session, id=None, result=1)
    assert not call.done
    receive(session, id=call.number, result=2)
    assert call.result() == 2


def test_a_cancelled_call_is_told_to_the_game_and_its_answer_dropped(
    session: Session, link: FakeLink
) -> None:
    call = session.call("a")
    session.cancel(call)
    assert link.sent[1] == {"jsonrpc": "2.0", "method": "rpc.cancel", "params": {"id": call.number}}
    receive(session, id=call.number, error={"code": -32006, "message": "Cancelled"})
    assert not call.done
    done = session.call("b")
    receive(session, id=done.number, result=1)
    session.cancel(done)
    assert len(link.sent) == 3


def test_progress_is_kept_for_those_who_want_it(session: Session) -> None:
    one, two = session.call("a", progress=True), session.call("b")
    for call in (one, two):
        tell(session, "rpc.progress", id=call.number, value="half")
    assert one.ready
    assert list(one.values or ()) == ["half"]
    assert not two.ready


@pytest.mark.parametrize(
    "params",
    [{"a": object()}, ("\ud800",), {1: {2: object()}}],
    ids=["object", "surrogate", "object within"],
)
def test_params_that_cannot_be_sent_are_refused(session: Session, params: object) -> None:
    with pytest.raises(BadParamsError):
        session.call("a", params)
    with pytest.raises(BadParamsError):
        session.notify("a", params)


@pytest.mark.parametrize("message", [b"", b"[", b"{}", b"hello", b"\xff"])
def test_what_is_not_json_rpc_ends_the_calls_and_is_logged_once(
    session: Session, message: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = session.call("a"), session.call("b")
    session.handle([message, message])
    for call in (one, two):
        with pytest.raises(BadReplyError):
            call.result()
    assert len(caplog.records) == 1
    after = session.call("c")
    receive(session, id=after.number, result=1)
    assert after.result() == 1


@pytest.mark.parametrize(
    "method", ["rpc.progress", "topic.data", "topic.dropped", "topic.ended", "topic.failed"]
)
@pytest.mark.parametrize("params", [{}, [1], {"id": "x"}, {"subscription": None}, None])
def test_a_notification_that_is_malformed_hurts_nobody(
    session: Session, method: str, params: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    call = session.call("a", progress=True)
    receive(session, method=method, **({} if params is None else {"params": params}))
    receive(session, method="something.new", params=params)
    assert not call.ready
    assert len(caplog.records) == 1


def test_a_result_that_cannot_be_read_is_that_calls_error(session: Session) -> None:
    call = session.call("a")
    session.handle([b'{"jsonrpc":"2.0","id":%d,"result":"\\ud800"}' % call.number])
    with pytest.raises(BadReplyError):
        call.result()


def test_a_lost_link_ends_the_calls_and_nothing_more_can_be_called(session: Session) -> None:
    call = session.call("a")
    session.lose(ConnectionLostError("ws://x/", 1001))
    for fails in (call.result, lambda: session.call("b"), lambda: session.notify("b")):
        with pytest.raises(ConnectionLostError, match="1001: the game is leaving"):
            fails()


def test_a_topic_is_asked_for_with_all_options_and_its_past_comes_first(
    session: Session, link: FakeLink
) -> None:
    feed = Feed(KEY)
    call = session.subscribe(KEY, 2, feed)
    assert link.sent[0]["method"] == "topic.subscribe"
    assert link.sent[0]["params"] == {"topic": "rocks", "mode": "latest", "hz": 10.0, "history": 2}
    past = [{"time": 0.5, "frame": 1, "value": "old"}]
    receive(session, id=call.number, result={"subscription": 7, "history": past, "sequence": 3})
    data(session, 7, 4, "new")
    assert [feed.take() for _ in range(2)] == [("old", 0.5, 1, None), ("new", 1.5, 2, 4)]


def test_feeds_of_the_same_key_share_a_subscription_until_the_last_goes(
    session: Session, link: FakeLink
) -> None:
    one, two = subscribed(session, link), subscribed(session, link)
    data(session, 7, 1, "x")
    assert (one.waiting, two.waiting) == (1, 1)
    session.subscriptions.remove(one, is_connected=True)
    assert link.sent == []
    session.subscriptions.remove(two, is_connected=True)
    session.subscriptions.remove(two, is_connected=True)
    assert link.take()["params"] == {"subscription": 7}
    assert link.sent == []
    data(session, 7, 2, "late")
    assert session.subscriptions.is_empty


def test_a_feed_gets_nothing_from_before_its_own_answer(session: Session, link: FakeLink) -> None:
    one, two = subscribed(session, link), Feed(KEY)
    call = session.subscribe(KEY, 0, two)
    data(session, 7, 1, "before")
    receive(session, id=call.number, result={"subscription": 7})
    data(session, 7, 2, "after")
    assert (one.waiting, two.take().value, two.waiting) == (2, "after", 0)


def test_who_leaves_before_the_answer_unsubscribes_when_it_comes(
    session: Session, link: FakeLink
) -> None:
    feed = Feed(KEY)
    call = session.subscribe(KEY, 0, feed)
    session.subscriptions.remove(feed, is_connected=True)
    session.cancel(call)
    assert len(link.sent) == 1
    receive(session, id=call.number, result={"subscription": 7})
    assert link.sent[1]["method"] == "topic.unsubscribe"


@pytest.mark.parametrize(
    "result", [None, {}, {"subscription": "x"}, {"subscription": 1, "history": 1}]
)
def test_an_agreement_that_is_none_is_an_error(session: Session, result: object) -> None:
    feed = Feed(KEY)
    call = session.subscribe(KEY, 0, feed)
    receive(session, id=call.number, result=result)
    assert isinstance(feed.error, BadReplyError)
    assert session.subscriptions.is_empty


def test_a_number_that_is_another_subscriptions_is_an_error(
    session: Session, link: FakeLink
) -> None:
    first = subscribed(session, link, 7)
    second = Feed(Key("frame", "all", None))
    session.subscribe(second.key, 0, second)
    receive(session, id=link.sent.pop()["id"], result={"subscription": 7})
    with pytest.raises(BadReplyError, match="7 for two subscriptions"):
        second.take()
    data(session, 7, 0, "goes on")
    assert first.take().value == "goes on"
    session.subscriptions.remove(first, is_connected=True)
    session.subscriptions.remove(second, is_connected=True)


def test_another_number_for_a_subscription_takes_the_place_of_the_first(
    session: Session, link: FakeLink
) -> None:
    feed = subscribed(session, link, 7)
    other = subscribed(session, link, 8)
    session.subscriptions.remove(feed, is_connected=True)
    session.subscriptions.remove(other, is_connected=True)
    error = {"code": -32601, "message": "gone"}
    tell(session, "topic.ended", subscription=7, topic="rocks", error=error)
    tell(session, "topic.ended", subscription=8, topic="rocks", error=error)


def test_a_topic_without_a_value_says_why_until_there_is_one(
    session: Session, link: FakeLink
) -> None:
    feed = subscribed(session, link)
    assert feed.failure is None
    error = {"code": -32000, "message": "Handler error", "data": {"type": "E", "message": "m"}}
    tell(session, "topic.failed", subscription=7, topic="rocks", error=error)
    tell(session, "topic.failed", subscription=8, topic="rocks", error=error)
    assert isinstance(feed.failure, HandlerError)
    assert feed.failure.detail() == "E: m"
    assert not feed.ready
    data(session, 7, 1, 5)
    assert feed.failure is None
    assert feed.take().value == 5


def test_who_subscribes_to_a_topic_without_a_value_is_told_why_at_once(
    session: Session, link: FakeLink
) -> None:
    error = {"code": -32602, "message": "Invalid params", "data": {"path": "$.mode", "reason": "m"}}
    feed = subscribed(session, link, failure=error)
    assert str(feed.failure) == "Invalid params: $.mode: m"
    session.lose(ConnectionLostError("u"))
    again = FakeLink()
    session.attach(again)  # type: ignore[arg-type]
    receive(session, id=again.take()["id"], result={"subscription": 3, "history": []})
    assert feed.failure is None


def carry(session: Session, notification: object, payload: bytes) -> None:
    session.handle([Binary(pack(json.dumps(notification).encode(), payload))])


def test_bytes_that_a_value_carries_are_its_data(session: Session, link: FakeLink) -> None:
    feed = subscribed(session, link)
    params = {"subscription": 7, "sequence": 1, "time": 1.0, "frame": 5, "value": {"width": 3}}
    told = {"jsonrpc": "2.0", "method": "topic.data", "params": params}
    carry(session, told, b"\x00\xff")
    assert feed.take() == Sample({"width": 3, "data": b"\x00\xff"}, 1.0, 5, 1)
    carry(session, {**told, "params": {**params, "value": 8}}, b"")
    assert feed.take().value == {"value": 8, "data": b""}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xff\xff\xff",
        pack(b"no json", b""),
        pack(b'{"jsonrpc": "2.0", "id": 1, "result": 3}', b"payload"),
        pack(b'{"jsonrpc": "2.0", "method": "topic.data", "params": {"subscription": 7}}', b"x"),
    ],
)
def test_a_binary_message_that_cannot_be_read_hurts_nobody_and_is_logged_once(
    session: Session, link: FakeLink, message: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    feed = subscribed(session, link)
    call = session.call("a")
    session.handle([Binary(message), Binary(message)])
    assert len(caplog.messages) == 1
    assert "cannot be read" in caplog.text
    assert not call.done
    data(session, 7, 1, "next")
    assert feed.take().value == "next"


def test_subscriptions_are_restored_without_their_past(session: Session, link: FakeLink) -> None:
    feed = subscribed(session, link)
    session.lose(ConnectionLostError("u"))
    again = FakeLink()
    session.attach(again)  # type: ignore[arg-type]
    assert again.sent[0]["params"]["history"] == 0
    data(session, 7, 1, "not ours any more")
    receive(session, id=again.take()["id"], result={"subscription": 3, "history": []})
    data(session, 3, 90, "here")
    assert (feed.take().value, feed.waiting, feed.reconnected, feed.dropped) == ("here", 0, 1, 0)


def test_a_topic_that_is_gone_after_reconnecting_ends_its_feed(
    session: Session, link: FakeLink
) -> None:
    feed = subscribed(session, link)
    session.lose(ConnectionLostError("u"))
    again = FakeLink()
    session.attach(again)  # type: ignore[arg-type]
    error = {"code": -32602, "message": "Invalid params", "data": None}
    receive(session, id=again.take()["id"], error=error)
    assert isinstance(feed.error, InvalidParams)
    assert session.subscriptions.is_empty


def test_a_link_lost_while_restoring_leaves_the_feed_waiting(
    session: Session, link: FakeLink
) -> None:
    feed = subscribed(session, link)
    for _ in range(2):
        session.lose(ConnectionLostError("u"))
        session.attach(FakeLink())  # type: ignore[arg-type]
    assert feed.error is None
    assert not session.subscriptions.is_empty


def test_a_subscription_that_the_game_ends_ends_its_feeds(session: Session, link: FakeLink) -> None:
    one, two = subscribed(session, link), subscribed(session, link)
    data(session, 7, 1, "last")
    error = {"code": -32003, "message": "Forbidden", "data": {"needs": "admin"}}
    ended = {"subscription": 7, "topic": "rocks", "error": error}
    for _ in range(2):
        receive(session, method="topic.ended", params=ended)
    for feed in (one, two):
        assert feed.take().value == "last"
        with pytest.raises(Forbidden, match="admin"):
            feed.take()
    assert session.subscriptions.is_empty
    session.subscriptions.remove(one, is_connected=True)
    assert link.sent == []


def test_the_end_ends_every_feed(session: Session, link: FakeLink) -> None:
    feed = subscribed(session, link)
    session.subscriptions.end(ConnectionLostError("u"))
    assert isinstance(feed.error, ConnectionLostError)
