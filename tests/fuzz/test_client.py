"""What a client makes of a server that says anything: `stagedoor.client` without a socket."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from random import Random

import pytest
from tests.fuzz.conversation import SEPARATOR
from tests.fuzz.jsontext import scalar, value
from tests.fuzz.target import Target
from tests.fuzz.test_differential import BLOCKS, payload
from tests.integration.server.raw import close_payload, frame

from stagedoor.client.core.address import Address
from stagedoor.client.core.feed import Feed, Key
from stagedoor.client.core.session import Session
from stagedoor.client.core.websocket import Link
from stagedoor.client.errors import ClientError
from stagedoor.wire.errors import RpcError

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ADDRESS = Address("ws://127.0.0.1:8787/", "fuzz", "secret-token")


@pytest.fixture(autouse=True)
def _same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the RFC's example, in every handshake: what accepts it is in the corpus."""
    monkeypatch.setattr("websockets.client.generate_key", lambda: KEY)


def opened() -> Link:
    """A link that has sent its request."""
    link = Link(ADDRESS, 0.0)
    assert KEY.encode() in link.transmit()
    return link


def heard(data: bytes, size: int) -> tuple[list[bytes], type, str]:
    """The messages of a server that says this in pieces and leaves, and what that is for us."""
    link = opened()
    messages: list[bytes] = []
    for at in range(0, len(data), size):
        messages += link.receive(data[at : at + size], 0.0)
        link.transmit()
    messages += link.receive(b"", 0.0)
    assert isinstance(link.failure, ClientError), "the stream has ended"
    text = str(link.failure)
    assert "secret-token" not in text
    assert link.receive(b"more", 0.0) == []
    link.send(b"more")
    link.close()
    link.transmit()
    assert sum(map(len, messages)) <= len(data), "a message has more than was sent"
    return messages, type(link.failure), text


def check_link(data: bytes) -> None:
    whole = heard(data, len(data) or 1)
    for size in (1, 7):
        assert heard(data, size) == whole


ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    b"Sec-WebSocket-Protocol: stagedoor.json\r\n\r\n"
)


def make_link(chance: Random) -> bytes:
    """A handshake that is right, or nearly, and frames of a server, which are right, or nearly."""
    out = [ANSWER]
    if chance.random() < 0.2:
        at = chance.randrange(len(ANSWER))
        out = [ANSWER[:at], chance.randbytes(2), ANSWER[at + chance.randrange(9) :]]
    for _ in range(chance.randrange(6)):
        part = chance.choice([payload(chance), b"".join(chance.choices(BLOCKS, k=3))])
        opcode = chance.choice([0, 1, 1, 1, 2, 8, 9, 10, chance.randrange(16)])
        if opcode == 8 and chance.random() < 0.5:
            part = close_payload(chance.choice([1000, 1005, 4401, 5000]), part[:123])
        part = part[:125] if opcode >= 8 and chance.random() < 0.9 else part
        fin, rsv = chance.random() < 0.7, chance.choice([0] * 9 + [4])
        out.append(frame(opcode, part, fin=fin, rsv=rsv, mask=chance.random() < 0.05))
    if chance.random() < 0.1:
        out.append(chance.randbytes(9))
    return b"".join(out)


def test_a_link_hears_anything() -> None:
    Target("links").run(make_link, check_link, 400)


KEYS = [Key("rocks", "latest", 10.0), Key("frame", "all", None)]


def check_session(data: bytes) -> None:
    """Two calls, and two subscriptions, with what a server says to that."""
    session = Session()
    link = opened()
    link.receive(ANSWER, 0.0)
    assert link.is_open
    session.attach(link)
    calls = [session.call("slow"), session.call("steps", progress=True)]
    feeds = [Feed(key) for key in KEYS]
    for feed in feeds:
        session.subscribe(feed.key, 1, feed)  # calls 3 and 4
    session.handle(data.split(SEPARATOR))
    for feed in feeds:
        session.subscriptions.remove(feed, is_connected=True)
    session.cancel(calls[1])
    session.receive(b"", 0.0)
    assert calls[0].done, "the link is gone"
    for outcome in [calls[0].result, *(lambda feed=feed: drained(feed) for feed in feeds)]:
        with suppress(RpcError, ClientError):
            try:
                outcome()
            except Exception as error:
                print(error, repr(error), file=io.StringIO())
                raise


def drained(feed: Feed) -> None:
    assert feed.dropped >= 0
    while feed.ready:
        feed.take()


def make_replies(chance: Random) -> bytes:
    """Answers to the calls, and notifications, which are right, or nearly."""

    def member(usual: str) -> str:
        return value(chance) if chance.random() < 0.15 else usual

    def reply() -> str:
        ident = member(chance.choice(["1", "2", "3", "3", "4", "4", "null"]))
        if chance.random() < 0.3:
            error = {"code": chance.choice([-32601, -32000, 5]), "message": "no"}
            text = json.dumps(error)[:-1] + f', "data": {value(chance)}}}'
            return f'{{"jsonrpc": "2.0", "id": {ident}, "error": {member(text)}}}'
        number = member(chance.choice(["7", "8"]))
        past = f'{{"value": {value(chance)}, "time": {member("1.5")}, "frame": {member("3")}}}'
        result = f'{{"subscription": {number}, "history": {member(f"[{past}]")}}}'
        return f'{{"jsonrpc": "2.0", "id": {ident}, "result": {member(result)}}}'

    def told() -> str:
        number = f'"subscription": {member(chance.choice(["7", "8"]))}'
        method, params = chance.choice(
            [
                (
                    "topic.data",
                    f'{number}, "value": {scalar(chance)}, "time": 1.0, "frame": {member("1")},'
                    f' "sequence": {member("2")}',
                ),
                ("topic.dropped", f'{number}, "count": {member("5")}'),
                (
                    "topic.ended",
                    f'{number}, "topic": "", "error": {{"code": {member("1")}, "message": "x"}}',
                ),
                ("rpc.progress", f'"id": {member("2")}, "value": {value(chance)}'),
                ("x", number),
            ]
        )
        return f'{{"jsonrpc": "2.0", "method": "{method}", "params": {member(f"{{{params}}}")}}}'

    texts = []
    for _ in range(chance.randrange(1, 10)):
        text = reply() if chance.random() < 0.5 else told()
        kind = chance.random()
        if kind < 0.1:
            text = f"[{text},{reply()}]"
        elif kind < 0.15:
            text = value(chance)
        texts.append(text.encode("utf-8", "surrogatepass"))
    return SEPARATOR.join(texts)


def test_a_client_hears_any_replies() -> None:
    Target("replies").run(make_replies, check_session, 1500)
