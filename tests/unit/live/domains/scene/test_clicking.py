"""`scene.click`: what is clicked, where, and why not."""

from __future__ import annotations

from typing import Any

import pygame
import pytest
from tests.unit.live.callers import Caller, Start

from stagedoor.live.domains.scene.clicking import middle
from stagedoor.live.stage import Stage

HANDLER, FORBIDDEN = -32000, -32003


@pytest.fixture
def stage(start: Start, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A game with some things on a screen of 100 x 80."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    pygame.display.set_mode((100, 80))
    pygame.event.clear()
    stage = start()
    stage.node("new-game", text="New game", rect=(10, 20, 30, 40))
    stage.node("rock", rect=(0, 0, 2, 2))
    stage.node("rock-2", rect=(50, 50, 2, 2))
    stage.node("edge", rect=(90, 70, 100, 100))
    stage.node("outside", rect=(200, 0, 2, 2))
    stage.node("nowhere")
    stage.node("grey", rect=(0, 0, 9, 9), enabled=False)
    stage.node("cheat", rect=(0, 0, 9, 9), visible=False)
    yield stage
    pygame.display.quit()


def clicks(caller: Caller, **params: Any) -> tuple[Any, list[tuple[str, Any]]]:
    """The answer, and what the game got."""
    answer = caller.call("scene.click", **params)
    names = {pygame.MOUSEBUTTONDOWN: "down", pygame.MOUSEBUTTONUP: "up"}
    got = [
        (names[event.type], (event.pos, event.button))
        for event in pygame.event.get()
        if event.type in names
    ]
    return answer, got


def test_the_middle_is_clicked(stage: Stage) -> None:
    with Caller(stage, role="operator") as caller:
        answer, got = clicks(caller, selector='"New game"')
        assert got == [("down", ((25, 40), 1)), ("up", ((25, 40), 1))]
        result = answer["result"]
        assert (result["x"], result["y"], result["node"]["name"]) == (25, 40, "new-game")


def test_another_button(stage: Stage) -> None:
    with Caller(stage, role="operator") as caller:
        _, got = clicks(caller, selector="#new-game", button=3)
        assert [button for _, (_, button) in got] == [3, 3]


def test_of_what_is_partly_outside_the_middle_of_the_rest_is_clicked(stage: Stage) -> None:
    with Caller(stage, role="operator") as caller:
        _, got = clicks(caller, selector="#edge")
        assert got[0] == ("down", ((95, 75), 1))


REFUSED = [
    ({"selector": "#none"}, "NothingFits"),
    ({"selector": "#cheat"}, "NothingFits"),
    ({"selector": "*"}, "SeveralFit"),
    ({"selector": "#rock", "index": 1}, "NothingFits"),
    ({"selector": "#grey"}, "Disabled"),
    ({"selector": "#nowhere"}, "NowhereToClick"),
    ({"selector": "#outside"}, "NowhereToClick"),
]


@pytest.mark.parametrize(("params", "reason"), REFUSED)
def test_what_cannot_be_clicked_is_not(stage: Stage, params: Any, reason: str) -> None:
    with Caller(stage, role="operator") as caller:
        answer, got = clicks(caller, **params)
        assert (answer["error"]["code"], answer["error"]["data"]["type"]) == (HANDLER, reason)
        assert got == []


def test_an_index_chooses_one_of_several(stage: Stage) -> None:
    with Caller(stage, role="operator") as caller:
        answer, _ = clicks(caller, selector="*", index=2)
        assert answer["result"]["node"]["name"] == "rock-2"


def test_who_waits_clicks_when_it_is_there(stage: Stage) -> None:
    with Caller(stage, role="operator") as caller:
        caller.send("scene.click", selector="#late", seconds=60)
        for _ in range(20):
            stage.tick(0.0)
        stage.node("late", rect=(40, 40, 2, 2))
        assert caller.receive()["result"]["node"]["name"] == "late"


def test_a_viewer_clicks_nothing(stage: Stage) -> None:
    with Caller(stage, role="viewer") as caller:
        answer, got = clicks(caller, selector="#new-game")
        assert answer["error"]["code"] == FORBIDDEN
        assert got == []


@pytest.mark.parametrize(
    ("rect", "size", "expected"),
    [
        ((0, 0, 10, 10), (100, 100), (5, 5)),
        ((-10, -10, 20, 20), (100, 100), (5, 5)),
        ((95, 0, 10, 10), (100, 100), (97, 5)),
        ((95, 0, 10, 10), None, (100, 5)),
        ((100, 0, 10, 10), (100, 100), None),
        ((-10, 0, 10, 10), (100, 100), None),
        ((5, 5, 0, 10), (100, 100), None),
        ((5, 5, 10, -10), (100, 100), None),
        ((0.2, 0.2, 0.5, 0.5), (100, 100), (0, 0)),
        ((-1e15, -1e15, 2e15, 2e15), (100, 100), (50, 50)),
    ],
)
def test_the_middle_of_what_is_seen(rect: Any, size: Any, expected: Any) -> None:
    assert middle(rect, size) == expected
