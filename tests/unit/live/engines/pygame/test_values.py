"""Values of pygame, to JSON and back."""

from typing import Any

import msgspec
import pygame
import pytest

from stagedoor.live import values


class Ship(pygame.Vector2):
    pass


def encoded(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=values.encode))


def decoded(hint: Any, text: str) -> Any:
    return msgspec.json.decode(text, type=hint, dec_hook=values.decode)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (pygame.Vector2(1, 2.5), [1, 2.5]),
        (pygame.Vector3(1, 2, 3), [1, 2, 3]),
        (Ship(1, 2), [1, 2]),
        (pygame.Rect(1, 2, 3, 4), [1, 2, 3, 4]),
        (pygame.FRect(1, 2, 3, 4.5), [1, 2, 3, 4.5]),
        (pygame.Color("red"), [255, 0, 0, 255]),
        ({"at": [pygame.Vector2(1, 2)]}, {"at": [[1, 2]]}),
    ],
)
def test_it_is_sent(value: object, expected: object) -> None:
    assert encoded(value) == expected


def test_a_surface_is_no_value() -> None:
    with pytest.raises(TypeError, match="Surface is not known to JSON"):
        encoded(pygame.Surface((1, 1)))


@pytest.mark.parametrize(
    ("hint", "text", "expected"),
    [
        (pygame.Vector2, "[1, 2.5]", pygame.Vector2(1, 2.5)),
        (pygame.Vector3, "[1, 2, 3]", pygame.Vector3(1, 2, 3)),
        (Ship, "[1, 2]", Ship(1, 2)),
        (pygame.Rect, "[1, 2, 3, 4]", pygame.Rect(1, 2, 3, 4)),
        (pygame.FRect, "[1, 2, 3, 4.5]", pygame.FRect(1, 2, 3, 4.5)),
        (pygame.Color, "[1, 2, 3]", pygame.Color(1, 2, 3)),
        (pygame.Color, "[1, 2, 3, 4]", pygame.Color(1, 2, 3, 4)),
        (pygame.Color, '"red"', pygame.Color("red")),
        (pygame.Color, '"#010203"', pygame.Color(1, 2, 3)),
        (list[pygame.Vector2], "[[1, 2]]", [pygame.Vector2(1, 2)]),
    ],
)
def test_it_is_taken(hint: Any, text: str, expected: object) -> None:
    found = decoded(hint, text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("hint", "text", "expected"),
    [
        (pygame.Vector2, "[1]", r"expected 2 numbers: \[x, y\]"),
        (pygame.Vector2, "[1, true]", "expected 2 numbers"),
        (pygame.Vector2, '{"x": 1}', "expected 2 numbers"),
        (pygame.Rect, "[1.5, 2, 3, 4]", "expected 4 integers"),
        (pygame.Rect, f"[{2**40}, 2, 3, 4]", "expected"),
        (pygame.Color, '"rod"', "'rod' is no colour"),
        (pygame.Color, "[1, 2, 300]", "each 0 to 255, or a name"),
        (pygame.Color, "[1]", "expected .red, green, blue. or"),
        (pygame.Color, "5", "expected .red, green, blue. or"),
    ],
)
def test_what_does_not_fit_is_refused(hint: Any, text: str, expected: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=expected):
        decoded(hint, text)
