"""Whatever code of the game raises, wherever a call runs it: the caller gets one answer, and the
game's loop nothing, except for Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import pytest
from msgspec import Raw
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    FakeSink,
    NoFastPath,
    connect,
    frame,
    new_hub,
    parts_of,
    request,
    session_of,
)

from stagedoor.live.domains import frame as frame_domain
from stagedoor.live.rpc.hub import Hub
from stagedoor.wire.errors import RpcError

PATIENCE = 10.0


class OddError(BaseException):
    """No Exception."""


def lying(name: str, base: type[BaseException], answer: object) -> type[BaseException]:
    """An exception that says this of its class, or raises it."""

    def told(_: object) -> object:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return type(name, (base,), {"__class__": property(told)})


def shut(name: str, base: type[BaseException], error: BaseException) -> type[BaseException]:
    """An exception that raises this when it is asked for anything at all."""

    def ask(*_: object) -> Any:
        raise error

    members = {"__getattribute__": ask, "__bool__": ask, "__str__": ask, "__eq__": ask}
    return type(name, (base,), {**members, "__hash__": None})


LIARS: list[type[BaseException]] = [
    lying("NoClass", Exception, ZeroDivisionError()),
    lying("NoClassEnds", Exception, SystemExit()),
    lying("NoClassOdd", TypeError, OddError()),
    lying("NoClassBase", BaseException, OddError()),
    lying("AsCtrlC", Exception, KeyboardInterrupt),
    lying("AsCtrlCValue", ValueError, KeyboardInterrupt),
    lying("AsRpc", Exception, RpcError),
    lying("AsNoClass", Exception, 7),
    shut("Shut", Exception, ValueError("asked")),
    shut("ShutEnds", LookupError, SystemExit()),
    shut("ShutOdd", TypeError, OddError()),
    shut("ShutBase", BaseException, OddError()),
    shut("ShutRpc", RpcError, SystemExit()),
    type("Counted", (Exception,), {"__len__": lambda _: 1 // 0}),
    type("Noted", (Exception,), {"__notes__": property(lambda _: 1 // 0)}),
]  # fmt: skip


RAISED: list[type[BaseException]] = [
    AttributeError, AssertionError, TypeError, ValueError, LookupError, ReferenceError, OSError,
    StopIteration, StopAsyncIteration, RecursionError, MemoryError, UnicodeError,
    GeneratorExit, SystemExit, asyncio.CancelledError, asyncio.TimeoutError, OddError,
    KeyboardInterrupt, *LIARS,
]  # fmt: skip
WHERE = ["handler", "encoder", "class", "decoder", "text", "progress", "close"]
KINDS = ["fast", "whole", "coroutine", "generator", "thread", "frame.batch"]
FORMS = ["call", "batch", "notification"]
ONLY = {"progress": ["generator"], "close": ["generator"]}
"""The kinds of methods that have such a place, if not all have."""


class Own:
    """A type of the game's."""


@dataclass
class Checked:
    value: int

    def __post_init__(self) -> None:
        Checked.check()

    @staticmethod
    def check() -> None: ...


def raising(error: BaseException) -> Callable[..., Any]:
    def call(*_: object) -> Any:
        raise error

    return call


def liar(error: BaseException) -> object:
    """An object whose class cannot be asked for."""

    class Liar:
        @property
        def __class__(self) -> Any:
            raise error

    return Liar()


def mute(error: BaseException) -> Exception:
    """An exception whose text cannot be had."""

    class MuteError(Exception):
        def __str__(self) -> str:
            raise error

    return MuteError()


@pytest.fixture
def hub(caplog: pytest.LogCaptureFixture) -> Iterator[Hub]:
    caplog.set_level(logging.CRITICAL + 1)  # pytest's own handler asks for the texts, too
    hub = new_hub()
    frame_domain.add_to(parts_of(hub))
    hub.methods.add(lambda: "well", "healthy", role="viewer")
    yield hub
    hub.runner.close()


def offer(hub: Hub, where: str, kind: str, error: BaseException) -> None:
    """Add the method `odd`, which comes to raise this there."""

    def body() -> object:
        match where:
            case "handler":
                raise error
            case "encoder":
                return [Own()]
            case "class":
                return liar(error)
            case "text":
                raise mute(error)
        return "well"

    hub.encoders[Own] = raising(error)
    if kind == "coroutine":

        async def odd(of: Checked | None = None) -> object:
            await asyncio.sleep(0)
            return body()

        hub.methods.add(odd)
    elif kind == "generator":

        def odd_steps(of: Checked | None = None) -> Iterator[object]:
            try:
                yield Own() if where == "progress" else 1
                return body()  # type: ignore[return-value]
            finally:
                if where == "close":
                    raise error

        hub.methods.add(odd_steps, "odd")
    else:

        def odd_at_once(of: Checked | None = None) -> object:
            return body()

        hub.methods.add(odd_at_once, "odd", thread=kind == "thread")


def message(where: str, kind: str, form: str) -> str:
    params: Any = {"of": {"value": 1}} if where == "decoder" else {}
    call = request("odd", params)
    if kind == "frame.batch":
        call = request("frame.batch", {"calls": [{"method": "odd", "params": params}]})
    if form == "notification":
        del call["id"]
    others = request("healthy", ident=2), request("healthy", ident=3)
    return json.dumps([others[0], call, others[1]] if form == "batch" else call)


def run(hub: Hub, connection: FakeConnection, text: str) -> list[BaseException]:
    """Send a message, and go on until nothing is under way. Returns what the game's loop got."""
    escaped: list[BaseException] = []

    def step(call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:
            escaped.append(error)

    step(lambda: connection.deliver(text))
    for _ in range(1000):
        if not hub.runner.calls:
            break
        for thread in threading.enumerate():
            if thread.name == "stagedoor-odd":
                thread.join(PATIENCE)
        step(lambda: frame(hub))
    return escaped


def made(raised: type[BaseException]) -> BaseException:
    return raised.__new__(raised, "on purpose") if raised in LIARS else raised("on purpose")


@pytest.mark.parametrize(
    ("where", "kind", "form"),
    [case for case in product(WHERE, KINDS, FORMS) if case[1] in ONLY.get(case[0], KINDS)],
)
def test_the_caller_is_answered_once_and_the_loop_goes_on(
    hub: Hub, where: str, kind: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(hub)
    if kind == "whole":
        session_of(hub, connection)._fast = cast(Any, NoFastPath())
    for raised in RAISED:
        error = made(raised)
        offer(hub, where, kind, error)
        if where == "decoder":
            monkeypatch.setattr(Checked, "check", staticmethod(raising(error)))

        escaped = run(hub, connection, message(where, kind, form))

        answers = [answer for answer in connection.messages() if "method" not in answer]
        is_ctrl_c = raised is KeyboardInterrupt and not is_elsewhere(where, kind)
        if form == "notification":
            assert answers == [], raised
            is_ctrl_c = is_ctrl_c and is_needed_unanswered(where, kind)
        else:
            (answer,) = answers
            if form == "batch":
                assert [one["id"] for one in answer if one["id"] != 1] == [2, 3], raised
                (answer,) = [one for one in answer if one["id"] == 1]
            if where == "progress" and not is_ctrl_c:  # it is logged, and the call goes on
                assert answer["result"] == "well", raised
            else:
                check_answer(answer, kind)
        assert [type(one) for one in escaped] == ([KeyboardInterrupt] if is_ctrl_c else [])
        assert connection.call("healthy")["result"] == "well", raised
        assert not hub.running
        assert not hub.runner.calls


def is_elsewhere(where: str, kind: str) -> bool:
    """Whether it is raised on a thread that is not the game's."""
    return kind == "thread" and where in ("handler", "text")


def is_needed_unanswered(where: str, kind: str) -> bool:
    """Whether a call without an answer comes to raise it, too."""
    return where not in ("encoder", "class", "progress") or (
        kind == "frame.batch"  # it does not know that nobody wants its results
    )


def check_answer(answer: Any, kind: str) -> None:
    """It is an error, or tells of one."""
    if kind == "frame.batch" and "result" in answer:
        (answer,) = answer["result"]["results"]
    assert isinstance(answer["error"]["code"], int)
    assert isinstance(answer["error"]["message"], str)


def of_changing_set(hub: Hub, *others: object) -> list[object]:
    """A value with a set in it that changes while it is encoded."""
    things: set[object] = {Own() for _ in range(200)}

    def leave(value: object) -> int:
        things.discard(value)
        return 1

    hub.encoders[Own] = leave
    return [things, *others]


@pytest.mark.parametrize("others", [[], [1], ["a", {"b": [2.5, None]}]])
@pytest.mark.parametrize("kind", [*KINDS, "whole"])
def test_a_set_that_changes_while_it_is_encoded_is_not_cut(
    hub: Hub, kind: str, others: list[object]
) -> None:
    connection = connect(hub)
    if kind == "whole":
        session_of(hub, connection)._fast = cast(Any, NoFastPath())
    offer_result(hub, kind, lambda: of_changing_set(hub, *others))
    assert run(hub, connection, message("", kind, "call")) == []
    (answer,) = [one for one in connection.messages() if "method" not in one]
    if kind == "frame.batch":
        (answer,) = answer["result"]["results"]
    assert answer["error"]["code"] == -32603
    assert "Set changed size" in answer["error"]["data"]["reason"]


def test_a_topic_whose_set_changes_while_it_is_encoded_has_no_value(hub: Hub) -> None:
    topic = hub.topics.add("odd", lambda: of_changing_set(hub, 1), history=3)
    for _ in range(3):
        frame(hub)
        hub.topics.emit("odd", of_changing_set(hub))
    assert not topic.history
    assert topic.is_failing


@pytest.mark.parametrize("kind", ["coroutine", "thread"])
def test_ctrl_c_of_an_exception_that_is_asked_is_the_games_only_on_its_thread(
    hub: Hub, kind: str
) -> None:
    connection = connect(hub)
    kept = shut("Kept", Exception, KeyboardInterrupt())
    offer(hub, "handler", kind, kept.__new__(kept))
    escaped = run(hub, connection, message("handler", kind, "call"))
    (answer,) = connection.messages()
    assert answer["error"]["code"] == -32000
    assert len(escaped) == (0 if kind == "thread" else 1)


def bad_error(**fields: object) -> RpcError:
    error = RpcError(7, "no")
    error.__dict__.update(fields)
    return error


def dead() -> object:
    return weakref.proxy(Own())


@pytest.mark.parametrize(
    "result",
    [dead, lambda: [dead()], lambda: Raw(b"\xff"), lambda: {"a": [Raw(b'"\xff"')]},
     lambda: Raw(b"{"), lambda: [[[Raw(b"1,2]")]]], lambda: Raw(b""), lambda: {Own(): 1},
     lambda: iter([1])],
)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_a_result_that_is_no_json_is_an_error(
    hub: Hub, kind: str, result: Callable[[], object]
) -> None:
    connection = connect(hub)
    offer_result(hub, kind, result)
    assert run(hub, connection, message("", kind, "batch")) == []
    (answers,) = [one for one in connection.messages() if isinstance(one, list)]
    (answer,) = [one for one in answers if one["id"] == 1]
    check_answer(answer, kind)


def offer_result(hub: Hub, kind: str, result: Callable[[], object]) -> None:
    if kind == "coroutine":

        async def odd() -> object:
            return result()

        hub.methods.add(odd)
    elif kind == "generator":

        def odd_steps() -> Iterator[object]:
            yield 1
            return result()  # type: ignore[return-value]

        hub.methods.add(odd_steps, "odd")
    else:
        hub.methods.add(lambda: result(), "odd", thread=kind == "thread")


def decoded_with(error: BaseException) -> Callable[..., Any]:
    """A method of whose param this comes."""

    @dataclass
    class Odd:
        value: int

        def __post_init__(self) -> None:
            raise error

    def decoded(of: Odd) -> None: ...

    decoded.__annotations__["of"] = Odd
    return decoded


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RpcError(7, "no", {"a": 1}), 7),
        (RpcError(7, "no", {"a": Own()}), -32603),
        (bad_error(code="seven"), -32000),
        (bad_error(code=2**70), -32000),
        (bad_error(message=None), -32000),
        (RpcError.__new__(RpcError), -32000),
        (RpcError(7, "of \udce9"), 7),
        (type("Own", (RpcError,), {"code": property(lambda _: 1 // 0, lambda *_: None)})(7, ""),
         -32000),
        (type("Own", (RpcError,), {"data": property(lambda _: 1 // 0, lambda *_: None)})(7, ""),
         7),
    ],
)  # fmt: skip
def test_an_error_of_the_rpc_that_a_game_has_made_up_is_answered(
    hub: Hub, error: RpcError, code: int
) -> None:
    connection = connect(hub)
    hub.methods.add(lambda: raising(error)(), "odd")
    hub.methods.add(decoded_with(error), "decoded")
    for kind in ("fast", "frame.batch", "decoded"):
        if kind == "decoded":
            connection.deliver(json.dumps(request("decoded", {"of": {"value": 1}})))
        else:
            assert run(hub, connection, message("", kind, "call")) == []
        (answer,) = connection.messages()
        if kind == "frame.batch":
            (answer,) = answer["result"]["results"]
        assert answer["error"]["code"] == code


def test_a_log_that_raises_keeps_nobody_from_being_answered(hub: Hub) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("no log")

    logger, handler = logging.getLogger("stagedoor"), Broken()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        connection = connect(hub)
        hub.methods.add(lambda: 1 // 0, "odd")
        assert connection.call("odd")["error"]["data"]["type"] == "ZeroDivisionError"
        assert connection.receive("no request")["error"]["code"] == -32700
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def test_a_thread_that_is_not_to_be_had_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(hub)
    hub.methods.add(lambda: 1, "odd", thread=True)
    monkeypatch.setattr(threading.Thread, "start", raising(RuntimeError("no thread")))
    assert "no thread" in connection.call("odd")["error"]["data"]["reason"]
    assert not session_of(hub, connection).calls


class Number:
    """Its operators raise."""

    def __init__(self, error: BaseException) -> None:
        self.__class__.__truediv__ = self.__class__.__gt__ = raising(error)  # type: ignore


@pytest.mark.parametrize("where", ["read", "encoder", "mean", "peak", "emit"])
@pytest.mark.parametrize("raised", RAISED, ids=lambda raised: raised.__name__)
def test_a_topic_that_raises_spares_the_others(
    hub: Hub, where: str, raised: type[BaseException]
) -> None:
    error = made(raised)
    hub.encoders[Own] = raising(error)
    read = {"read": raising(error), "encoder": Own}.get(where, lambda: Number(error))
    odd = hub.topics.add("odd", None if where == "emit" else read)
    well = hub.topics.add("well", lambda: 1)
    mode: Any = where if where in ("mean", "peak") else "all"
    hub.topics.group(odd, mode, 0.001 if where == "peak" else None)  # values must meet
    group = hub.topics.group(well, "all", None)
    for _ in range(3):
        try:
            if where == "emit":
                hub.topics.emit("odd", Own())
            frame(hub)
        except KeyboardInterrupt:
            assert raised is KeyboardInterrupt
            return
    assert raised is not KeyboardInterrupt
    assert cast(FakeSink, hub.topics.sink).values(group.number) == [1, 1, 1]
