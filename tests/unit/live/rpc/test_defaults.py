"""Dataclasses whose defaults JSON does not know have a schema all the same."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from stagedoor.live import values
from stagedoor.live.rpc.defaults import with_plain_defaults
from stagedoor.live.rpc.discover import describe

from .fakes import new_hub


@dataclass
class Save:
    """Where to."""

    name: str
    folder: Path = Path("saves")
    kind: Literal["full", "quick"] = "full"
    turn: complex = 1j
    tags: list[str] = field(default_factory=list)


@dataclass
class Game:
    last: Save
    all: list[Save]
    by_name: dict[str, Save | None]
    inside: Game | None = None


def schema_of(hint: Any) -> dict[str, Any]:
    found = msgspec.json.schema(hint, schema_hook=values.schema)
    schema: dict[str, Any] = found["$defs"][found["$ref"].rpartition("/")[2]]
    return schema


def test_a_default_is_shown_as_it_is_sent() -> None:
    schema = schema_of(with_plain_defaults(Save))
    assert (schema["title"], schema["description"]) == ("Save", "Where to.")
    assert schema["required"] == ["name"]
    fields = schema["properties"]
    assert fields["folder"] == {"type": "string", "default": "saves"}
    assert fields["kind"] == {"enum": ["full", "quick"], "default": "full"}
    assert fields["turn"]["type"] == "array"
    assert fields["tags"]["type"] == "array"


def test_it_may_be_inside_others() -> None:
    fields = schema_of(with_plain_defaults(Game))["properties"]
    assert fields["all"]["items"] == fields["last"]
    assert "$ref" in fields["last"]
    assert fields["inside"]["default"] is None


@pytest.mark.parametrize("hint", [int, list[int], Literal["a"], int | None, Any, Path])
def test_what_has_no_dataclass_stays_as_it_is(hint: Any) -> None:
    assert with_plain_defaults(hint) == hint


def test_it_is_described() -> None:
    hub = new_hub()

    def store(save: Save) -> Game: ...  # type: ignore[empty-body]

    store.__annotations__ = {"save": Save, "return": Game}
    hub.methods.add(store)
    document = describe(hub, "1")
    assert {"Save", "Game"} <= document["components"]["schemas"].keys()


def test_a_field_that_nobody_gives_is_left_out() -> None:
    @dataclass
    class Counted:
        number: int = dataclasses.field(init=False)
        at: Path = Path()

    Counted.__annotations__ = {"number": int, "at": Path}
    assert list(schema_of(with_plain_defaults(Counted))["properties"]) == ["at"]
