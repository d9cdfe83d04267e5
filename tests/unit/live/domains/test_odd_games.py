"""A game may put anything into what Python keeps for it. One oddity of a game hides nothing else
from those who ask a built-in method."""

from __future__ import annotations

import json
import linecache
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import pytest
from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of, request

from stagedoor.live.domains import rpc
from stagedoor.live.domains.logs import hooks
from stagedoor.live.domains.logs import methods as logs
from stagedoor.live.domains.logs.capture import log
from stagedoor.live.domains.process import methods as process
from stagedoor.live.rpc.hub import Hub

HUGE = 10**5000


class Odd:
    """Nothing can be asked of it."""

    def _ask(self, *_: object) -> Any:
        raise SystemExit("asked")

    __class__ = property(_ask)  # type: ignore[assignment]
    __str__ = __repr__ = __bool__ = __lt__ = __len__ = __eq__ = _ask
    __hash__ = object.__hash__


class OddText(str):
    """A text whose methods raise."""

    def _ask(self, *_: object) -> Any:
        raise SystemExit("asked")

    casefold = isascii = encode = startswith = __lt__ = __str__ = __getitem__ = __len__ = _ask  # type: ignore
    __hash__ = str.__hash__


def made(value: Any) -> Any:
    """What stands in a table: pytest would ask odd objects, and print a huge number."""
    return value() if type(value) in (FunctionType, type) else value


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = new_hub()
    for domain in (rpc, logs, process):
        domain.add_to(parts_of(hub))
    log.ring.clear()
    yield hub
    hub.runner.close()
    log.ring.clear()


def ask(hub: Hub, name: str, params: object = None) -> Any:
    connection: FakeConnection = connect(hub)
    connection.deliver(json.dumps(request(name, params or {})))
    for _ in range(10_000):
        if not hub.runner.calls:
            break
        frame(hub)
    (answer,) = connection.messages()
    assert "result" in answer, answer
    return answer["result"]


def argv_of(value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(sys, "argv", made(value))


def no_argv(patch: pytest.MonkeyPatch) -> None:
    patch.delattr(sys, "argv")


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        (argv_of(None), []),
        (no_argv, []),
        (argv_of(7), []),
        (argv_of(Odd), []),
        (argv_of(("a", "b")), ["a", "b"]),
        (argv_of(lambda: ["a", None, 7, OddText("b")]), ["a", "None", "7", "b"]),
        (argv_of(lambda: ["a", Odd(), "\udce9"]), ["a", "(its text cannot be had)", "\\udce9"]),
    ],
)
def test_arguments_of_a_program(
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    odd: Callable[[pytest.MonkeyPatch], None],
    expected: list[str],
) -> None:
    odd(monkeypatch)
    found = ask(hub, "process.info")
    monkeypatch.undo()
    assert found["argv"] == expected


@pytest.mark.parametrize(
    "default",
    [
        lambda: HUGE,
        lambda: [HUGE],
        lambda: {"a": HUGE},
        Odd,
        OddText,
        "\udce9",
        lambda: {Odd(): 1},
        object,
    ],
)
def test_defaults_of_methods(hub: Hub, default: object) -> None:
    given = made(default)

    def odd(a: Any = given, b: int = 2) -> None: ...

    hub.methods.add(odd)
    (found,) = [one for one in ask(hub, "rpc.discover")["methods"] if one["name"] == "odd"]
    assert found["params"][1]["schema"]["default"] == 2
    assert ask(hub, "rpc.discover")["methods"]


@pytest.mark.parametrize("literal", ["0x" + "f" * 5000, "1e999", "b'\\xff'", "1j", "{1: {2: 3}}"])
def test_examples_of_methods(hub: Hub, literal: str) -> None:
    def odd(a: Any) -> None: ...

    odd.__doc__ = f"Odd.\n\n>>> odd({literal})\n{literal}\n\n>>> odd(1)\n2\n"
    hub.methods.add(odd)
    (found,) = [one for one in ask(hub, "rpc.discover")["methods"] if one["name"] == "odd"]
    assert found["examples"][-1]["result"]["value"] == 2


def said(message: str) -> logging.LogRecord:
    return logging.LogRecord("game.odd", 30, "file", 1, message, None, None)


FIELDS = ["levelno", "levelname", "name", "created", "lineno", "pathname", "funcName",
          "threadName", "msg", "args", "exc_info", "exc_text", "stack_info"]  # fmt: skip


@pytest.mark.parametrize(
    "value", [None, "text", 7, lambda: HUGE, 1.5, Odd, OddText, list, "\udce9"]
)
@pytest.mark.parametrize("field", FIELDS)
def test_records_of_the_log(hub: Hub, field: str, value: object) -> None:
    record = said("odd")
    setattr(record, field, made(value))
    if field == "exc_text":
        record.exc_info = ValueError, ValueError("a"), None
    for one in (said("before"), record, said("after")):
        log.ring.append(hooks._record_of(one))
    for params in ({}, {"level": "WARNING"}, {"logger": "game.odd"}, {"text": "a"}):
        found = [one["message"] for one in ask(hub, "logs.history", params)["records"]]
        assert "after" in found, params
    assert [one["message"] for one in ask(hub, "logs.history")["records"]][::2] == [
        "before", "after"]  # fmt: skip


@pytest.mark.parametrize("field", ["level", "propagate", "disabled", "handlers", "parent"])
@pytest.mark.parametrize("value", [None, "text", lambda: HUGE, Odd, list, dict])
def test_attributes_of_loggers(hub: Hub, field: str, value: object) -> None:
    odd, well = logging.Logger("game.odd"), logging.Logger("game.well", 30)
    known: Any = logging.root.manager.loggerDict
    odd.__dict__[field] = made(value)
    known["game.odd"], known["game.well"], known[7], known[OddText("x")] = odd, well, well, Odd()
    try:
        found = {one["name"]: one for one in ask(hub, "logs.loggers")}
    finally:
        for name in ("game.odd", "game.well", 7, OddText("x")):
            known.pop(name)
    assert found["game.well"]["level"] == "WARNING"
    assert {"root", "game.odd", "7"} <= found.keys()


def test_names_of_levels(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in [(None, 1), (7, 2), (OddText("odd"), 3), ("x", "y")]:
        monkeypatch.setitem(logging._nameToLevel, name, number)  # type: ignore[arg-type]
    log.ring.append(hooks._record_of(said("odd")))
    assert len(ask(hub, "logs.history", {"level": "warning"})["records"]) == 1


@pytest.mark.parametrize(
    ("file", "entry"),
    [
        ("\udce9.py", None),
        ("odd.py", (1, None, [7, 7], "odd.py")),
        ("odd.py", (1, None, None, "odd.py")),
        ("odd.py", lambda: (Odd(),)),
        ("odd.py", Odd),
        ("odd.py", 7),
        ("odd.py", ()),
        ("odd.py", lambda: (1, None, ["\udce9\n", OddText("a")], "odd.py")),
    ],
)
def test_sources_of_stacks(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, file: str, entry: object
) -> None:
    if entry is not None:
        monkeypatch.setitem(linecache.cache, file, made(entry))  # type: ignore[arg-type]

    def asked() -> Any:
        try:
            return ask(hub, "process.stacks")
        finally:
            monkeypatch.undo()  # or pytest cannot tell of a failure

    names: dict[str, Any] = {"found": [], "ask": asked}
    exec(compile("def odd():\n found.append(ask())\nodd()", file, "exec"), names)
    functions = [one["function"] for one in names["found"][0][0]["frames"]]
    assert {"odd", "test_sources_of_stacks"} <= set(functions)


@pytest.mark.parametrize("name", [None, 7, Odd, OddText, "\udce9"])
def test_names_of_threads(hub: Hub, name: object) -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait, args=(10.0,), daemon=True)
    thread.start()
    thread._name = made(name)  # type: ignore[attr-defined]
    try:
        found = ask(hub, "process.stacks")
    finally:
        thread._name = "odd"  # type: ignore[attr-defined]
        end.set()
        thread.join()
    assert found[0]["is_game_thread"]
    assert thread.ident in [one["ident"] for one in found]


class Lazy(ModuleType):
    def __getattribute__(self, name: str) -> Any:
        raise SystemExit("asked")

    @property
    def __dict__(self) -> Any:
        raise SystemExit("asked")


@pytest.mark.parametrize("name", ["odd", 7, lambda: OddText("odd"), "odd\udce9", Odd])
@pytest.mark.parametrize(
    "module",
    [
        None,
        Odd,
        lambda: Lazy("odd"),
        lambda: ModuleType.__new__(ModuleType),
        lambda: ModuleType("odd"),
    ],
)
def test_modules(hub: Hub, name: Any, module: Any) -> None:
    name, module = made(name), made(module)
    if type(module) is ModuleType and ModuleType.__dict__["__dict__"].__get__(module):
        module.__dict__.update(__file__=OddText("a.py"), __version__=OddText("1"))
    sys.modules[name] = module
    try:
        found = ask(hub, "process.modules", {"count": 1000, "text": "o"})
    finally:
        del sys.modules[name]
    assert "os" in {one["name"] for one in found["modules"]}
