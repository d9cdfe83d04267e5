"""`stagedoor.live.engines.pygame.engine`: over the real pygame, without a display."""

import logging
import sys
import threading
import time
from collections.abc import Iterator

import pygame
import pytest
from pygame.event import Event
from tests.unit.live.callers import PATIENCE

from stagedoor.live import engines
from stagedoor.live.engines.pygame.engine import MAX_WAITING, Pygame


@pytest.fixture(autouse=True)
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A display that nobody sees, with an empty queue."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    pygame.event.get()
    yield
    pygame.display.quit()


@pytest.fixture
def engine() -> Pygame:
    return Pygame()


def post(*events: Event) -> None:
    for event in events:
        assert pygame.event.post(event)


def key(code: int) -> Event:
    return Event(pygame.KEYDOWN, key=code, unicode="", mod=0, scancode=4)


def test_it_is_found_when_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    found = engines.find()
    assert isinstance(found, Pygame)
    assert found.name == f"pygame-ce {pygame.version.ver}"
    monkeypatch.delattr(pygame, "IS_CE")
    assert Pygame().name == f"pygame {pygame.version.ver}"
    for name in engines.ENGINES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert engines.find() is None


def test_events_wait_and_are_given_back_as_they_were_in_their_order(engine: Pygame) -> None:
    thing = object()
    events = [
        key(97),
        Event(pygame.MOUSEMOTION, pos=(1, 2), rel=(1, 1), buttons=(0, 0, 0), touch=False),
        Event(pygame.USEREVENT + 3, thing=thing),
        key(98),
        Event(pygame.VIDEORESIZE, w=3, h=4, size=(3, 4)),
        Event(pygame.WINDOWFOCUSLOST, window=None),
        Event(pygame.TEXTINPUT, text="é"),
        Event(pygame.KEYUP, key=98, mod=0, scancode=4),
    ]
    for event in events[:6]:
        post(event)
        assert engine.hold() is False
        assert not pygame.event.peek(pump=False)
    post(*events[6:])  # these came after the last turn
    engine.release()
    after = key(99)
    post(after)
    given = pygame.event.get()
    assert given == [*events, after]
    assert given[2].thing is thing


def test_each_step_gets_what_waited_until_then(engine: Pygame) -> None:
    for code in (97, 98, 99):
        post(key(code))
        engine.hold()
        engine.release()
        assert [event.key for event in pygame.event.get()] == [code]
    engine.release()
    assert pygame.event.get() == []


def test_who_wants_to_quit_ends_the_hold_and_the_game_sees_it_in_its_place(engine: Pygame) -> None:
    post(key(97), Event(pygame.QUIT), key(98))
    assert engine.hold() is True
    assert engine.hold() is False
    engine.release()
    kinds = [event.type for event in pygame.event.get()]
    assert kinds == [pygame.KEYDOWN, pygame.QUIT, pygame.KEYDOWN]


def test_quit_is_as_if_the_window_had_been_closed(engine: Pygame) -> None:
    engine.quit()
    assert engine.hold() is True
    engine.release()
    assert [event.type for event in pygame.event.get()] == [pygame.QUIT]


def test_a_game_that_cannot_see_a_quit_is_an_error(engine: Pygame) -> None:
    pygame.event.set_blocked(pygame.QUIT)
    try:
        with pytest.raises(RuntimeError, match=r"blocked the event pygame\.QUIT"):
            engine.quit()
    finally:
        pygame.event.set_allowed(pygame.QUIT)
    pygame.display.quit()
    with pytest.raises(RuntimeError, match="no window"):
        engine.quit()


def test_without_a_display_it_holds_all_the_same(engine: Pygame) -> None:
    post(key(97))
    engine.hold()
    pygame.display.quit()
    assert engine.hold() is False
    engine.release()
    pygame.display.init()
    engine.release()
    assert key(97) not in pygame.event.get()


def test_a_flood_of_one_type_is_bounded_and_takes_no_place_from_others(
    engine: Pygame, caplog: pytest.LogCaptureFixture
) -> None:
    post(key(97))
    for turn in range(4):
        post(*[Event(pygame.USEREVENT, number=turn * 1000 + number) for number in range(1000)])
        engine.hold()
    post(key(98))
    with caplog.at_level(logging.WARNING, "stagedoor"):
        engine.release()
    given = pygame.event.get()
    assert len(given) == MAX_WAITING + 2
    assert [given[0], given[-1]] == [key(97), key(98)]
    numbers = [event.number for event in given[1:-1]]
    assert numbers == list(range(3000, 4000))
    assert caplog.messages == [
        "3000 events of the type UserEvent were dropped while the game was held: only 1000 wait"
    ]
    engine.release()
    assert len(caplog.messages) == 1


def test_a_mouse_that_moved_for_long_is_nothing_to_tell(
    engine: Pygame, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MAX_WAITING + 7):
        post(Event(pygame.MOUSEMOTION, pos=(number, 0), rel=(1, 0), buttons=(0, 0, 0)))
    engine.hold()
    engine.release()
    assert [event.pos[0] for event in pygame.event.get()][::999] == [7, MAX_WAITING + 6]
    assert caplog.messages == []


def test_a_timer_and_threads_of_the_game_do_not_fill_the_queue(engine: Pygame) -> None:
    tick = pygame.event.custom_type()
    pygame.time.set_timer(tick, 1)
    done = threading.Event()

    def work() -> None:
        for number in range(500):
            post(Event(pygame.USEREVENT, number=number))
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not done.is_set() or len(engine._waiting.get(tick, ())) < 20:
            assert time.monotonic() < deadline
            engine.hold()
    finally:
        pygame.time.set_timer(tick, 0)
        thread.join()
    engine.release()
    given = pygame.event.get()
    numbers = [event.number for event in given if event.type == pygame.USEREVENT]
    assert numbers == list(range(500))
    assert sum(event.type == tick for event in given) >= 20


def test_what_the_game_has_blocked_since_is_not_given_back(engine: Pygame) -> None:
    post(key(97), Event(pygame.USEREVENT))
    engine.hold()
    pygame.event.set_blocked(pygame.KEYDOWN)
    try:
        engine.release()
        assert [event.type for event in pygame.event.get()] == [pygame.USEREVENT]
    finally:
        pygame.event.set_allowed(pygame.KEYDOWN)


@pytest.mark.parametrize("kind", [pygame.WINDOWEXPOSED, pygame.WINDOWSIZECHANGED])
def test_a_window_that_lost_its_picture_is_shown_again(
    engine: Pygame, monkeypatch: pytest.MonkeyPatch, kind: int
) -> None:
    shown: list[bool] = []
    monkeypatch.setattr(pygame.display, "flip", lambda: shown.append(True))
    post(Event(kind))
    engine.hold()
    assert shown == []  # there is no window
    pygame.display.set_mode((32, 32))
    engine.hold()
    shown.clear()
    post(key(97))
    engine.hold()
    assert shown == []
    post(Event(kind), Event(kind))
    engine.hold()
    assert shown == [True]
    engine.release()
