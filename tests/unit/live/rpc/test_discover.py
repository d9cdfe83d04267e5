"""`rpc.discover`: an OpenRPC 1.3 document of what can be called."""

from __future__ import annotations

import asyncio
import enum
import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import msgspec
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT7
from tests.unit.live.callers import Caller, Start

from stagedoor.live.stage import Stage

META_SCHEMAS = Path(__file__).parent / "openrpc"


class Size(enum.Enum):
    SMALL = "small"
    BIG = "big"


@dataclass
class Rock:
    size: Size
    x: float = 0.0
    inner: list[Rock] | None = None


def add_all_kinds(stage: Stage) -> None:
    @stage.rpc(role="viewer", timeout=None)
    def spawn(rock: Rock, *, count: int = 1, mode: Literal["a", "b"] = "a") -> list[Rock]:
        """Make rocks.

        As many as you like.

        >>> spawn({"size": "big", "x": 1.5}, count=2)
        [{"size": "big", "x": 1.5}, {"size": "big", "x": 1.5}]
        >>> spawn(Rock(Size.BIG))
        """
        return [rock] * count

    @stage.rpc(role="admin")
    async def later(at: datetime | None = None, size: Size = Size.BIG) -> str:
        await asyncio.sleep(0)
        return ""

    @stage.rpc
    def steps(anything, blob: bytes = b"x") -> Iterator[int]:  # type: ignore[no-untyped-def]
        yield 1

    stage.rpc(name="worker", thread=True)(lambda: object())

    @stage.rpc
    def many(
        when: dict[str, bytes | int],
        pair: tuple[int, str],
        share: Annotated[float, msgspec.Meta(ge=0, le=1, examples=[0.5], description="How much.")],
        sizes: frozenset[Size] = frozenset({Size.SMALL}),
    ) -> Generator[int, None, Rock]:
        yield 1
        return Rock(Size.SMALL)

    unknown = object()
    stage.rpc(name="odd")(lambda value=unknown: value)


@pytest.fixture
def stage(start: Start) -> Stage:
    stage = start()
    add_all_kinds(stage)
    return stage


@pytest.fixture
def document(stage: Stage) -> dict[str, Any]:
    with Caller(stage, role="viewer") as caller:
        document = caller.call("rpc.discover")["result"]
    assert isinstance(document, dict)
    return document


def method(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [method for method in document["methods"] if method["name"] == name]
    assert isinstance(found, dict)
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def validator() -> jsonschema.Draft7Validator:
    """Of the published meta-schema; see openrpc/README.md."""
    openrpc, schema = (
        DRAFT7.create_resource(json.loads((META_SCHEMAS / name).read_text()))
        for name in ("openrpc.json", "json-schema.json")
    )
    known: Any = Registry()
    # It refers to the one of JSON Schema with and without the slash at the end.
    for resource in (openrpc, schema):
        for uri in (resource.id(), resource.id().rstrip("/")):
            known = known.with_resource(uri, resource)
    return jsonschema.Draft7Validator(openrpc.contents, registry=known)


def test_is_valid_by_the_published_meta_schema(document: dict[str, Any]) -> None:
    assert document["openrpc"].startswith("1.3.")
    faults = [f"{error.json_path}: {error.message}" for error in validator().iter_errors(document)]
    assert faults == []
    broken = {**document, "methods": [{"name": "spawn"}]}
    assert list(validator().iter_errors(broken)), "the meta-schema is in force"


@pytest.mark.parametrize("part", ["schemas", "errors"])
def test_the_names_of_components_are_those_that_openrpc_allows(
    document: dict[str, Any], part: str
) -> None:
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in document["components"][part])


def test_the_schemas_of_params_and_results_are_valid_json_schema(
    document: dict[str, Any],
) -> None:
    schemas = [
        content["schema"]
        for described in document["methods"]
        for content in (*described["params"], described["result"])
    ]
    for schema in (*schemas, *document["components"]["schemas"].values()):
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert "#/components/schemas/Rock" in found
    for reference in found:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_has_every_method_with_role_and_kind(stage: Stage, document: dict[str, Any]) -> None:
    described = {
        found["name"]: (found["x-role"], found["x-kind"], found["x-timeout"])
        for found in document["methods"]
    }
    assert described == {
        found.name: (found.role.label, found.kind.value, found.timeout)
        for found in stage._hub.methods
    }
    assert described["later"] == ("admin", "coroutine", 5.0)
    assert described["steps"] == ("operator", "generator", 5.0)
    assert described["worker"] == ("operator", "thread", 5.0)


def test_describes_params_and_result(document: dict[str, Any]) -> None:
    spawn = method(document, "spawn")
    assert spawn["summary"] == "Make rocks."
    assert spawn["description"].startswith("As many as you like.")
    assert spawn["paramStructure"] == "by-name"
    rock, count, mode = spawn["params"]
    assert (rock["name"], rock["required"]) == ("rock", True)
    assert count == {
        "name": "count",
        "required": False,
        "schema": {"type": "integer", "default": 1},
    }
    assert sorted(mode["schema"]["enum"]) == ["a", "b"]
    assert spawn["result"]["schema"]["type"] == "array"
    at, size = method(document, "later")["params"]
    assert at["schema"]["default"] is None
    assert size["schema"]["default"] == "big"


def test_the_session_of_built_in_methods_is_no_param(document: dict[str, Any]) -> None:
    assert [param["name"] for param in method(document, "rpc.cancel")["params"]] == ["id"]


def test_a_default_or_type_without_json_is_left_open(document: dict[str, Any]) -> None:
    (value,) = method(document, "odd")["params"]
    assert value == {"name": "value", "required": False, "schema": {}}


def test_is_made_anew_when_methods_change(stage: Stage) -> None:
    with Caller(stage) as caller:
        stage.remove("spawn")
        stage.rpc(name="new")(lambda: 1)
        names = {found["name"] for found in caller.call("rpc.discover")["result"]["methods"]}
    assert "new" in names
    assert "spawn" not in names


def test_lists_the_topics(stage: Stage) -> None:
    stage.watch("rocks", lambda: 1, description="How many.")
    with Caller(stage) as caller:
        topics = caller.call("rpc.discover")["result"]["x-topics"]
    assert {"name": "rocks", "description": "How many.", "role": "viewer"} in topics


def test_says_what_is_stagedoors_own(stage: Stage) -> None:
    stage.watch("rocks", lambda: 1)
    stage.rpc(lambda: 1, name="shout")
    document = stage.describe()
    names = {one["name"] for one in document["methods"]}
    built_in = document["x-built-in"]
    assert {"rpc.discover", "game.status"} <= set(built_in["methods"]) <= names - {"shout"}
    assert {"game.stalled", "logs"} <= set(built_in["topics"])
    assert "rocks" not in built_in["topics"]


def test_examples_come_from_the_docstring_and_what_is_none_stays_text(
    document: dict[str, Any],
) -> None:
    spawn = method(document, "spawn")
    rock = {"size": "big", "x": 1.5}
    assert spawn["examples"] == [
        {
            "name": "example 1",
            "params": [{"name": "rock", "value": rock}, {"name": "count", "value": 2}],
            "result": {"name": "result", "value": [rock, rock]},
        }
    ]
    assert spawn["description"] == "As many as you like.\n\n>>> spawn(Rock(Size.BIG))"
    share = method(document, "many")["params"][2]["schema"]
    assert (share["examples"], share["description"]) == ([0.5], "How much.")
    assert (share["minimum"], share["maximum"]) == (0, 1)


def test_a_generators_result_is_what_it_returns(document: dict[str, Any]) -> None:
    result = method(document, "many")["result"]["schema"]
    assert result == {"$ref": "#/components/schemas/Rock"}
    assert method(document, "steps")["result"]["schema"] == {}


def test_every_error_of_a_method_has_its_code(document: dict[str, Any]) -> None:
    errors = document["components"]["errors"]

    def codes(name: str) -> set[int]:
        names = [error["$ref"].rpartition("/")[2] for error in method(document, name)["errors"]]
        return {errors[name]["code"] for name in names}

    always = {-32000, -32001, -32003, -32004, -32005, -32603}
    assert codes("spawn") == always | {-32602}, "without a timeout, at once"
    assert codes("later") == always | {-32602, -32002, -32006}
    assert codes("game.status") == always | {-32002}
    assert codes("rpc.discover") == always | {-32002, -32006}
