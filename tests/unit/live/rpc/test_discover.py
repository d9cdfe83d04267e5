"""`rpc.discover`: an OpenRPC 1.3 document of what can be called."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pytest
from tests.unit.live.callers import Caller, Start

from stagedoor.live.stage import Stage


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


def test_is_shaped_as_the_meta_schema_says(document: dict[str, Any]) -> None:
    assert document["openrpc"].startswith("1.3.")
    assert isinstance(document["info"]["title"], str)
    assert isinstance(document["info"]["version"], str)
    assert all(key.startswith("x-") or key in OPENRPC for key in document)
    for described in document["methods"]:
        assert all(key.startswith("x-") or key in METHOD for key in described), described
        assert isinstance(described["name"], str)
        assert described["paramStructure"] in ("by-name", "by-position", "either")
        names = [param["name"] for param in described["params"]]
        assert len(set(names)) == len(names)
        for content in (*described["params"], described["result"]):
            assert set(content) <= {"name", "required", "schema", "summary", "description"}
            assert isinstance(content["name"], str)
            assert isinstance(content["schema"], dict)
    for error in document["components"]["errors"].values():
        assert isinstance(error["code"], int)
        assert error["message"]


OPENRPC = {"openrpc", "info", "externalDocs", "servers", "methods", "components"}
METHOD = {
    "name",
    "summary",
    "description",
    "params",
    "result",
    "paramStructure",
    "errors",
    "tags",
    "examples",
    "links",
    "servers",
    "deprecated",
    "externalDocs",
}


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
    assert spawn["description"] == "As many as you like."
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
