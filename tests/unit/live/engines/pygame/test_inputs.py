"""`stagedoor.live.engines.pygame.inputs`: a player's doings, over the real pygame."""

from __future__ import annotations

import string
from typing import Any

import pygame
import pytest

from stagedoor.live.engines.inputs import Button, CannotSendError, Key, Move, Text, Wheel
from stagedoor.live.engines.keys import KEYS
from stagedoor.live.engines.pygame import inputs as pygame_inputs
from stagedoor.live.engines.pygame import picture as pygame_picture
from stagedoor.live.engines.pygame.engine import Pygame
from stagedoor.live.engines.pygame.inputs import Inputs
from stagedoor.live.engines.pygame.overlay import Overlay
from stagedoor.live.engines.pygame.picture import Pictures, Shown
from stagedoor.live.engines.showing import Showing

INPUT = (
    *(pygame.KEYDOWN, pygame.KEYUP, pygame.TEXTINPUT, pygame.MOUSEMOTION, pygame.MOUSEWHEEL),
    *(pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP),
)


@pytest.fixture
def inputs(overlay: Overlay) -> Inputs:
    return Inputs(pygame, overlay, Pictures().window)


def events() -> list[pygame.event.Event]:
    return [event for event in pygame.event.get() if event.type in INPUT]


def told(*names: str) -> list[Any]:
    """The events, as their names and these attributes."""
    return [
        (pygame.event.event_name(event.type), *[getattr(event, name, None) for name in names])
        for event in events()
    ]


def test_a_key_is_an_event_and_text_and_pressed(inputs: Inputs) -> None:
    inputs.send([Key("a", True)])
    down, text = events()
    assert down == pygame.event.Event(
        pygame.KEYDOWN, key=pygame.K_a, scancode=4, unicode="a", mod=0, window=None
    )
    assert text == pygame.event.Event(pygame.TEXTINPUT, text="a", window=None)
    assert pygame.key.get_pressed()[pygame.K_a]
    inputs.send([Key("a", False)])
    (up,) = events()
    assert (up.type, up.key, up.scancode) == (pygame.KEYUP, pygame.K_a, 4)
    assert not pygame.key.get_pressed()[pygame.K_a]


@pytest.mark.parametrize("name", KEYS)
def test_each_key_can_be_pressed_and_asked_for(inputs: Inputs, name: str) -> None:
    inputs.send([Key(name, True)])
    code = events()[0].key
    assert pygame.key.get_pressed()[code], name
    assert sum(tuple.__iter__(pygame.key.get_pressed())) == 1
    inputs.send([Key(name, False)])
    assert events()[0].key == code
    assert not pygame.key.get_pressed()[code]
    assert pygame.key.get_mods() == 0


@pytest.mark.parametrize(
    ("modifier", "key", "expected"),
    [
        (None, "return", ("\r", None)),
        (None, "tab", ("\t", None)),
        (None, "backspace", ("\b", None)),
        (None, "escape", ("\x1b", None)),
        (None, "space", (" ", " ")),
        (None, "left", ("", None)),
        (None, "f1", ("", None)),
        (None, "keypad 7", ("7", "7")),
        (None, "keypad enter", ("\r", None)),
        ("left shift", "a", ("A", "A")),
        ("right shift", "1", ("!", "!")),
        ("left shift", "/", ("?", "?")),
        ("left shift", "space", (" ", " ")),
        ("left ctrl", "s", ("\x13", None)),
        ("left alt", "a", ("a", None)),
        ("left meta", "a", ("a", None)),
    ],
)
def test_a_key_gives_the_text_that_it_would(
    inputs: Inputs, modifier: str | None, key: str, expected: tuple[str, str | None]
) -> None:
    if modifier is not None:
        inputs.send([Key(modifier, True)])
        assert events()[0].mod == pygame.key.get_mods() != 0
    inputs.send([Key(key, True)])
    down, *texts = events()
    assert down.unicode == expected[0]
    assert [text.text for text in texts] == ([] if expected[1] is None else [expected[1]])
    assert down.mod == pygame.key.get_mods()


def test_text_is_keys_and_text(inputs: Inputs) -> None:
    inputs.send([Text("aB!é\n語")])
    assert told("unicode", "key", "mod", "text") == [
        ("KeyDown", "a", pygame.K_a, 0, None),
        ("TextInput", None, None, None, "a"),
        ("KeyUp", "a", pygame.K_a, 0, None),
        ("KeyDown", "B", pygame.K_b, pygame.KMOD_LSHIFT, None),
        ("TextInput", None, None, None, "B"),
        ("KeyUp", "B", pygame.K_b, pygame.KMOD_LSHIFT, None),
        ("KeyDown", "!", pygame.K_1, pygame.KMOD_LSHIFT, None),
        ("TextInput", None, None, None, "!"),
        ("KeyUp", "!", pygame.K_1, pygame.KMOD_LSHIFT, None),
        ("KeyDown", "é", ord("é"), 0, None),
        ("TextInput", None, None, None, "é"),
        ("KeyUp", "é", ord("é"), 0, None),
        ("KeyDown", "\r", pygame.K_RETURN, 0, None),
        ("KeyUp", "\r", pygame.K_RETURN, 0, None),
        ("KeyDown", "語", ord("語"), 0, None),
        ("TextInput", None, None, None, "語"),
        ("KeyUp", "語", ord("語"), 0, None),
    ]


def test_every_character_to_print_arrives(inputs: Inputs) -> None:
    text = string.printable[:95] + "ßİǅ\U0001f680"
    inputs.send([Text(text)])
    typed = [event for event in events() if event.type == pygame.TEXTINPUT]
    assert "".join(event.text for event in typed) == text


def test_a_click_is_a_motion_and_a_button_where_the_pointer_is(inputs: Inputs) -> None:
    inputs.send([Move(10, 20), Button(1, True)])
    assert pygame.mouse.get_pressed() == (True, False, False)
    inputs.send([Move(12, 21), Button(1, False)])
    assert told("pos", "button", "buttons") == [
        ("MouseMotion", (10, 20), None, (0, 0, 0)),
        ("MouseButtonDown", (10, 20), 1, None),
        ("MouseMotion", (12, 21), None, (1, 0, 0)),
        ("MouseButtonUp", (12, 21), 1, None),
    ]
    assert pygame.mouse.get_pressed() == (False, False, False)


def test_the_buttons_at_the_side_are_not_the_wheel(inputs: Inputs) -> None:
    inputs.send([Button(4, True), Button(5, True)])
    assert [event.button for event in events()] == [pygame.BUTTON_X1, pygame.BUTTON_X2]
    assert pygame.mouse.get_pressed(5) == (False, False, False, True, True)


def test_the_wheel_turns_for_new_games_and_old(inputs: Inputs) -> None:
    inputs.send([Wheel(1, 2), Wheel(0, -1)])
    assert told("x", "y", "button") == [
        ("MouseWheel", 1, 2, None),
        ("MouseButtonDown", None, None, pygame.BUTTON_WHEELUP),
        ("MouseButtonUp", None, None, pygame.BUTTON_WHEELUP),
        ("MouseButtonDown", None, None, pygame.BUTTON_WHEELUP),
        ("MouseButtonUp", None, None, pygame.BUTTON_WHEELUP),
        ("MouseWheel", 0, -1, None),
        ("MouseButtonDown", None, None, pygame.BUTTON_WHEELDOWN),
        ("MouseButtonUp", None, None, pygame.BUTTON_WHEELDOWN),
    ]


@pytest.mark.parametrize("place", [(640, 0), (0, 480), (65_535, 65_535)])
def test_the_pointer_stays_in_the_picture(inputs: Inputs, place: tuple[int, int]) -> None:
    inputs.send([Move(639, 479)])
    with pytest.raises(CannotSendError, match=r"outside of the game's picture.*640 x 480"):
        inputs.send([Move(*place)])
    assert pygame.mouse.get_pos() == (639, 479)


@pytest.mark.parametrize(
    "one", [Key("a", True), Text("a"), Move(1, 1), Button(1, True), Wheel(0, 1)]
)
def test_without_a_window_there_is_no_input(inputs: Inputs, one: Any) -> None:
    pygame.display.quit()
    for _ in range(2):
        with pytest.raises(CannotSendError, match="no window"):
            inputs.send([one])
        pygame.display.init()
    assert events() == []
    assert not any(tuple.__iter__(pygame.key.get_pressed()))
    assert pygame.mouse.get_pressed() == (False, False, False)


@pytest.mark.skipif(not hasattr(pygame, "Window"), reason="pygame does not have it")
def test_a_window_of_any_kind_gets_input(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    showing, shown = Showing(), Shown()
    for name, value in (("showing", showing), ("shown", shown)):
        monkeypatch.setattr(pygame_inputs, name, value)
        monkeypatch.setattr(pygame_picture, name, value)
    pygame.display.quit()
    pygame.display.init()
    with pytest.raises(CannotSendError, match="no window"):
        inputs.send([Key("a", True)])
    window = pygame.Window("ours", (64, 48))
    window.get_surface()
    showing.about_to_show(window)
    shown.note(window)
    inputs.send([Move(63, 47), Key("a", True), Key("a", False)])
    with pytest.raises(CannotSendError, match="64 x 48"):
        inputs.send([Move(64, 47)])
    shown.forget(None)  # it draws by OpenGL, or a Renderer: its size is not known
    inputs.send([Move(64, 47), Text("a")])
    assert pygame.mouse.get_pos() == (64, 47)
    window.destroy()


def test_what_was_pressed_in_a_window_that_is_gone_is_released(inputs: Inputs) -> None:
    inputs.send([Key("left shift", True), Button(1, True)])
    pygame.display.quit()
    inputs.send([Key("left shift", False), Button(1, False)])
    pygame.display.init()
    pygame.display.set_mode((64, 64))
    assert not any(tuple.__iter__(pygame.key.get_pressed()))
    assert pygame.key.get_mods() == 0
    assert pygame.mouse.get_pressed() == (False, False, False)


def test_a_key_is_released_where_it_was_pressed(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs.send([Key("a", True)])
    monkeypatch.setattr(inputs, "_codes", lambda name: (pygame.K_q, 20))  # another layout
    inputs.send([Key("a", False)])
    assert not any(tuple.__iter__(pygame.key.get_pressed()))
    assert [event.key for event in events() if event.type == pygame.KEYUP] == [pygame.K_a]


def test_what_a_game_has_blocked_it_does_not_get(inputs: Inputs) -> None:
    pygame.event.set_blocked([pygame.KEYDOWN, pygame.TEXTINPUT])
    try:
        inputs.send([Key("a", True)])
        assert events() == []
        assert pygame.key.get_pressed()[pygame.K_a]
    finally:
        pygame.event.set_allowed([pygame.KEYDOWN, pygame.TEXTINPUT])


def test_a_queue_that_is_full_is_told_and_keeps_nothing_pressed(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def post(event: pygame.event.Event) -> None:
        raise pygame.error("Event queue full")

    monkeypatch.setattr(pygame.event, "post", post)
    with pytest.raises(CannotSendError, match="Event queue full"):
        inputs.send([Key("a", True)])
    with pytest.raises(CannotSendError, match="Event queue full"):
        inputs.send([Key("a", False)])
    assert not any(tuple.__iter__(pygame.key.get_pressed()))


def test_a_held_game_gets_it_when_it_goes_on(overlay: Overlay) -> None:
    engine = Pygame()
    engine.hold()
    engine.send([Key("a", True), Key("a", False), Key("b", True)])
    for _ in range(3):
        engine.hold()
        assert not pygame.event.peek(pump=False)
    engine.release()
    assert told("key") == [
        ("KeyDown", pygame.K_a),
        ("TextInput", None),
        ("KeyUp", pygame.K_a),
        ("KeyDown", pygame.K_b),
        ("TextInput", None),
    ]
    assert pygame.key.get_pressed()[pygame.K_b]
    if hasattr(pygame.key, "get_just_pressed"):
        assert pygame.key.get_just_pressed()[pygame.K_b]
        assert pygame.key.get_just_pressed()[pygame.K_a]
        assert pygame.key.get_just_released()[pygame.K_a]


def test_the_engine_says_what_it_can(overlay: Overlay, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"scale", "keys", "polled", "pointer", "text", "quit"} <= Pygame().can
    monkeypatch.setattr(pygame.key, "get_pressed", pygame.key.get_pressed._real)  # type: ignore[attr-defined]
    assert "polled" not in Pygame().can
