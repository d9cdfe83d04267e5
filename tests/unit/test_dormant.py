"""The stage that does nothing: `stagedoor.dormant`."""

import ast
import asyncio
import math
import time
import weakref
from pathlib import Path

import pytest

from stagedoor.dormant import DormantStage

SOURCES = Path(__file__).parents[2] / "python" / "stagedoor"


def test_decorators_hand_the_very_function_back() -> None:
    stage = DormantStage("game")

    def spawn(kind: str, count: int = 1) -> int:
        return count

    assert stage.rpc(spawn) is spawn
    assert stage.rpc(name="rocks.spawn")(spawn) is spawn
    assert stage.rpc()(spawn) is spawn


def test_what_is_exposed_is_not_kept() -> None:
    class World: ...

    stage, world = DormantStage(), World()
    there = weakref.ref(world)
    stage.expose("world", world, methods=["no such method"])
    stage.unexpose("nothing")
    del world
    assert there() is None


def test_tick_and_frame_hand_their_argument_back() -> None:
    stage = DormantStage()
    dt = 0.016_6
    assert stage.tick(dt) is dt
    assert asyncio.run(stage.frame(dt)) is dt


def test_tick_without_a_dt_measures_it() -> None:
    stage = DormantStage()
    assert stage.tick() == 0.0
    before = time.perf_counter()
    time.sleep(0.01)
    assert 0.01 <= stage.tick() <= time.perf_counter() - before + 0.01
    time.sleep(0.01)
    assert asyncio.run(stage.frame()) >= 0.01


@pytest.mark.parametrize("dt", [-0.016, -math.inf, math.inf, math.nan])
def test_a_dt_that_is_no_duration_stays_as_it_is(dt: float) -> None:
    assert DormantStage().tick(dt) is dt


def test_a_span_measures_nothing_and_lets_exceptions_through() -> None:
    span = DormantStage().span("physics")
    assert span is DormantStage().span("draw")
    with span, span:
        pass
    with pytest.raises(ZeroDivisionError), span:
        raise ZeroDivisionError


def test_frame_lets_other_tasks_run() -> None:
    async def game() -> int:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        for _ in range(10):
            await DormantStage().frame(0.016)
        task.cancel()
        return turns

    assert asyncio.run(game()) >= 9


def test_it_says_what_it_is() -> None:
    stage = DormantStage("asteroids")
    assert stage.enabled is False
    assert stage.name == "asteroids"
    assert stage.url is None
    assert stage.port is None
    assert "asteroids" in repr(stage)
    assert "dormant" in repr(stage)


def test_every_public_method_of_the_live_stage_is_here_with_the_same_parameters() -> None:
    live = _public(SOURCES / "live" / "stage.py", "Stage")
    live |= _public(SOURCES / "live" / "offers.py", "Offers")
    dormant = _public(SOURCES / "dormant.py", "DormantStage")
    del live["start"]
    assert live.keys() >= {
        "rpc",
        "expose",
        "tick",
        "frame",
        "close",
        "name",
        "enabled",
        "url",
        "port",
    }
    assert {name: dormant.get(name) for name in live} == live


def _public(file: Path, name: str) -> dict[str, str]:
    """The public members of a class, methods with their parameters. Read, not imported: the live
    stage imports the native module."""
    [found] = [
        node
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    members: dict[str, str] = {}
    for node in found.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                is_property = any(
                    isinstance(mark, ast.Name) and mark.id == "property"
                    for mark in node.decorator_list
                )
                for argument in ast.walk(node.args):
                    if isinstance(argument, ast.arg):
                        argument.annotation = None
                kind = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
                members[node.name] = "" if is_property else kind + ast.unparse(node.args)
            case ast.AnnAssign(target=ast.Name(id=attribute)):
                members[attribute] = ""
    for inner in ast.walk(found):  # self.name = ...
        targets = inner.targets if isinstance(inner, ast.Assign) else []
        for target in targets:
            if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                members[target.attr] = ""
    return {name: text for name, text in members.items() if not name.startswith("_")}
