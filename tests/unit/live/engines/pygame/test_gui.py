"""`stagedoor.live.engines.pygame.gui`: over the real pygame_gui."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pygame
import pytest
from pygame_gui import UIManager
from pygame_gui.core import ObjectID, layered_gui_group
from pygame_gui.core.layered_gui_group import GUISprite
from pygame_gui.elements import (
    UIButton,
    UIDropDownMenu,
    UILabel,
    UIPanel,
    UITextBox,
    UITextEntryLine,
    UIWindow,
)

from stagedoor.live.engines.pygame import gui
from stagedoor.live.engines.pygame.groups import Groups
from stagedoor.live.engines.scene import Node
from stagedoor.live.language.selector import parse_selector
from stagedoor.live.scene.looking import Looking
from stagedoor.live.scene.matching import Matching


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[UIManager]:
    """A manager whose elements are seen."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    pygame.font.init()
    pygame.display.set_mode((640, 480))
    seen = Groups()
    monkeypatch.setattr(gui, "GROUPS", seen)
    real: Any = GUISprite.add_internal
    monkeypatch.setattr(GUISprite, "add_internal", getattr(real, "__wrapped__", real))
    gui.patch(layered_gui_group)
    yield UIManager((640, 480), enable_live_theme_updates=False)
    pygame.font.quit()
    pygame.display.quit()


def nodes() -> list[Node]:
    return [node for node in gui.provider().nodes(Looking()) if isinstance(node, Node)]


def found(selector: str) -> list[Node]:
    matching = Matching(parse_selector(selector), Looking().at)
    return [node for node in nodes() if matching.fits(node)]


def rect(left: int = 10, top: int = 20, width: int = 100, height: int = 30) -> pygame.Rect:
    return pygame.Rect(left, top, width, height)


def test_an_element_tells_what_it_is(manager: UIManager) -> None:
    UIButton(rect(), "New game", manager, object_id=ObjectID(object_id="#start", class_id="@big"))
    (node,) = found("UIButton")
    assert (node.name(), node.text(), node.tags()) == ("start", "New game", ("big",))
    assert node.rect() == (10, 20, 100, 30)
    assert (node.is_visible(), node.is_enabled()) == (True, True)
    assert node.unread == {}
    assert found('UIButton#start.big"New game":enabled')


def test_an_element_that_is_hidden_or_disabled_says_so(manager: UIManager) -> None:
    button = UIButton(rect(), "OK", manager)
    button.hide()
    button.disable()
    (node,) = found("UIButton")
    assert (node.is_visible(), node.is_enabled()) == (False, False)
    assert found("UIButton:hidden:disabled")


def test_an_element_that_is_gone_is_not_there(manager: UIManager) -> None:
    button = UIButton(rect(), "OK", manager)
    (node,) = found("UIButton")
    assert node.is_there()
    button.kill()
    assert not node.is_there()
    assert found("UIButton") == []


def test_what_is_in_a_window_or_a_panel_is_found_in_it(manager: UIManager) -> None:
    window = UIWindow(rect(0, 0, 400, 300), manager, "Options", object_id="#options")
    panel = UIPanel(rect(0, 0, 300, 200), manager=manager, container=window, object_id="#sound")
    UIButton(rect(), "OK", manager, container=panel)
    UIButton(rect(), "OK", manager)
    assert len(found('"OK"')) == 2
    (inner,) = found('#options "OK"')
    assert found('#sound "OK"')[0].target is inner.target
    assert found('UIWindow UIPanel "OK"')
    assert not found('UIPanel > "OK"'), "the panel has a container of its own"
    assert found('"Options"')


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda m: UILabel(rect(), "Score", m), "Score"),
        (lambda m: UITextBox("Once upon", rect(0, 0, 200, 100), m), "Once upon"),
        (lambda m: UIDropDownMenu(["easy", "hard"], "hard", rect(), m), "hard"),
    ],
)
def test_elements_of_many_kinds_have_their_text(manager: UIManager, make: Any, text: str) -> None:
    element = make(manager)
    (node,) = (node for node in nodes() if node.target is element)
    assert node.text() == text


def test_the_text_of_a_field_is_told_unless_the_field_hides_it(manager: UIManager) -> None:
    line = UITextEntryLine(rect(), manager)
    line.set_text("hello")
    (node,) = found("UITextEntryLine")
    assert (node.text(), node.hides_text()) == ("hello", False)
    tests = ['"hello"', '[text ~ "h"]', '[text != "x"]']
    assert all(found(test) for test in tests)
    line.set_text_hidden(True)
    assert (node.text(), node.hides_text()) == (None, True)
    assert found("UITextEntryLine")
    assert not any(found(test) for test in tests), "nothing can be guessed"


def test_elements_that_name_each_other_end(manager: UIManager) -> None:
    one: Any = UIPanel(rect(), manager=manager)
    other: Any = UIPanel(rect(), manager=manager)
    one.odd_container, other.odd_container = other, one
    one.ui_container, other.ui_container = other, one
    assert len(found("UIPanel")) == 2
    assert not found("UIButton UIPanel")
