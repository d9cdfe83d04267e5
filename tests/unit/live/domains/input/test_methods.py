"""`input`: what the methods do to an engine, frame by frame."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    connect,
    frame,
    new_hub,
    parts_of,
    request,
    session_of,
)

from stagedoor.live.domains.input import hands, methods
from stagedoor.live.engines.base import Ability, Engine
from stagedoor.live.engines.inputs import (
    Button,
    CannotSendError,
    Input,
    Key,
    Move,
    PadAxis,
    PadButton,
    Text,
    Wheel,
)
from stagedoor.wire.roles import Role

INVALID_PARAMS, HANDLER_ERROR, FORBIDDEN = -32602, -32000, -32003


class FakeEngine:
    name = "fake 1.0"
    can: frozenset[Ability] = frozenset({"keys", "pointer", "text", "gamepad"})

    def __init__(self) -> None:
        self.sent: list[Input] = []
        self.has_window = True
        self.is_full = False

    def send(self, inputs: Sequence[Input]) -> None:
        assert inputs, "nothing is asked of an engine for nothing"
        if self.is_full:
            raise CannotSendError("pygame takes no event: Event queue full")
        for one in inputs:
            if not self.has_window and getattr(one, "down", True):
                raise CannotSendError("the game has no window, so it gets no input")
            self.sent.append(one)


class World:
    """A stage with the domain, and a client of it."""

    def __init__(self) -> None:
        self.hub = new_hub()
        self.parts = parts_of(self.hub)
        methods.add_to(self.parts)
        self.engine = FakeEngine()
        self.parts.engine = cast(Engine, self.engine)
        self.now = 0.0
        frame(self.hub)
        self.client = self.connect()

    def connect(self, role: Role = Role.OPERATOR) -> FakeConnection:
        return connect(self.hub, role)

    def sent(self) -> list[Input]:
        """What was sent since the last look."""
        found, self.engine.sent = self.engine.sent, []
        return found

    def begin(self, name: str, client: FakeConnection | None = None, **params: Any) -> None:
        """Call a method without waiting for its answer."""
        client = client or self.client
        client.deliver(json.dumps(request(f"input.{name}", params)))
        self.hub.end_frame()  # of the tick in which it came

    def frames(self, count: int = 1, seconds: float = 0.0) -> list[list[Input]]:
        """What was sent in each of so many frames."""
        found = []
        for _ in range(count):
            self.now += seconds
            frame(self.hub)
            found.append(self.sent())
        return found

    def beats(self, count: int = 1, seconds: float = 0.0) -> None:
        """A held game's."""
        for _ in range(count):
            self.now += seconds
            self.hub.end_frame()

    def answer(self, client: FakeConnection | None = None) -> Any:
        (found,) = (client or self.client).messages()
        return found["result"] if "result" in found else found["error"]

    def leave(self, client: FakeConnection) -> None:
        client.on_close(None)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(hands, "monotonic", lambda: made.now)
    return made


A_DOWN, A_UP = [Key("a", True)], [Key("a", False)]


# Keys


def test_a_key_is_pressed_for_a_frame(world: World) -> None:
    world.begin("key", key="a")
    assert world.sent() == A_DOWN
    assert world.client.messages() == []
    assert world.frames(2) == [A_UP, []]
    assert world.answer() == {"frame": 1, "until": 2}


def test_a_key_is_pressed_for_so_many_frames(world: World) -> None:
    world.begin("key", key="a", frames=3)
    assert world.sent() == A_DOWN
    assert world.frames(4) == [[], [], A_UP, []]
    assert world.answer() == {"frame": 1, "until": 4}


def test_a_key_is_pressed_for_so_many_seconds_and_at_least_a_frame(world: World) -> None:
    world.begin("key", key="a", seconds=0.5)
    assert world.sent() == A_DOWN
    assert world.frames(4, seconds=0.125) == [[], [], [], A_UP]
    world.begin("key", key="a", seconds=0.001)
    assert world.sent() == A_DOWN
    assert world.frames(1, seconds=10.0) == [A_UP]


def test_keys_are_pressed_in_their_order_and_released_in_the_other(world: World) -> None:
    world.begin("key", key="ctrl+shift+s")
    names = ["left ctrl", "left shift", "s"]
    assert world.sent() == [Key(name, True) for name in names]
    assert world.frames() == [[Key(name, False) for name in reversed(names)]]


def test_a_key_stays_down_until_it_is_let_up(world: World) -> None:
    world.begin("key", key="a", state="down")
    assert world.answer() == {"frame": 1, "until": 1}
    world.begin("key", key="a", state="down")
    assert world.sent() == A_DOWN
    assert world.frames(3) == [[], [], []]
    world.begin("key", key="a", state="up")
    assert world.sent() == A_UP
    world.begin("key", key="a", state="up")
    assert world.sent() == []
    assert world.parts.hands._kept == {}


def test_what_two_hold_is_pressed_once_and_released_by_the_last(world: World) -> None:
    other = world.connect()
    world.begin("key", key="a", frames=2)
    world.begin("key", other, key="a", frames=4)
    world.begin("key", key="a", state="down")
    assert world.sent() == A_DOWN
    assert world.frames(5) == [[]] * 5
    world.begin("key", other, key="a", state="up")
    assert world.sent() == [], "it is not this one's"
    world.begin("key", key="a", state="up")
    assert world.sent() == A_UP


# Who lets go


def cancel(world: World) -> None:
    (call,) = session_of(world.hub, world.client).calls
    call.drop()


def leave(world: World) -> None:
    world.leave(world.client)


def lower(world: World) -> None:
    world.hub.authenticated(session_of(world.hub, world.client), Role.VIEWER)


def close(world: World) -> None:
    world.hub.close()


def kick(world: World) -> None:
    session_of(world.hub, world.client).expel(4403, "")
    world.leave(world.client)


@pytest.mark.parametrize(
    ("begin", "down", "up"),
    [
        (lambda world: world.begin("key", key="a", frames=100), A_DOWN, A_UP),
        (
            lambda world: world.begin("click", x=1, y=2, frames=100),
            [Move(1, 2), Button(1, True)],
            [Button(1, False)],
        ),
        (
            lambda world: world.begin("drag", x=1, y=2, to_x=1, to_y=2, frames=100),
            [Move(1, 2), Button(1, True)],
            [Button(1, False)],
        ),
        (
            lambda world: world.begin("gamepad", axes={"left x": 0.5}, frames=100),
            [PadAxis("left x", 0.5)],
            [PadAxis("left x", 0.0)],
        ),
    ],
)
@pytest.mark.parametrize("end", [cancel, leave, lower, close, kick])
def test_what_a_call_holds_is_let_go_when_it_ends(
    world: World,
    begin: Callable[[World], None],
    end: Callable[[World], None],
    down: list[Input],
    up: list[Input],
) -> None:
    begin(world)
    assert world.sent() == down
    end(world)
    assert world.sent() == up
    assert world.parts.hands.held() == []
    assert world.frames(2) == [[], []]


@pytest.mark.parametrize("end", [leave, lower, close, kick])
def test_what_is_kept_down_is_let_go_when_its_client_goes(
    world: World, end: Callable[[World], None]
) -> None:
    other = world.connect()
    world.begin("key", key="a", state="down")
    world.begin("key", other, key="b", state="down")
    world.sent()
    end(world)
    released = [Key("a", False), *([Key("b", False)] if end is close else [])]
    assert world.sent() == released
    assert world.parts.hands._kept.keys() <= {session_of(world.hub, other)}


def test_release_lets_go_of_all_that_the_caller_holds_and_of_nothing_else(world: World) -> None:
    other = world.connect()
    world.begin("key", key="a", state="down")
    world.begin("key", key="b", frames=100)
    world.begin("gamepad", axes={"left x": -1.0}, state="down")
    world.begin("key", other, key="c", state="down")
    world.sent()
    world.client.messages()
    world.begin("release")
    assert world.answer() == {"count": 3}
    assert world.sent() == [PadAxis("left x", 0.0), Key("b", False), Key("a", False)]
    world.begin("release")
    assert world.answer() == {"count": 0}


def test_what_is_held_is_told(world: World) -> None:
    viewer = world.connect(Role.VIEWER)
    world.begin("key", key="a", state="down")
    world.begin("click", x=1, y=2, button="right", frames=5)
    world.begin("gamepad", axes={"left_x": -0.5}, buttons=["A"], frames=5)
    world.begin("state", viewer)
    assert world.answer(viewer) == {
        "can": ["gamepad", "keys", "pointer", "text"],
        "held": [
            {"kind": "key", "name": "a", "value": 1.0, "sessions": [1]},
            {"kind": "mouse", "name": "right", "value": 1.0, "sessions": [1]},
            {"kind": "gamepad button", "name": "a", "value": 1.0, "sessions": [1]},
            {"kind": "gamepad axis", "name": "left x", "value": -0.5, "sessions": [1]},
        ],
    }


def test_a_thousand_keys_that_are_kept_down_take_no_more_than_one(world: World) -> None:
    for _ in range(1000):
        world.begin("key", key="a", state="down")
        world.client.messages()
    (grips,) = world.parts.hands._grips.values()
    assert len(grips) == 1


# Text and the pointer


def test_text_comes_so_many_characters_a_frame(world: World) -> None:
    text = "é" * (methods.TEXT_A_FRAME + 3)
    world.begin("text", text=text)
    assert world.sent() == [Text(text[: methods.TEXT_A_FRAME])]
    assert world.frames(2) == [[Text(text[methods.TEXT_A_FRAME :])], []]
    assert world.answer() == {"frame": 1, "until": 3}
    world.begin("text", text="")
    assert world.sent() == []
    assert world.answer() == {"frame": 3, "until": 3}


def test_any_text_in_any_language_is_typed(world: World) -> None:
    text = "Ü\u00a0語\u200d\U0001f468\u202e\t\b\n"
    world.begin("text", text=text)
    assert world.sent() == [Text(text)]


def test_a_click_is_pressed_for_a_frame_and_again(world: World) -> None:
    world.begin("click", x=10, y=20, button="middle", count=2)
    assert world.sent() == [Move(10, 20), Button(2, True)]
    assert world.frames(4) == [[Button(2, False)], [Button(2, True)], [Button(2, False)], []]
    assert world.answer() == {"frame": 1, "until": 4}


def test_a_drag_goes_from_place_to_place_and_is_seen_at_its_end(world: World) -> None:
    world.begin("drag", x=0, y=100, to_x=40, to_y=0, frames=4)
    assert world.sent() == [Move(0, 100), Button(1, True)]
    assert world.frames(7) == [
        [],
        [Move(10, 75)],
        [Move(20, 50)],
        [Move(30, 25)],
        [Move(40, 0)],
        [Button(1, False)],
        [],
    ]


def test_a_drag_of_seconds_ends_at_its_end(world: World) -> None:
    world.begin("drag", x=0, y=0, to_x=100, to_y=0, seconds=1.0)
    moves = [one for sent in world.frames(8, seconds=0.3) for one in sent if isinstance(one, Move)]
    assert [move.x for move in moves][-1] == 100
    assert sorted(moves, key=lambda move: move.x) == moves


def test_clicks_and_drags_of_several_come_one_after_another(world: World) -> None:
    other = world.connect()
    world.begin("drag", x=0, y=0, to_x=8, to_y=0, frames=1)
    world.begin("click", other, x=5, y=5)
    world.begin("click", x=6, y=6)
    first, *rest = [one for sent in [world.sent(), *world.frames(8)] for one in sent]
    assert first == Move(0, 0)
    assert rest == [
        *(Button(1, True), Move(8, 0), Button(1, False)),
        *(Move(5, 5), Button(1, True), Button(1, False)),
        *(Move(6, 6), Button(1, True), Button(1, False)),
    ]


def test_who_leaves_while_it_waits_for_the_pointer_has_never_had_it(world: World) -> None:
    other, third = world.connect(), world.connect()
    world.begin("click", x=1, y=1, frames=3)
    world.begin("click", other, x=2, y=2)
    world.begin("click", third, x=3, y=3)
    world.leave(other)
    sent = [one for sent in [world.sent(), *world.frames(8)] for one in sent]
    assert [one for one in sent if isinstance(one, Move)] == [Move(1, 1), Move(3, 3)]


def test_the_pointer_moves_and_the_wheel_turns(world: World) -> None:
    world.begin("move", x=3, y=4)
    world.begin("wheel", dy=-2, x=5, y=6)
    world.begin("wheel", dx=1)
    world.begin("wheel")
    assert world.sent() == [Move(3, 4), Move(5, 6), Wheel(0, -2), Wheel(1, 0)]


def test_buttons_and_axes_of_a_gamepad_are_held_together(world: World) -> None:
    world.begin("gamepad", buttons=["a", "left shoulder"], axes={"right trigger": 1.0})
    assert world.sent() == [
        PadButton("a", True),
        PadButton("left shoulder", True),
        PadAxis("right trigger", 1.0),
    ]
    world.frames()
    assert world.answer()["until"] == 2


def test_the_last_who_moves_an_axis_decides(world: World) -> None:
    other = world.connect()
    world.begin("gamepad", axes={"left x": 0.5}, state="down")
    world.begin("gamepad", axes={"left x": 0.7}, state="down")
    world.begin("gamepad", other, axes={"left x": -1.0})
    assert world.frames()[0] == [
        *(PadAxis("left x", 0.5), PadAxis("left x", 0.7), PadAxis("left x", -1.0)),
        PadAxis("left x", 0.7),
    ]


# A held game


def test_in_a_held_game_it_takes_until_the_game_has_had_its_frames(world: World) -> None:
    world.parts.pace.pause()
    world.begin("key", key="a", frames=2)
    assert world.sent() == A_DOWN, "the engine keeps it until then"
    world.beats(10)
    assert world.sent() == []
    (progress,) = world.client.messages()
    assert progress["method"] == "rpc.progress"
    assert "paused" in progress["params"]["value"]["waits"]
    assert world.frames(2) == [[], A_UP]
    assert world.answer() == {"frame": 1, "until": 3}


def test_seconds_do_not_pass_while_the_game_is_held(world: World) -> None:
    world.begin("key", key="a", seconds=1.0)
    world.frames(1, seconds=0.5)
    world.beats(10, seconds=10.0)
    assert world.frames(2, seconds=0.3) == [[], A_UP]


# What is refused


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("key", {"key": "lefft"}),
        ("key", {"key": ""}),
        ("key", {"key": "x" * 300}),
        ("key", {"key": "a", "frames": 0}),
        ("key", {"key": "a", "frames": 100_001}),
        ("key", {"key": "a", "frames": 1.5}),
        ("key", {"key": "a", "seconds": 0}),
        ("key", {"key": "a", "seconds": 601}),
        ("key", {"key": "a", "frames": 1, "seconds": 1}),
        ("key", {"key": "a", "state": "sideways"}),
        ("key", {"key": "a", "state": "down", "frames": 3}),
        ("key", {"key": "a", "state": "up", "seconds": 3}),
        ("key", {}),
        ("text", {"text": "x" * 1001}),
        ("text", {"text": "a\x00b"}),
        ("text", {"text": "a\x1b[31m"}),
        ("text", {"text": "a\x9b0m"}),
        ("text", {"text": "\r"}),
        ("text", {"text": 3}),
        ("click", {"x": -1, "y": 0}),
        ("click", {"x": 0, "y": 65_536}),
        ("click", {"x": 0.5, "y": 0}),
        ("click", {"x": 0, "y": 0, "button": "lft"}),
        ("click", {"x": 0, "y": 0, "count": 0}),
        ("click", {"x": 0, "y": 0, "count": 11}),
        ("click", {"x": 0}),
        ("drag", {"x": 0, "y": 0, "to_x": 1}),
        ("drag", {"x": 0, "y": 0, "to_x": 1, "to_y": 1, "frames": 1, "seconds": 1}),
        ("move", {"x": "1", "y": 1}),
        ("wheel", {"dy": 101}),
        ("wheel", {"dy": 1, "x": 3}),
        ("gamepad", {}),
        ("gamepad", {"buttons": ["A", "Z"]}),
        ("gamepad", {"axes": {"left z": 0.0}}),
        ("gamepad", {"axes": {"left x": 1.01}}),
        ("gamepad", {"buttons": ["a"] * 33}),
    ],
)
def test_wrong_params_are_refused_and_nothing_is_sent(
    world: World, method: str, params: dict[str, object]
) -> None:
    world.begin(method, **params)
    assert world.answer()["code"] == INVALID_PARAMS
    assert world.sent() == []
    assert world.parts.hands.held() == []


EACH: list[tuple[str, dict[str, object]]] = [
    ("key", {"key": "a"}),
    ("key", {"key": "ctrl+a", "state": "down"}),
    ("text", {"text": "a"}),
    ("click", {"x": 1, "y": 1}),
    ("drag", {"x": 1, "y": 1, "to_x": 1, "to_y": 1}),
    ("move", {"x": 1, "y": 1}),
    ("wheel", {"dy": 1}),
    ("gamepad", {"buttons": ["a"]}),
]


@pytest.mark.parametrize(("method", "params"), EACH)
def test_a_game_that_takes_no_input_says_why(
    world: World, method: str, params: dict[str, object]
) -> None:
    world.engine.has_window = False
    world.begin(method, **params)
    error = world.answer()
    assert error["code"] == HANDLER_ERROR
    assert error["data"]["type"] == "InputUnavailable"
    assert "no window" in error["data"]["message"]
    world.engine.can = frozenset({"quit"})
    world.begin(method, **params)
    assert "fake 1.0 takes no input of this kind" in world.answer()["data"]["message"]
    world.parts.engine = None
    world.begin(method, **params)
    assert "no framework" in world.answer()["data"]["message"]
    assert world.parts.hands.held() == []
    assert [one for one in world.sent() if getattr(one, "down", True)] == []


@pytest.mark.parametrize(("method", "params"), EACH)
def test_what_was_sent_is_in_the_audit(
    world: World, method: str, params: dict[str, object]
) -> None:
    world.begin(method, **params)
    world.frames(20)
    (entry,) = world.hub.audit.newest(10)
    assert (entry.method, entry.error) == (f"input.{method}", None)
    assert json.loads(entry.params or "") == params


def test_a_window_that_goes_away_meanwhile_stops_nothing(world: World) -> None:
    world.begin("key", key="ctrl+a", state="down")
    world.engine.has_window = False
    world.begin("release")
    assert world.parts.hands.held() == []
    world.engine.has_window = True
    world.begin("drag", x=1, y=1, to_x=5, to_y=5)
    world.engine.has_window = False
    world.client.messages()
    world.frames(3)
    assert world.answer()["data"]["type"] == "InputUnavailable"
    assert world.parts.hands.held() == []


def test_an_engine_that_takes_nothing_any_more_is_told_and_nothing_stays_held(
    world: World,
) -> None:
    world.begin("key", key="ctrl+a", frames=3)
    world.begin("key", key="b", state="down")
    world.client.messages()
    world.engine.is_full = True
    world.frames(3)
    assert world.answer() == {"frame": 1, "until": 4}
    world.begin("release")
    assert world.answer() == {"count": 1}
    world.begin("key", key="c")
    assert "queue full" in world.answer()["data"]["message"]
    assert world.parts.hands.held() == []
