"""The console's methods, without a network."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE
from tests.unit.live.rpc.fakes import FakeConnection, connect, new_hub, parts_of

from stagedoor.live.domains import console
from stagedoor.live.domains.console import methods
from stagedoor.live.domains.console.evaluate import MAX_ITEMS, MAX_TEXT
from stagedoor.live.domains.parts import Parts
from stagedoor.live.rpc.hub import Hub
from stagedoor.wire.roles import Role


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The game's main module."""
    module = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    return module


@pytest.fixture
def parts(main: ModuleType) -> Iterator[Parts]:
    parts = parts_of(new_hub())
    parts.has_console = True
    console.add_to(parts)
    yield parts
    assert parts.hub.occupied is None


@pytest.fixture
def hub(parts: Parts) -> Hub:
    return parts.hub


@pytest.fixture
def connection(hub: Hub) -> FakeConnection:
    return connect(hub, Role.ADMIN)


def evaluate(connection: FakeConnection, code: str) -> Any:
    return connection.call("console.evaluate", {"code": code})["result"]


def test_there_are_none_unless_the_stage_was_started_with_a_console() -> None:
    hub = new_hub()
    console.add_to(parts_of(hub))
    assert not [method for method in hub.methods if method.name.startswith("console.")]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
@pytest.mark.parametrize("method", ["console.evaluate", "console.complete", "console.interrupt"])
def test_they_are_for_admins_only(hub: Hub, role: Role, method: str, main: ModuleType) -> None:
    answer = connect(hub, role).call(method, {"code": "x = 1"})
    assert answer["error"]["code"] == -32003
    assert not hasattr(main, "x")


def test_code_runs_in_the_games_main_module(connection: FakeConnection, main: ModuleType) -> None:
    vars(main)["hp"] = 3
    assert evaluate(connection, "hp += 1\nhp")["value"] == 4
    assert vars(main)["hp"] == 4


def test_an_evaluation_has_all_that_came_of_it(hub: Hub, connection: FakeConnection) -> None:
    hub.frame = 7
    found = evaluate(connection, "print('hello')\n{'a': (1, 2)}")
    assert found.pop("seconds") >= 0
    assert found == {
        "text": "{'a': (1, 2)}",
        "value": {"a": [1, 2]},
        "printed": "hello\n",
        "omitted": 0,
        "error": None,
        "frame": 7,
    }


def test_the_last_value_is_an_underscore(connection: FakeConnection, main: ModuleType) -> None:
    assert evaluate(connection, "_")["text"] is None
    evaluate(connection, "40")
    evaluate(connection, "None")
    evaluate(connection, "x = 1")
    evaluate(connection, "1 / 0")
    assert evaluate(connection, "_ + 2")["value"] == 42
    assert evaluate(connection, "(lambda: _)()")["value"] == 42, "also in an inner scope"
    assert "_" not in vars(main)


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("1 / 0", "ZeroDivisionError", "division by zero"),
        ("1 +", "SyntaxError", "invalid syntax"),
        ("a\0b", None, "null bytes"),
        ("import sys; sys.exit(3)", "SystemExit", "3"),
        ("raise BaseException('odd')", "BaseException", "odd"),
        ("raise GeneratorExit", "GeneratorExit", ""),
        ("def f(): f()\nf()", "RecursionError", "maximum recursion"),
        ("class R:\n    def __repr__(self): 1 / 0\nR()", "ZeroDivisionError", ""),
        ("class E(Exception):\n    def __str__(self): 1 / 0\nraise E", "E", "(its text"),
        ("'\\udce9'.encode()", "UnicodeEncodeError", ""),
        ("-" * 50_000 + "1", None, ""),
    ],
)
def test_what_code_raises_is_told(
    connection: FakeConnection, code: str, kind: str | None, message: str
) -> None:
    found = evaluate(connection, f"print('before')\n{code}")
    assert found["error"]["type"] == kind or kind is None
    assert message in found["error"]["message"]
    assert len(found["error"]["traceback"]) <= MAX_TEXT
    assert evaluate(connection, "1")["value"] == 1


def test_a_traceback_begins_with_the_consoles_code(connection: FakeConnection) -> None:
    trace = evaluate(connection, "def fail():\n    return 1 / 0\nfail()")["error"]["traceback"]
    assert trace.splitlines()[1].startswith('  File "<console ')
    assert "    return 1 / 0" in trace
    assert "evaluate.py" not in trace
    assert "source.py" not in trace


def test_what_was_printed_before_an_error_is_told(connection: FakeConnection) -> None:
    assert evaluate(connection, "print('here')\n1 / 0")["printed"] == "here\n"


@pytest.mark.parametrize(
    ("code", "length"),
    [
        ("list(range(10**6))", MAX_TEXT + 3),
        ("'x' * 10**8", MAX_TEXT + 3),
        ("{n: n for n in range(10**5)}", MAX_TEXT + 3),
        ("set(range(10**5))", MAX_TEXT + 3),
        ("object()", MAX_TEXT),
        ("list(range(1001))", MAX_ITEMS * 5 + 3),
    ],
)
def test_a_large_value_is_cut(connection: FakeConnection, code: str, length: int) -> None:
    found = evaluate(connection, code)
    assert len(found["text"]) <= length
    assert found["value"] is None


def test_ctrl_c_is_the_games(hub: Hub, connection: FakeConnection) -> None:
    with pytest.raises(KeyboardInterrupt):
        evaluate(connection, "raise KeyboardInterrupt")
    (answer,) = connection.messages()
    assert answer["error"]["data"]["type"] == "KeyboardInterrupt"


def test_too_much_code_is_refused(connection: FakeConnection) -> None:
    answer = connection.call("console.evaluate", {"code": "#" * (methods.MAX_CODE + 1)})
    assert answer["error"]["code"] == -32602


def test_an_evaluation_in_an_evaluation_is_refused(
    hub: Hub, connection: FakeConnection, main: ModuleType
) -> None:
    other = connect(hub, Role.ADMIN)
    vars(main)["nested"] = lambda: other.call("console.evaluate", {"code": "1"})
    found = evaluate(connection, "nested()")
    assert found["value"]["error"]["data"]["type"] == "ConsoleBusy"


def test_completion(connection: FakeConnection, main: ModuleType) -> None:
    vars(main)["world"] = 1
    answer = connection.call("console.complete", {"code": "print(worl"})
    assert answer["result"] == {"length": 4, "names": ["world"]}


class Ship:
    def __init__(self) -> None:
        self.hp = 3
        self._fuel = 1

    @property
    def trap(self) -> Any:
        raise AssertionError("code of the game ran")


def test_the_roots_are_names_too(
    parts: Parts, connection: FakeConnection, main: ModuleType
) -> None:
    ship = Ship()
    parts.roots.expose("ship", ship)
    assert evaluate(connection, "ship.hp")["value"] == 3
    assert evaluate(connection, "[ship.hp for _ in range(2)]")["value"] == [3, 3]
    assert "ship" not in vars(main)
    found = connection.call("console.complete", {"code": "ship.h"})["result"]
    assert found == {"length": 1, "names": ["hp"]}
    vars(main)["ship"] = "the game's own"
    assert evaluate(connection, "ship")["value"] == "the game's own"


def test_code_runs_in_the_namespace_of_an_object(
    parts: Parts, connection: FakeConnection, main: ModuleType
) -> None:
    world = ModuleType("world")
    vars(world)["ship"] = ship = Ship()
    parts.roots.expose("world", world)

    def run(code: str) -> Any:
        return connection.call("console.evaluate", {"code": code, "path": "world.ship"})["result"]

    assert run("hp += 1\nself.hp + _fuel")["value"] == 5
    assert ship.hp == 4
    assert not hasattr(main, "hp")
    found = connection.call("console.complete", {"code": "hp", "path": "world.ship"})["result"]
    assert found["names"] == ["hp"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("ship.", "^"),
        ("ship[", "^"),
        ("nothing", "there is no root 'nothing'"),
        ("ship.nothing", "ship is there, and has no attribute 'nothing'"),
        ("ship.trap", "worked out by code of the game"),
        ("ship.hp.__class__", "closed to everybody"),
        ("", "length"),
        ("x" * 20_000, "length"),
    ],
)
@pytest.mark.parametrize("method", ["console.evaluate", "console.complete"])
def test_a_path_that_leads_nowhere_is_told(
    parts: Parts, connection: FakeConnection, method: str, path: str, reason: str
) -> None:
    ship = Ship()
    parts.roots.expose("ship", ship)
    error = connection.call(method, {"code": "hp", "path": path})["error"]
    assert (error["code"], error["data"]["path"]) == (-32602, "$.path")
    assert reason in error["data"]["reason"]


def test_there_may_be_nothing_to_interrupt(connection: FakeConnection) -> None:
    found = connection.call("console.interrupt")["result"]
    assert found == {"running": False, "ended": False, "where": None, "advice": "nothing runs"}


def test_an_endless_loop_is_interrupted_from_another_connection(
    hub: Hub, connection: FakeConnection
) -> None:
    other = connect(hub, Role.ADMIN)
    found: list[Any] = []

    game = threading.get_ident()

    def interrupt() -> None:
        deadline = time.monotonic() + PATIENCE
        while not sys._current_frames()[game].f_code.co_filename.startswith("<console "):
            assert time.monotonic() < deadline
        found.append(other.call("console.interrupt")["result"])

    thread = threading.Thread(target=interrupt)
    thread.start()
    ended = evaluate(connection, "print('begins')\nwhile True:\n    pass")
    thread.join()
    assert ended["error"]["type"] == "Interrupted"
    assert ended["printed"] == "begins\n"
    assert 'File "<console ' in ended["error"]["traceback"]
    assert found[-1]["ended"]
    assert found[-1]["where"]["file"].startswith("<console ")
    assert evaluate(connection, "1")["value"] == 1


def test_what_is_lent_is_taken_back_also_after_an_interrupt(
    hub: Hub, connection: FakeConnection, main: ModuleType
) -> None:
    other = connect(hub, Role.ADMIN)
    evaluate(connection, "40")

    def interrupt() -> None:
        deadline = time.monotonic() + PATIENCE
        while not other.call("console.interrupt")["result"]["running"]:
            assert time.monotonic() < deadline

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert evaluate(connection, "while _: pass")["error"]["type"] == "Interrupted"
    thread.join()
    assert "_" not in vars(main)
