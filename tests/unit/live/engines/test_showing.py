"""`stagedoor.live.engines.showing`: who waits for the next picture."""

import logging

import pytest

from stagedoor.live.engines.showing import Showing


def test_each_who_waits_is_told_once_of_the_next_picture() -> None:
    showing, told = Showing(), list[object]()
    take = told.append
    showing.about_to_show(1)
    showing.take_next(take)
    showing.take_next(take)
    showing.about_to_show(2)
    showing.about_to_show(3)
    assert told == [2]
    assert showing.count == 3


def test_who_wants_the_one_after_that_says_so_again() -> None:
    showing, told = Showing(), list[object]()

    def take(source: object) -> None:
        told.append(source)
        showing.take_next(take)

    showing.take_next(take)
    showing.about_to_show(1)
    assert told == [1]
    showing.about_to_show(2)
    assert told == [1, 2]


def test_what_is_raised_is_logged_and_reaches_neither_the_game_nor_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    showing, told = Showing(), list[object]()

    def fail(_: object) -> None:
        raise OSError("no such library")

    showing.take_next(fail)
    showing.take_next(told.append)
    with caplog.at_level(logging.ERROR, "stagedoor"):
        showing.about_to_show(1)
    assert told == [1]
    assert "no such library" in caplog.text
