"""`Methods`: what can be called, by name."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from stagedoor.live.rpc.methods import Kind, Methods
from stagedoor.wire.errors import InvalidParams, MethodNotFound
from stagedoor.wire.roles import Role


def called(methods: Methods, name: str, params: bytes | None) -> object:
    method = methods.by_name[name]
    arguments = method.signature.decode(params)
    positional, by_name = arguments
    return method.function(*positional, **by_name)


def spawn(count: int = 1) -> int:
    return count


def test_a_function_is_called_by_its_own_name_or_another() -> None:
    methods = Methods()
    methods.add(spawn)
    methods.add(spawn, "rocks.spawn")
    assert [method.name for method in methods] == ["spawn", "rocks.spawn"]
    for name in ("spawn", "rocks.spawn"):
        assert called(methods, name, b'{"count": 3}') == 3
        assert called(methods, name, None) == 1


def test_registering_a_name_again_replaces_it() -> None:
    methods = Methods()
    methods.add(spawn)
    methods.add(lambda: "new", "spawn")
    assert called(methods, "spawn", None) == "new"
    assert len(list(methods)) == 1


def test_a_name_that_is_not_there_is_method_not_found() -> None:
    with pytest.raises(MethodNotFound) as raised:
        Methods().by_name["spwan"]
    assert raised.value.method == "spwan"


@pytest.mark.parametrize("name", ["spawn", "player.heal", "a.b.c", "Spawn2", "x_y"])
def test_names_that_can_be(name: str) -> None:
    methods = Methods()
    methods.add(spawn, name)
    assert methods.by_name[name].name == name


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


class Callables:
    """Objects that can be called are what their `__call__` is."""

    class Coroutine:
        async def __call__(self) -> None: ...

    class Generator:
        def __call__(self) -> Iterator[int]:
            yield 1


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (spawn, Kind.PLAIN),
        (coroutine, Kind.COROUTINE),
        (functools.partial(coroutine), Kind.COROUTINE),
        (Callables.Coroutine(), Kind.COROUTINE),
        (generator, Kind.GENERATOR),
        (Callables.Generator(), Kind.GENERATOR),
    ],
)
def test_a_function_runs_as_what_it_is(function: Any, kind: Kind) -> None:
    methods = Methods()
    methods.add(function, "it")
    assert methods.by_name["it"].kind is kind


def test_a_plain_function_runs_on_a_thread_if_it_is_told_to() -> None:
    methods = Methods()
    methods.add(spawn, thread=True)
    assert methods.by_name["spawn"].kind is Kind.THREAD


@pytest.mark.parametrize("function", [coroutine, generator])
def test_others_cannot_run_on_a_thread(function: Any) -> None:
    methods = Methods()
    with pytest.raises(TypeError, match="thread=True is for plain functions"):
        methods.add(function, thread=True)
    assert list(methods) == []


def test_an_async_generator_is_a_type_error() -> None:
    methods = Methods()
    with pytest.raises(TypeError, match="an async generator cannot be a method"):
        methods.add(async_generator)
    assert list(methods) == []


def test_a_method_is_for_operators_and_has_5_seconds_unless_told_otherwise() -> None:
    methods = Methods()
    methods.add(spawn)
    assert (methods.by_name["spawn"].role, methods.by_name["spawn"].timeout) == (Role.OPERATOR, 5.0)
    methods.add(spawn, role="viewer", timeout=None)
    assert (methods.by_name["spawn"].role, methods.by_name["spawn"].timeout) == (Role.VIEWER, None)


@pytest.mark.parametrize("role", ["", "root", "Admin", None, 1])
def test_a_role_that_is_none_is_a_value_error_that_lists_them(role: Any) -> None:
    with pytest.raises(ValueError, match="'viewer', 'operator' or 'admin'"):
        Methods().add(spawn, role=role)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e7])
def test_a_timeout_that_cannot_be_is_a_value_error(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout must be"):
        Methods().add(spawn, timeout=timeout)


@pytest.mark.parametrize("timeout", ["5", True, [1]])
def test_a_timeout_that_is_no_number_is_a_type_error(timeout: Any) -> None:
    with pytest.raises(TypeError, match="timeout must be"):
        Methods().add(spawn, timeout=timeout)


class Player:
    health = 5

    def heal(self, by: int) -> int:
        """Make it well."""
        return self.health + by

    @staticmethod
    def names() -> list[str]:
        return ["a"]

    def _hidden(self) -> None: ...


def test_an_objects_public_methods_are_added_at_once() -> None:
    methods = Methods()
    methods.add_all("player", Player(), role="viewer")
    assert sorted(method.name for method in methods) == ["player.heal", "player.names"]
    assert called(methods, "player.heal", b"[3]") == 8
    assert methods.by_name["player.heal"].role is Role.VIEWER


@pytest.mark.parametrize("value", [Player, object()])
def test_a_class_or_an_object_without_methods_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        Methods().add_all("player", value)


def test_a_method_is_removed_and_every_change_is_told() -> None:
    methods = Methods()
    changes: list[int] = []
    methods.on_change = lambda: changes.append(len(list(methods)))
    methods.add(spawn)
    methods.add(spawn, "other")
    methods.remove("spawn")
    assert changes == [1, 2, 1]
    with pytest.raises(MethodNotFound):
        methods.by_name["spawn"]
    with pytest.raises(KeyError, match="spawn"):
        methods.remove("spawn")


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
        methods.by_name["note"].signature.decode(b'{"count": "three"}')
    assert called == []


def test_a_built_in_method_cannot_be_replaced() -> None:
    methods = Methods()
    methods.add_built_in(lambda: 1, "session.info")
    with pytest.raises(ValueError, match="built-in"):
        methods.add(lambda: 2, "session.info")
