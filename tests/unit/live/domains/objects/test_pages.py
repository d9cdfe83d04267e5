"""What is kept of a page for the next one, and for how long."""

from __future__ import annotations

import gc
import weakref
from typing import Any, cast

import pytest

from stagedoor.live.domains.objects import pages as module
from stagedoor.live.domains.objects.pages import KEPT_FOR, MOST_KEPT, PageOf, Pages
from stagedoor.live.reach.roots import Roots
from stagedoor.live.reach.walk import resolve_place
from stagedoor.live.rpc.plain import exhaust
from stagedoor.live.rpc.session import Session
from stagedoor.wire.roles import Role


class Client:
    """A session, as far as pages are kept for it."""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


@pytest.fixture
def pages(clock: Clock) -> Pages:
    return Pages()


def ask(pages: Pages, client: Client, value: object, start: int = 0, count: int = 10) -> PageOf:
    roots = Roots()
    roots.expose("it", value)
    page = pages.page(
        cast(Session, client),
        resolve_place(roots, "it", Role.VIEWER),
        Role.VIEWER,
        start=start,
        count=count,
        filter="",
        every=False,
    )
    return cast(PageOf, exhaust(page))


def kept(pages: Pages) -> int:
    return sum(map(len, pages._kept.values()))


def test_an_iterator_is_kept_until_the_next_page_takes_it(pages: Pages) -> None:
    client, value = Client(), set(range(25))
    for start, found in ((0, 10), (10, 10), (20, 5)):
        page = ask(pages, client, value, start)
        assert len(page.children) == found
        assert kept(pages) == (1 if page.next else 0)


@pytest.mark.parametrize("value", [list(range(25)), tuple(range(25))])
def test_none_is_kept_of_what_finds_any_item_at_once(pages: Pages, value: Any) -> None:
    assert ask(pages, Client(), value).next == 10
    assert kept(pages) == 0


def test_a_session_has_so_many_and_the_oldest_goes_first(pages: Pages) -> None:
    client, values = Client(), [set(range(25)) for _ in range(2 * MOST_KEPT)]
    for value in values:
        ask(pages, client, value)
    assert kept(pages) == MOST_KEPT
    ask(pages, client, values[-1], 10)
    assert kept(pages) == MOST_KEPT, "that one was there"
    ask(pages, client, values[0], 10)
    assert kept(pages) == MOST_KEPT


def test_it_is_forgotten_after_a_while(pages: Pages, clock: Clock) -> None:
    value = set(range(25))
    there = weakref.ref(value)
    ask(pages, client := Client(), value)
    del value
    gc.collect()
    assert there() is not None
    clock.now = KEPT_FOR + 1
    ask(pages, Client(), {1})
    gc.collect()
    assert there() is None, "it was kept for the next page alone"
    del client


def test_it_goes_with_its_session(pages: Pages) -> None:
    value = set(range(25))
    there = weakref.ref(value)
    ask(pages, client := Client(), value)
    del value, client
    gc.collect()
    assert there() is None
