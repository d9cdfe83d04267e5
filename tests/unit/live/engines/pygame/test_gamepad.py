"""`stagedoor.live.engines.pygame.gamepad`: a gamepad that is not there, in the real SDL."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pygame
import pytest

from stagedoor.live.engines.inputs import CannotSendError
from stagedoor.live.engines.keys import PAD_AXES, PAD_BUTTONS
from stagedoor.live.engines.pygame.gamepad import Gamepad


@pytest.fixture
def joysticks(display: None) -> Iterator[None]:
    pygame.joystick.init()
    yield
    pygame.joystick.quit()


@pytest.fixture
def gamepad(joysticks: None) -> Gamepad:
    return Gamepad(pygame)


def plugged_in() -> pygame.joystick.JoystickType:
    """The gamepad that came."""
    (added,) = pygame.event.get(pygame.JOYDEVICEADDED)
    return pygame.joystick.Joystick(added.device_index)


def test_it_is_plugged_in_when_it_is_used(gamepad: Gamepad) -> None:
    assert gamepad.is_reachable
    before = pygame.joystick.get_count()
    gamepad.set_button("a", down=True)
    assert pygame.joystick.get_count() == before + 1
    joystick = plugged_in()
    assert (joystick.get_numaxes(), joystick.get_numbuttons()) == (6, 15)
    gamepad.set_button("b", down=True)
    assert pygame.joystick.get_count() == before + 1


def test_buttons_and_axes_are_events_and_states(gamepad: Gamepad) -> None:
    gamepad.set_axis("left x", 0.0)
    joystick = plugged_in()
    pygame.event.get()
    for number, name in enumerate(PAD_BUTTONS):
        gamepad.set_button(name, down=True)
        (down,) = pygame.event.get(pygame.JOYBUTTONDOWN)
        assert (down.button, down.instance_id) == (number, joystick.get_instance_id())
        assert joystick.get_button(number)
        gamepad.set_button(name, down=False)
        (up,) = pygame.event.get(pygame.JOYBUTTONUP)
        assert up.button == number
        assert not joystick.get_button(number)
    for number, name in enumerate(PAD_AXES):
        is_trigger = name.endswith("trigger")
        for value in (1.0, 0.5, 0.0, *([] if is_trigger else [-1.0, 0.0])):
            gamepad.set_axis(name, value)
            pygame.event.get()
            expected = 2 * value - 1 if is_trigger else value
            assert joystick.get_axis(number) == pytest.approx(expected, abs=1e-3)


def test_the_four_directions_are_a_hat_too(gamepad: Gamepad) -> None:
    gamepad.set_button("up", down=True)
    joystick = plugged_in()
    pygame.event.get()
    assert joystick.get_numhats() == 1
    assert joystick.get_hat(0) == (0, 1)
    gamepad.set_button("left", down=True)
    (moved,) = pygame.event.get(pygame.JOYHATMOTION)
    assert moved.value == joystick.get_hat(0) == (-1, 1)
    for name, left in (("up", (-1, 0)), ("left", (0, 0)), ("right", (1, 0)), ("right", (0, 0))):
        gamepad.set_button(name, down=name == "right" and left != (0, 0))
        pygame.event.get()
        assert joystick.get_hat(0) == left


def test_a_game_that_knows_controllers_sees_one(gamepad: Gamepad) -> None:
    controller = pytest.importorskip("pygame._sdl2.controller")
    controller.init()
    try:
        gamepad.set_button("a", down=True)
        pygame.event.get()
        one = controller.Controller(0)
        gamepad.set_button("up", down=True)
        gamepad.set_axis("left trigger", 1.0)
        pygame.event.get()
        buttons = (pygame.CONTROLLER_BUTTON_A, pygame.CONTROLLER_BUTTON_DPAD_UP)
        assert [one.get_button(button) for button in buttons] == [1, 1]
        assert not one.get_button(pygame.CONTROLLER_BUTTON_B)
        assert one.get_axis(pygame.CONTROLLER_AXIS_TRIGGERLEFT) == 32767
    finally:
        controller.quit()


def test_it_is_plugged_in_again_after_the_game_has_started_anew(gamepad: Gamepad) -> None:
    for _ in range(3):
        gamepad.set_button("a", down=True)
        assert plugged_in().get_button(0) or pygame.event.get() is not None
        pygame.joystick.quit()
        with pytest.raises(CannotSendError, match=r"has not begun pygame\.joystick"):
            gamepad.set_button("a", down=True)
        pygame.joystick.init()


def test_where_sdl_cannot_be_reached_there_is_none() -> None:
    def broken(**named: Any) -> Any:
        return SimpleNamespace(**{"__file__": "/no/pygame", "get_sdl_version": tuple} | named)

    for pygame_ in (
        broken(get_sdl_version=lambda: (2, 0, 12)),
        broken(get_sdl_version=lambda: (3, 2, 0)),
        broken(get_sdl_version=None),
    ):
        gamepad = Gamepad(pygame_)
        assert not gamepad.is_reachable
        with pytest.raises(CannotSendError, match="virtual joysticks"):
            gamepad.set_button("a", down=True)
