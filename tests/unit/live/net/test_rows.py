"""What `_core.Server` keeps for a game that is behind: clients take turns. And what is parked while
the game is stalled: `seize`, `give_back`, ...

`tests/unit/live/test_turns.py` and `tests/unit/live/stall/test_understudy.py` have what is made of
it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from tests.unit.live.native import PATIENCE, Native, arrived, listen

from stagedoor._core import CLOSED, Frames

THRESHOLD = 0.05
ALL = 1000
RECEIVER: list[Any] = []


@pytest.fixture
def server() -> Iterator[Native]:
    with listen() as server:
        yield server


def texts(events: list[Any]) -> list[str]:
    return [data for _, data in events if isinstance(data, str)]


def stall(server: Native) -> None:
    """Let so much time pass that the game counts as stalled."""
    assert server.core.thread.wait_stalled(THRESHOLD) is not None


def wait_pending(server: Native) -> None:
    assert server.core.wait(PATIENCE)


def say(server: Native, *messages: str) -> None:
    """Messages of a new client that have all come, in one batch, and nobody has taken."""
    client, _ = server.opened()
    stall(server)
    for message in messages:
        client.send(message)
    arrived(client)
    wait_pending(server)


def say_all(server: Native, *rows: str) -> None:
    """A client for each text sends its letters. All have come, those of one client together."""
    clients = [server.opened()[0] for _ in rows]
    for client, row in zip(clients, rows, strict=True):
        for message in row:
            client.send(message)
        arrived(client)
    wait_pending(server)


def take(server: Native, limit: int = ALL) -> str:
    return "".join(texts(server.core.take(RECEIVER, limit)))


def next_texts(server: Native, count: int) -> list[str]:
    """Of so many events, each taken by another poll."""
    found = []
    for _ in range(count):
        assert server.core.load()
        found += server.core.take(RECEIVER, 1)
        server.core.put_back([], False)
    return texts(found)


class TestClientsThatLeave:
    """While their messages wait for a turn."""

    def leave(self, server: Native, *, with_a_word: bool) -> list[Any]:
        """One that has said abcd, of which a was taken, while another has said xy. Returns what is
        taken next."""
        core = server.core
        leaving, _ = server.opened()
        staying, _ = server.opened()
        for client, message in ((leaving, "a"), (leaving, "b"), (staying, "x"), (leaving, "c")):
            client.send(message)
            arrived(client)
        wait_pending(server)
        assert core.load()
        core.put_back(core.take(RECEIVER, ALL)[1:], False)
        leaving.send("d")
        if with_a_word:
            leaving.close()
        else:
            leaving.close_socket()
        events: list[Any] = []
        while not any(data[0] == CLOSED for _, data in events):
            wait_pending(server)  # the end comes after the last message, perhaps not with it
            assert core.load()
            core.put_back(events, False)
            events = core.take(RECEIVER, ALL)
        return events

    @pytest.mark.parametrize(
        ("forgets", "with_a_word"), [(True, True), (False, True), (False, False)]
    )
    def test_are_heard_to_the_end(self, forgets: bool, with_a_word: bool) -> None:
        with listen(forgets_the_gone=forgets) as server:
            events = self.leave(server, with_a_word=with_a_word)
        assert sorted(texts(events)) == ["b", "c", "d", "x"]
        assert events[-1][1][0] == CLOSED

    def test_without_a_word_are_forgotten_at_once_by_a_server_that_does_so(self) -> None:
        with listen(forgets_the_gone=True) as server:
            events = self.leave(server, with_a_word=False)
            assert events[0][1][0] == CLOSED
            assert texts(events) == ["x"]

    def test_are_forgotten_with_the_memory_that_they_held(self) -> None:
        with listen(forgets_the_gone=True, max_receive_memory=1 << 20) as server:
            core = server.core
            say(server, *["a"] * 100)  # so that the game is behind all the time
            assert core.load()
            core.put_back([], False)
            for _ in range(30):
                client = server.connect()
                client.send("z" * 50_000)
                arrived(client)
                client.close_socket()
                next_texts(server, 1)
            late = server.connect()
            late.send("x")
            arrived(late)
            assert core.load()
            assert "x" in take(server)


class TestTurns:
    """What a game leaves for its next frame."""

    def test_are_taken_by_all_clients_once_the_game_is_behind(self, server: Native) -> None:
        core = server.core
        say_all(server, "abcd", "ef", "g")
        assert core.load()
        events = core.take(RECEIVER, 3)
        assert texts(events) == ["a", "b", "c"], "it is not behind yet"
        core.put_back(events[1:], False)
        assert core.is_behind
        assert take(server, 2) == "eg", "a client that had its turn has the last"
        assert take(server) == "bfcd"
        assert not core.is_behind

    def test_go_on_where_the_game_has_stopped(self, server: Native) -> None:
        core = server.core
        say_all(server, "abc", "def", "ghi")
        assert core.load()
        core.put_back(core.take(RECEIVER, 1)[1:], False)
        seen = ""
        while core.is_behind:
            events = core.take(RECEIVER, ALL)
            seen += texts(events)[0]
            core.put_back(events[1:], False)
        assert seen == "dgbehcfi"

    def test_are_had_by_who_comes_later(self, server: Native) -> None:
        core = server.core
        say_all(server, "abcdef")
        assert core.load()
        core.put_back(core.take(RECEIVER, ALL)[1:], False)
        late, _ = server.opened()
        late.send("x")
        arrived(late)
        assert core.load()
        assert "x" in take(server, 3)

    def test_are_had_by_one_that_is_alone_with_what_another_has_left(self, server: Native) -> None:
        core = server.core
        gone, _ = server.opened()
        for message in "abcdef":
            gone.send(message)
        gone.close()
        wait_pending(server)
        assert core.load()
        core.put_back(core.take(RECEIVER, 1)[1:], False)
        late = server.connect()
        late.send("x")
        arrived(late)
        assert "x" in next_texts(server, 4)

    def test_of_one_that_is_not_done_come_again_before_its_others(self, server: Native) -> None:
        core = server.core
        say_all(server, "abc", "d")
        assert core.load()
        events = core.take(RECEIVER, ALL)
        core.put_back([(RECEIVER, "rest of a"), *events[1:]], True)
        assert texts(core.take(RECEIVER, ALL)) == ["d", "rest of a", "b", "c"]

    def test_keep_what_is_parked_before_what_is_not(self, server: Native) -> None:
        core = server.core
        say_all(server, "abcd", "e")
        assert core.load()
        core.put_back(core.take(RECEIVER, 1)[1:], False)
        assert take(server, 1) == "e"
        core.put_back([], False)
        stall(server)
        assert texts(core.seize(RECEIVER, None, 2)) == ["b", "c"]
        core.give_back([(0, None), (1, 0.0)])
        assert texts(core.seize(RECEIVER, None, ALL)) == ["d"], "the others were looked at"
        core.give_back([(0, None)])
        assert texts(core.take_expired()) == ["c"]
        assert take(server) == "bd"

    def test_do_not_let_a_client_fill_the_memory(self) -> None:
        """What waits for a turn counts for its own client only, and as long as it waits."""
        with listen(max_receive_memory=1 << 20) as server:
            core = server.core
            flooding, _ = server.opened()
            other, _ = server.opened()
            thread = threading.Thread(target=flood, args=(flooding,), daemon=True)
            thread.start()
            taken = heard = 0
            deadline = time.monotonic() + PATIENCE
            while heard < 100:
                assert time.monotonic() < deadline
                other.send("y" * 2000)
                other.ping().wait(PATIENCE)
                while core.load() and (events := core.take(RECEIVER, ALL)):
                    own = [text for text in texts(events) if text[0] == "y"]
                    if not own:
                        break
                    heard += len(own)
                core.put_back(events[1:], False)
                taken += 1
            assert thread.is_alive(), "it waits to be read"


def flood(client: Any) -> None:
    with suppress(Exception):  # it is closed in the end
        for _ in range(100_000):
            client.send("x" * 1000)


def test_the_game_gets_what_it_is_left_with_in_the_old_order(server: Native) -> None:
    core = server.core
    say(server, *"abcdef")
    assert texts(core.seize(RECEIVER, None, 3)) == ["a", "b", "c"]
    core.give_back([(0, None), (2, 5.0)])
    assert texts(core.seize(RECEIVER, None, ALL)) == ["d", "e", "f"]
    core.give_back([(1, 0.0)])
    assert core.seize(RECEIVER, None, ALL) == []
    assert core.load()
    assert texts(core.take(RECEIVER, 2)) == ["a", "c"]
    assert texts(core.take(RECEIVER, ALL)) == ["e"]
    assert core.take(RECEIVER, ALL) == []
    core.end()
    assert not core.load()


def test_what_the_game_had_taken_and_not_looked_at_comes_first(server: Native) -> None:
    core = server.core
    say(server, *"abcdef")
    assert core.load()
    unread = iter(core.take(RECEIVER, 4))
    assert next(unread)[1] == "a"
    stall(server)
    assert texts(core.seize(RECEIVER, None, ALL)) == ["e", "f"]
    core.give_back([(0, None), (1, None)])
    assert texts(core.seize(RECEIVER, unread, 1)) == ["b", "c", "d"], "all of them"
    assert next(unread, None) is None
    core.give_back([(1, None), (2, None)])
    assert core.seize(RECEIVER, unread, ALL) == []
    assert texts(core.take(RECEIVER, ALL)) == ["c", "d", "e", "f"]


def test_nothing_is_seized_from_a_game_that_polls(server: Native) -> None:
    core = server.core
    say(server, "a")
    assert core.load()
    assert core.seize(RECEIVER, None, ALL) == []
    assert texts(core.take(RECEIVER, ALL)) == ["a"]


def test_the_game_waits_for_what_is_in_hand(server: Native) -> None:
    core = server.core
    say(server, "a", "b")
    assert texts(core.seize(RECEIVER, None, ALL)) == ["a", "b"]
    taken: list[Any] = []

    def game() -> None:
        if core.load():
            taken.extend(core.take(RECEIVER, ALL))

    thread = threading.Thread(target=game)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while core.thread.wait_back(0.0) is None:  # the game has come
        assert time.monotonic() < deadline
    assert thread.is_alive()
    assert taken == []
    core.give_back([(1, None)])
    thread.join(PATIENCE)
    assert texts(taken) == ["b"]


def test_what_has_waited_for_too_long_is_taken_out(server: Native) -> None:
    core = server.core
    say(server, *"abcd")
    core.seize(RECEIVER, None, ALL)
    core.give_back([(0, 0.0), (1, 60.0), (2, 0.0), (3, None)])
    assert texts(core.take_expired()) == ["a", "c"]
    assert core.take_expired() == []
    assert core.load()
    assert texts(core.take(RECEIVER, ALL)) == ["b", "d"]


def test_the_hand_is_empty_whatever_goes_wrong(server: Native) -> None:
    core = server.core
    say(server, *"abcdef")
    core.seize(RECEIVER, None, 2)
    with pytest.raises(IndexError, match="not that many"):
        core.give_back([(2, None)])
    core.seize(RECEIVER, None, 2)
    core.give_back([(0, float("nan")), (1, -1.0)])
    with pytest.raises(IndexError):
        core.give_back([(0, None)])
    core.seize(RECEIVER, None, 2)
    core.give_back([(0, None), (1, None)])
    assert core.take_expired() == []
    assert core.load()
    assert texts(core.take(RECEIVER, ALL)) == list("abcdef")


def test_a_loop_that_is_to_be_woken_is_not_while_something_waits(server: Native) -> None:
    core = server.core
    say(server, "a")
    core.seize(RECEIVER, None, ALL)
    core.give_back([(0, None)])
    assert not core.arm()
    assert core.load()
    core.take(RECEIVER, ALL)
    assert core.arm()


def test_groups_of_a_notice_are_told_only_if_nobody_has_the_gil(server: Native) -> None:
    client, connection = server.opened()
    group = server.core.group()
    server.core.join_group(group, connection)
    pieces = [b"1", b"2", b"3", b"4", b"5", b"6"]
    server.core.set_stall_notices([(group, pieces)], Frames())
    stalled = server.core.thread.wait_stalled(THRESHOLD)
    assert stalled is not None
    seconds, thread, told = stalled
    assert seconds >= THRESHOLD
    assert told == []
    assert thread in (None, threading.get_ident())
    with pytest.raises(TimeoutError):
        client.recv(0.0)
