"""`Methods`: what can be called, by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from msgspec import UNSET, Raw

from stagedoor.live.rpc.methods import Methods
from stagedoor.wire.errors import InvalidParams, MethodNotFound


def spawn(count: int = 1) -> int:
    return count


def test_a_function_is_called_by_its_own_name_or_another() -> None:
    methods = Methods()
    methods.add(spawn)
    methods.add(spawn, "rocks.spawn")
    assert [method.name for method in methods] == ["spawn", "rocks.spawn"]
    for name in ("spawn", "rocks.spawn"):
        assert methods[name].call(Raw(b'{"count": 3}')) == 3
        assert methods[name].call(UNSET) == 1


def test_registering_a_name_again_replaces_it() -> None:
    methods = Methods()
    methods.add(spawn)
    methods.add(lambda: "new", "spawn")
    assert methods["spawn"].call(UNSET) == "new"
    assert len(list(methods)) == 1


def test_a_name_that_is_not_there_is_method_not_found() -> None:
    with pytest.raises(MethodNotFound) as raised:
        Methods()["spwan"]
    assert raised.value.method == "spwan"


@pytest.mark.parametrize("name", ["spawn", "player.heal", "a.b.c", "Spawn2", "x_y"])
def test_names_that_can_be(name: str) -> None:
    methods = Methods()
    methods.add(spawn, name)
    assert methods[name].name == name


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a.", ".a", "a..b", "1a", "a.1", "_hidden", "a._b", "<lambda>", "café", "a\n"],
)
def test_a_name_that_cannot_be_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="name must be like"):
        Methods().add(spawn, name)


def test_a_lambda_without_a_name_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="name must be like"):
        Methods().add(lambda: None)


def test_names_that_belong_to_json_rpc_are_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"rpc\.discover.*belong to JSON-RPC"):
        Methods().add(spawn, "rpc.discover")


async def coroutine() -> None: ...


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("function", [coroutine, generator, async_generator])
def test_what_cannot_be_run_on_the_game_thread_yet_is_a_type_error(function: Any) -> None:
    methods = Methods()
    with pytest.raises(TypeError, match="expected a plain function"):
        methods.add(function)
    assert list(methods) == []


@pytest.mark.parametrize("value", [5, "spawn", None])
def test_what_cannot_be_called_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match="expected a function"):
        Methods().add(value, "spawn")


def test_wrong_params_do_not_reach_the_function() -> None:
    called: list[int] = []

    def note(count: int) -> None:
        called.append(count)

    methods = Methods()
    methods.add(note)
    with pytest.raises(InvalidParams):
        methods["note"].call(Raw(b'{"count": "three"}'))
    assert called == []
