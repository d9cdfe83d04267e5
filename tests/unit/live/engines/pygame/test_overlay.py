"""`stagedoor.live.engines.pygame.overlay`: what a game sees that asks pygame."""

from __future__ import annotations

import inspect
import os
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pygame
import pytest

from stagedoor.live.engines.pygame import overlay as overlay_module
from stagedoor.live.engines.pygame.overlay import Overlay
from stagedoor.live.engines.replacement import Replacement

IS_CE = getattr(pygame, "IS_CE", False)
A = 4
"""The scancode of the key a."""
KEY_FUNCTIONS = ["get_pressed", "get_mods", *(["get_just_pressed", "get_just_released"] * IS_CE)]
MOUSE_FUNCTIONS = [
    *("get_pressed", "get_pos", "get_rel"),
    *(["get_just_pressed", "get_just_released"] * IS_CE),
]
REPLACED = [
    *((pygame.key, name) for name in KEY_FUNCTIONS),
    *((pygame.mouse, name) for name in MOUSE_FUNCTIONS),
    *((pygame.event, name) for name in ("get", "peek", "clear", "pump", "poll", "wait")),
]


def real_of(function: Any) -> Any:
    return function._real


@pytest.mark.parametrize(("module", "name"), REPLACED)
def test_a_function_looks_like_the_real_one(
    overlay: Overlay, module: ModuleType, name: str
) -> None:
    function = getattr(module, name)
    assert isinstance(function, Replacement)
    real = real_of(function)
    for what in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(function, what) == getattr(real, what)
    assert repr(function) == repr(real)
    assert pickle.loads(pickle.dumps(function)) is function
    try:
        signature = inspect.signature(real)
    except ValueError:
        with pytest.raises(ValueError, match="no signature"):
            inspect.signature(function)
    else:
        assert inspect.signature(function) == signature


@pytest.mark.parametrize(("module", "name"), REPLACED)
@pytest.mark.parametrize("is_used", [False, True])
def test_wrong_arguments_are_refused_as_ever(
    overlay: Overlay, module: ModuleType, name: str, is_used: bool
) -> None:
    if is_used:
        overlay.press(overlay.keys, A, down=True)
        overlay.move(3, 4)
    function = getattr(module, name)
    for given, named in ((("a", "b", "c", "d"), {}), ((), {"no_such": 1})):
        with pytest.raises((TypeError, ValueError)) as expected:
            real_of(function)(*given, **named)
        with pytest.raises(expected.type) as raised:
            function(*given, **named)
        assert str(raised.value) == str(expected.value)


@pytest.mark.parametrize(("module", "name"), [*REPLACED[: len(REPLACED) - 6]])
def test_without_a_display_it_raises_as_ever(
    overlay: Overlay, module: ModuleType, name: str
) -> None:
    overlay.press(overlay.keys, A, down=True)
    pygame.display.quit()
    with pytest.raises(pygame.error, match="video system not initialized"):
        getattr(module, name)()


def test_while_clients_do_nothing_the_real_answer_is_passed_on(
    overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in REPLACED[: len(REPLACED) - 6]:
        if name == "get_mods":
            continue
        answer = object()
        function: Any = getattr(module, name)
        fresh = ModuleType(module.__name__)
        for other in dir(module):
            setattr(fresh, other, getattr(module, other))
        setattr(fresh, name, lambda answer=answer: answer)
        Overlay().patches()[module.__name__](fresh)
        assert getattr(fresh, name)() is answer, function


def test_a_module_is_patched_once(overlay: Overlay) -> None:
    before = pygame.key.get_pressed
    overlay.patches()["pygame.key"](pygame.key)
    assert pygame.key.get_pressed is before


def test_a_key_that_is_held_is_pressed_and_the_answer_is_pygames(overlay: Overlay) -> None:
    real = pygame.key.get_pressed()
    overlay.press(overlay.keys, A, down=True)
    state = pygame.key.get_pressed()
    assert type(state) is type(real)
    assert len(state) == len(real)
    assert [state[pygame.K_a], state[pygame.K_b]] == [True, False]
    assert type(state[pygame.K_a]) is bool
    overlay.press(overlay.keys, A, down=False)
    assert not any(tuple.__iter__(pygame.key.get_pressed()))


def test_modifiers_are_added_to_the_players(overlay: Overlay) -> None:
    pygame.key.set_mods(pygame.KMOD_LALT)
    overlay.mods = pygame.KMOD_LSHIFT
    assert pygame.key.get_mods() == pygame.KMOD_LALT | pygame.KMOD_LSHIFT
    pygame.key.set_mods(0)
    assert pygame.key.get_mods() == pygame.KMOD_LSHIFT


@pytest.mark.skipif(not IS_CE, reason="pygame does not have it")
class TestJustPressed:
    @pytest.fixture(params=["get", "pump", "poll", "peek", "clear", "wait"])
    def look(self, request: pytest.FixtureRequest) -> Callable[[], object]:
        """A way to look for events."""
        if request.param == "wait":
            return lambda: pygame.event.wait(1)
        return getattr(pygame.event, request.param)  # type: ignore[no-any-return]

    def test_is_between_two_looks_for_events(
        self, overlay: Overlay, look: Callable[[], object]
    ) -> None:
        def pressed() -> bool:
            return pygame.key.get_just_pressed()[pygame.K_a]

        def released() -> bool:
            return pygame.key.get_just_released()[pygame.K_a]

        overlay.press(overlay.keys, A, down=True)
        overlay.press(overlay.mouse, 0, down=True)
        assert not pressed()
        look()
        for _ in range(2):
            assert pressed()
            assert pygame.mouse.get_just_pressed() == (True, False, False, False, False)
        look()
        assert not pressed()
        assert not any(pygame.mouse.get_just_pressed())
        overlay.press(overlay.keys, A, down=False)
        overlay.press(overlay.mouse, 0, down=False)
        assert not released()
        look()
        assert released()
        assert pygame.mouse.get_just_released()[0]
        look()
        assert not released()

    def test_goes_on_if_events_are_only_taken(self, overlay: Overlay) -> None:
        overlay.press(overlay.keys, A, down=True)
        pygame.event.get()
        for _ in range(2):
            pygame.event.get(pump=False)
            pygame.event.peek(None, False)
            assert pygame.key.get_just_pressed()[pygame.K_a]

    def test_waits_while_the_game_is_held(self, overlay: Overlay) -> None:
        overlay.is_held = True
        overlay.press(overlay.keys, A, down=True)
        pygame.event.get()
        pygame.event.get()
        overlay.is_held = False
        assert not pygame.key.get_just_pressed()[pygame.K_a]
        pygame.event.get()
        assert pygame.key.get_just_pressed()[pygame.K_a]


@pytest.mark.parametrize("given", [(), (3,), (5,)])
def test_buttons_of_the_mouse_are_pressed(overlay: Overlay, given: tuple[int, ...]) -> None:
    overlay.press(overlay.mouse, 2, down=True)
    overlay.press(overlay.mouse, 4, down=True)
    expected = (False, False, True, False, True)[: given[0] if given else 3]
    assert pygame.mouse.get_pressed(*given) == expected
    if given:
        assert pygame.mouse.get_pressed(num_buttons=given[0]) == expected


def test_the_pointer_is_where_a_client_has_put_it_until_the_player_moves_it(
    overlay: Overlay,
) -> None:
    pygame.mouse.set_pos((10, 20))
    if pygame.mouse.get_pos() != (10, 20):
        pytest.skip("the pointer of this SDL does not move without a display")
    pygame.mouse.get_rel()
    assert overlay.move(100, 200) == (90, 180)
    assert pygame.mouse.get_pos() == overlay.where() == (100, 200)
    assert overlay.move(101, 203) == (1, 3)
    assert pygame.mouse.get_pos() == (101, 203)
    assert pygame.mouse.get_rel() == (91, 183)
    assert pygame.mouse.get_rel() == (0, 0)
    pygame.mouse.set_pos((11, 20))
    assert pygame.mouse.get_pos() == (11, 20)
    pygame.mouse.set_pos((10, 20))
    assert pygame.mouse.get_pos() == (10, 20), "it does not jump back"


@pytest.mark.skipif(not IS_CE, reason="pygame does not have it")
def test_the_place_on_the_desktop_is_the_players(overlay: Overlay) -> None:
    real = pygame.mouse.get_pos(desktop=True)
    overlay.move(100, 200)
    assert pygame.mouse.get_pos(desktop=True) == pygame.mouse.get_pos(True) == real
    assert pygame.mouse.get_pos(desktop=False) == (100, 200)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_holds_nothing_of_its_parents(display: None) -> None:
    ours = overlay_module.overlay
    ours.press(ours.keys, A, down=True)
    ours.mods = pygame.KMOD_LSHIFT
    try:
        child = os.fork()
        if not child:
            os._exit(bool(ours.keys.held or ours.mods))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert ours.keys.held == {A}
    finally:
        ours.release()
