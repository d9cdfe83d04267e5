"""Params of types that JSON does not know: what is wrong is found at any depth, and described."""

import collections
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygame
import pytest

from stagedoor.live.rpc.discover import describe
from stagedoor.live.rpc.signature import Signature
from stagedoor.wire.errors import InvalidParams

from .fakes import new_hub

RED = pygame.Color("red")


@dataclass
class Rock:
    at: pygame.Vector2
    size: int = 1


def place(
    at: pygame.Vector2,
    trail: collections.deque[Rock] | None = None,
    colour: pygame.Color = RED,
    area: dict[str, pygame.Rect] | None = None,
    counts: collections.Counter[str] | None = None,
    saves: Path = Path("saves"),
) -> pygame.Vector2:
    return at


@pytest.mark.parametrize("params", [b'{"at": [1, 2]}', b"[[1, 2]]"])
def test_it_arrives_as_the_type_of_its_hint(params: bytes) -> None:
    values, _ = Signature(place).decode(params)
    assert values[0] == pygame.Vector2(1, 2)
    assert isinstance(values[2], pygame.Color)


def test_what_it_contains_arrives_so_too() -> None:
    values, _ = Signature(place).decode(
        b'{"at": [1, 2], "trail": [{"at": [3, 4]}], "area": {"a": [1, 2, 3, 4]}}'
    )
    assert values[1] == collections.deque([Rock(pygame.Vector2(3, 4))])
    assert values[3] == {"a": pygame.Rect(1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("params", "path", "reason"),
    [
        ('{"at": [1]}', "$.at", "expected 2 numbers: [x, y]"),
        ('{"at": [1, 2], "trail": [{"at": 5}]}', "$.trail[0].at", "expected 2 numbers: [x, y]"),
        (
            '{"at": [1, 2], "trail": [{"at": [1, 2], "sizes": 3}]}',
            "$.trail[0]",
            "there is no field 'sizes' (did you mean 'size'?); expected at, size",
        ),
        (
            '{"at": [1, 2], "colour": "rod"}',
            "$.colour",
            "'rod' is no colour: expected a name, #rrggbb or #rrggbbaa",
        ),
        (
            '{"at": [1, 2], "area": {"x y": [1]}}',
            '$.area["x y"]',
            "expected 4 integers: [left, top, width, height]",
        ),
        ('{"at": [1, 2], "counts": {"a": "b"}}', "$.counts.a", "Expected `int`, got `str`"),
        ('{"at": [1, 2], "saves": 5}', "$.saves", "Expected `str`, got `int`"),
    ],
)
def test_what_does_not_fit_is_named(params: str, path: str, reason: str) -> None:
    with pytest.raises(InvalidParams) as raised:
        Signature(place).decode(params.encode())
    assert raised.value.data == {"path": path, "reason": reason}


def test_a_type_that_cannot_be_made_is_refused_at_once() -> None:
    def draw(on: pygame.Surface) -> None: ...

    with pytest.raises(TypeError, match="'on': Surface cannot be made from JSON"):
        Signature(draw)


def test_it_is_described() -> None:
    hub = new_hub()
    hub.methods.add(place)
    document: dict[str, Any] = describe(hub, "1")
    (method,) = (method for method in document["methods"] if method["name"] == "place")
    at, _, colour, *_, saves = method["params"]
    assert at["schema"] | method["result"]["schema"] == {
        "title": "Vector2",
        "type": "array",
        "items": {"type": "number"},
        "minItems": 2,
        "maxItems": 2,
    }
    assert colour["schema"]["default"] == [255, 0, 0, 255]
    assert saves["schema"] == {"type": "string", "default": "saves"}
