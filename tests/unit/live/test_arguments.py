"""Arguments are checked where they are given: the error says which one, what it must be, and what
came instead."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import stagedoor
from stagedoor import Limits
from stagedoor.client.asyncio.client import AsyncClient
from stagedoor.client.sync.client import Client
from stagedoor.live.net.websocket import WebSocketServer
from stagedoor.live.stage import Stage


class Ship:
    @property
    def speed(self) -> int:
        raise AssertionError("it is read")

    @classmethod
    def build(cls) -> int:
        return 1

    @staticmethod
    def scale(factor: int) -> int:
        return factor

    def fly(self) -> int:
        return 2


async def coroutine() -> None: ...


def generator() -> Iterator[int]:
    yield 1


class Kind(enum.Enum):
    BAD = "\udce9"


def choosing(kind: Kind) -> None: ...


def plain() -> int:
    return 1


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", str(tmp_path / "runtime"))
    stage = Stage("arguments")
    yield stage
    stage.close()


STAGE: list[tuple[Callable[[Any], object], str]] = [
    (lambda s: s.start(5), "name must be a str, not int"),
    (lambda s: s.start(port="8787"), "port must be an int, not str"),
    (lambda s: s.start(port=True), "port must be an int, not bool"),
    (lambda s: s.start(console="yes"), "console must be a bool, not str"),
    (lambda s: s.start(port=70000), "port must be 0 to 65535, not 70000"),
    (lambda s: s.start(host=None), "host must be a str, not NoneType"),
    (lambda s: s.start(host=""), "host must not be empty"),
    (lambda s: s.start(hosts="game.local"), "hosts must be a list of strings, not one string"),
    (lambda s: s.start(origins=[5]), "origins must hold strings, not int"),
    (lambda s: s.start(tls="cert.pem"), "tls must be a pair of paths"),
    (lambda s: s.start(limits={}), "limits must be a stagedoor.Limits, not dict"),
    (lambda s: s.start(limits=Limits(max_batch="9")), "max_batch must be an int, not str"),
    (lambda s: s.start(limits=Limits(max_nesting=501)), "max_nesting must be at most 500, not 501"),
    (lambda s: s.rpc("spawn"), "expected a function, not str"),
    (lambda s: s.rpc(choosing), "choosing: parameter 'kind': 'utf-8' codec can't encode"),
    (lambda s: s.rpc(name=5), "name must be a str, not int"),
    (lambda s: s.rpc(name="a b"), "name must be like 'spawn' or 'player.heal', not 'a b'"),
    (lambda s: s.rpc(name="sp\udce9l"), "name must be like"),
    (lambda s: s.rpc(name="game.pause"), "game.pause: this is a built-in method"),
    (lambda s: s.rpc(plain, name="rpc.x"), "rpc.x: names that begin with 'rpc.'"),
    (lambda s: s.rpc(role="boss"), "role must be 'viewer', 'operator' or 'admin', not 'boss'"),
    (lambda s: s.rpc(role=5), "role must be 'viewer', 'operator' or 'admin', not 5"),
    (lambda s: s.rpc(timeout="5"), "timeout must be a number of seconds, not str"),
    (lambda s: s.rpc(timeout=0), "timeout must be more than 0 and at most 1e6 seconds, not 0"),
    (lambda s: s.rpc(timeout=float("nan")), "timeout must be more than 0"),
    (lambda s: s.rpc(thread=1), "thread must be a bool, not int"),
    (lambda s: s.rpc_all(5, Ship()), "prefix must be a str, not int"),
    (lambda s: s.rpc_all("a b", Ship()), "prefix must be like 'spawn'"),
    (lambda s: s.rpc_all("ship", Ship), "instance must be an object, not the class Ship"),
    (lambda s: s.rpc_all("ship", Ship(), role="boss"), "role must be 'viewer'"),
    (lambda s: s.rpc_all("number", object()), "object has no public method"),
    (lambda s: s.remove(5), "name must be a str, not int"),
    (lambda s: s.remove("game.pause"), "game.pause: this is a built-in method; it cannot be"),
    (lambda s: s.encoder("Ship", str), "kind must be a class, not str"),
    (lambda s: s.encoder(Ship, 5), "encode must be callable, not int"),
    (lambda s: s.encoder(Ship, plain), r"encode must take one argument, not \(\)"),
    (lambda s: s.encoder(Ship, coroutine), "encode must be a plain function"),
    (lambda s: s.watch(5, plain), "name must be a str, not int"),
    (lambda s: s.watch("", plain), "name must not be empty"),
    (lambda s: s.watch("logs", plain), "logs: this is a built-in topic"),
    (lambda s: s.watch("rocks", 5), "read must be a function, not int"),
    (lambda s: s.watch("rocks", None), "read must be a function, not NoneType"),
    (lambda s: s.watch("rocks", coroutine), "read must be a plain function: nobody awaits"),
    (lambda s: s.watch("rocks", generator), "read must be a plain function: nobody goes through"),
    (lambda s: s.watch("rocks", len), r"read must take no argument, not \(obj, /\)"),
    (lambda s: s.watch("rocks", Ship.fly), r"read must take no argument, not \(self\)"),
    (lambda s: s.watch("rocks", lambda x: x), r"read must take no argument, not \(x\)"),
    (lambda s: s.watch("rocks", plain, description=5), "description must be a str, not int"),
    (lambda s: s.watch("rocks", plain, history=1.5), "history must be an int, not float"),
    (lambda s: s.watch("rocks", plain, history=-1), r"history must be 0 to 2\*\*40, not -1"),
    (lambda s: s.unwatch(None), "name must be a str, not NoneType"),
    (lambda s: s.unwatch([]), "name must be a str, not list"),
    (lambda s: s.emit(5, 1), "topic must be a str, not int"),
    (lambda s: s.emit("", 1), "topic must not be empty"),
    (lambda s: s.emit([], 1), "topic must be a str, not list"),
    (lambda s: s.emit("logs", 1), "logs: this is a built-in topic"),
    (lambda s: s.span(5), "name must be a str, not int"),
    (lambda s: s.span([]), "name must be a str, not list"),
]


@pytest.mark.parametrize(("call", "text"), STAGE, ids=[text for _, text in STAGE])
def test_a_bad_argument_of_a_stages_method_is_named(
    stage: Stage, call: Callable[[Any], object], text: str
) -> None:
    before = {method.name for method in stage._hub.methods}
    with pytest.raises((TypeError, ValueError), match=f"^{text}"):
        call(stage)
    assert {method.name for method in stage._hub.methods} == before
    assert stage._hub.topics.get("rocks") is None


ANY: Any = None
"""Stands for a client: it is not used before the arguments are checked."""

SERVER: list[tuple[Callable[[Any], object], str]] = [
    (lambda s: WebSocketServer(compression=1), "compression must be a bool, not int"),
    (lambda s: WebSocketServer(max_connections="1"), "max_connections must be an int, not str"),
    (lambda s: WebSocketServer(max_connections=0), r"max_connections must be 1 to 2\*\*40, not 0"),
    (lambda s: WebSocketServer(ping_timeout=[]), "ping_timeout must be a number of seconds"),
    (lambda s: s.listen("80"), "port must be an int, not str"),
    (lambda s: s.listen(80, 5), "host must be a str, not int"),
    (lambda s: s.listen(80, "127.0.0.1", 5), "callback must be callable or None, not int"),
    (lambda s: s.listen(80, coroutine), "callback must be a plain function: nobody awaits"),
    (lambda s: s.listen(80, lambda a, b: 1), "callback must take one argument or none"),
    (lambda s: s.close(5), "callback must be callable or None, not int"),
    (lambda s: s.poll("1"), "budget must be a number of seconds, not str"),
    (lambda s: s.broadcast(5), "data must be str or bytes-like, not int"),
    (lambda s: setattr(s, "onconnection", 5), "onconnection must be callable or None, not int"),
    (lambda s: setattr(s, "onclose", generator), "onclose must be a plain function"),
]


@pytest.mark.parametrize(("call", "text"), SERVER, ids=[text for _, text in SERVER])
def test_a_bad_argument_of_a_server_is_named(call: Callable[[Any], object], text: str) -> None:
    server = WebSocketServer()
    with pytest.raises((TypeError, ValueError), match=f"^{text}"):
        call(server)
    assert server.port is None


CLIENT: list[tuple[Callable[[], object], str]] = [
    (lambda: stagedoor.connect([]), "target must be a name, a URL, a process id or None, not list"),
    (
        lambda: stagedoor.connect("x", role="boss"),
        "role is 'boss', expected one of",
    ),
    (lambda: stagedoor.connect("x", role=5), "role must be a str, not int"),
    (lambda: stagedoor.connect("x", timeout="5"), "timeout must be a number of seconds, not str"),
    (lambda: stagedoor.connect("x", reconnect=1), "reconnect must be a bool, not int"),
    (lambda: Client.with_timeout(ANY, "5"), "seconds must be a number of seconds, not str"),
    (lambda: AsyncClient.with_timeout(ANY, 0), "seconds must be more than 0"),
    (lambda: Client.subscribe(ANY, "x", queue=0), r"queue must be 1 to 2\*\*40, not 0"),
    (lambda: AsyncClient.subscribe(ANY, "x", queue="9"), "queue must be an int, not str"),
    (lambda: stagedoor.connect_async("x", timeout=None), "timeout must be a number of seconds"),
    (lambda: stagedoor.connect_async("x", reconnect=None), "reconnect must be a bool"),
]


@pytest.mark.parametrize(("call", "text"), CLIENT, ids=[text for _, text in CLIENT])
def test_a_bad_argument_of_a_client_is_named(call: Callable[[], Any], text: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{text}"):
        call()


def test_the_methods_of_an_object_are_registered_and_no_property_is_read(stage: Stage) -> None:
    stage.rpc_all("ship", Ship())
    names = {method.name for method in stage._hub.methods if method.name.startswith("ship.")}
    assert names == {"ship.build", "ship.fly", "ship.scale"}


def test_what_a_topic_is_called_may_be_any_text(stage: Stage) -> None:
    stage.watch("size of sp\udce9l.png", plain)
    stage.emit("é", 1)
    names = {topic.name for topic in stage._hub.topics}
    assert {"size of sp\\udce9l.png", "é"} <= names
    stage.unwatch("size of sp\udce9l.png")
    assert "size of sp\\udce9l.png" not in {topic.name for topic in stage._hub.topics}
