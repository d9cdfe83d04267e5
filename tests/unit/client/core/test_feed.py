"""What a subscription has received: `stagedoor.client.core.feed`."""

import pytest

from stagedoor.client.core.feed import Feed, Key, Sample, key_of


def a_feed(size: int = 4) -> Feed:
    feed = Feed(Key("rocks", "latest", None), size)
    feed.start([])
    return feed


def values(feed: Feed) -> list[object]:
    return [feed.take().value for _ in range(feed.waiting)]


def a_sample(sequence: int | None) -> Sample:
    return Sample(sequence, 1.0, 1, sequence)


def test_the_newest_samples_are_kept_and_the_others_counted() -> None:
    feed = a_feed(3)
    for number in range(1, 8):
        feed.receive(a_sample(number))
    assert (values(feed), feed.dropped) == ([5, 6, 7], 4)


@pytest.mark.parametrize(("size", "kept"), [(1000, [5, 6, 7, 8]), (2, [7, 8])])
def test_pictures_that_nobody_takes_are_few_and_the_newest(size: int, kept: list[int]) -> None:
    feed = a_feed(size)
    for number in range(1, 9):
        feed.receive(Sample({"number": number, "data": bytes(10)}, 1.0, 1, number))
    assert feed.dropped == 8 - len(kept)
    assert [feed.take().value["number"] for _ in range(feed.waiting)] == kept
    for number in range(9, 19):
        feed.receive(Sample({"number": number, "data": "a text"}, 1.0, 1, number))
    assert feed.waiting == min(size, 10)


def test_history_comes_first_and_has_no_sequence() -> None:
    feed = Feed(Key("rocks", "latest", None))
    feed.start([Sample(1, 1.0, 1), Sample(2, 2.0, 2)])
    feed.receive(a_sample(40))
    assert [feed.take().sequence for _ in range(3)] == [None, None, 40]
    assert feed.dropped == 0


@pytest.mark.parametrize("told", [0, 3])
def test_what_the_game_dropped_is_counted_once_however_it_shows(told: int) -> None:
    feed = a_feed()
    feed.receive(a_sample(1))
    if told:
        feed.drop(told)
        assert feed.dropped == 3
    feed.receive(a_sample(5))
    assert feed.dropped == 3


def test_a_restart_is_no_drop_but_seen_as_reconnected() -> None:
    feed = a_feed()
    feed.receive(a_sample(900))
    feed.start([])
    feed.receive(a_sample(950))
    assert (feed.dropped, feed.reconnected) == (0, 1)


def test_the_end_comes_after_what_is_there() -> None:
    feed = a_feed()
    feed.receive(a_sample(1))
    feed.end(ValueError("first"))
    feed.end(ValueError("second"))
    assert feed.take().value == 1
    with pytest.raises(ValueError, match="first"):
        feed.take()
    assert feed.ready


def test_every_change_wakes() -> None:
    feed = a_feed()
    woken: list[bool] = []
    feed.wake = lambda: woken.append(feed.ready)
    feed.receive(a_sample(1))
    feed.take()
    feed.drop(1)
    feed.end(ValueError())
    assert woken == [True, False, True]


def test_rates_that_the_game_makes_the_same_are_one_subscription() -> None:
    assert key_of("rocks", "latest", 21, None) == key_of("rocks", "latest", 20, None)
    assert key_of("rocks", "latest", 0, None).hz == 0, "the game refuses it"


def test_a_filter_is_part_of_what_makes_subscriptions_the_same() -> None:
    one = key_of("logs", "all", None, {"level": "ERROR", "logger": "game"})
    other = key_of("logs", "all", None, {"logger": "game", "level": "ERROR"})
    assert one == other
    assert one != key_of("logs", "all", None, None)
    assert one.params(5) == {
        "topic": "logs",
        "mode": "all",
        "hz": None,
        "filter": {"level": "ERROR", "logger": "game"},
        "history": 5,
    }
    assert "filter" not in Key("logs", "all", None).params(0)


def test_a_rectangle_in_a_filter_makes_the_same_key_as_a_list_or_tuple() -> None:
    one = key_of("screen", "latest", 1, {"width": 3, "rectangle": [0, 0, 5, 5]})
    assert one == key_of("screen", "latest", 1, {"rectangle": (0, 0, 5, 5), "width": 3})
    assert hash(one)
    assert one.params(0)["filter"] == {"rectangle": (0, 0, 5, 5), "width": 3}
