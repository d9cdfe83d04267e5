"""`logs`: what the game says, before and now; over a real socket."""

from __future__ import annotations

import logging
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from tests.unit.live.callers import Caller, Start, tick_until

from stagedoor.live.domains.logs.capture import Log, log
from stagedoor.live.domains.logs.methods import MAX_A_FRAME, LogFilter, LogNews, Tail
from stagedoor.live.domains.logs.record import LogRecord
from stagedoor.live.rpc.plain import exhaust
from stagedoor.live.stage import Stage
from stagedoor.live.topics.topic import NOTHING

logger = logging.getLogger("game.test")


@pytest.fixture
def stage(start: Start) -> Iterator[Stage]:
    """With an empty log; streams of this phase of the test are listened to only if it begins
    here, see `listen()`."""
    log.ring.clear()
    yield start()
    logging.getLogger("game.test").setLevel(logging.NOTSET)


def listen(stage: Stage) -> None:
    """To the streams that pytest has for the test itself."""
    log.close(stage)
    log.open(stage, stage._tell_the_end)


def messages(page: Any) -> list[str]:
    return [record["message"] for record in page["records"]]


class TestHistory:
    def test_has_what_was_said_in_any_way_oldest_first(self, stage: Stage) -> None:
        listen(stage)
        logger.warning("one")
        print("two")
        print("three", file=sys.stderr)
        with Caller(stage, role="viewer") as caller:
            page = caller.call("logs.history")["result"]
        assert messages(page) == ["one", "two", "three"]
        assert [record["source"] for record in page["records"]] == ["logging", "stdout", "stderr"]
        assert (page["next"], page["lost"]) == (3, 0)

    def test_by_level_logger_text_and_count(self, stage: Stage) -> None:
        for number in range(10):
            logger.warning("rock %d", number)
        logger.error("rock broken")
        logging.getLogger("game.tester").error("other")
        with Caller(stage) as caller:

            def found(**params: object) -> list[str]:
                return messages(caller.call("logs.history", **params)["result"])

            assert found(count=2) == ["rock broken", "other"]
            assert found(level="error") == found(level=40) == ["rock broken", "other"]
            assert found(level="ERROR", logger="game.test") == ["rock broken"]
            assert found(level="ERROR", logger="game") == ["rock broken", "other"]
            assert found(level="ERROR", logger="gam") == []
            assert found(text="ROCK b") == ["rock broken"]

    def test_goes_on_from_where_it_ended(self, stage: Stage) -> None:
        for number in range(5):
            logger.warning("%d", number)
        with Caller(stage) as caller:
            seen: list[str] = []
            since = 0
            for _ in range(4):
                page = caller.call("logs.history", since=since, count=2)["result"]
                seen += messages(page)
                since = page["next"]
            assert seen == ["0", "1", "2", "3", "4"]
            logger.warning("new")
            page = caller.call("logs.history", since=since)["result"]
            assert messages(page) == ["new"]

    @pytest.mark.parametrize(
        ("params", "path"),
        [
            ({"count": 0}, "$.count"),
            ({"count": 10_001}, "$.count"),
            ({"level": "LOUD"}, "$.level"),
            ({"level": -1}, "$.level"),
            ({"since": -1}, "$.since"),
            ({"logger": 5}, "$.logger"),
        ],
    )
    def test_wrong_params_are_refused(
        self, stage: Stage, params: dict[str, Any], path: str
    ) -> None:
        with Caller(stage) as caller:
            error = caller.call("logs.history", **params)["error"]
        assert (error["code"], error["data"]["path"]) == (-32602, path)

    def test_any_thread_may_ask_at_any_time(self, stage: Stage) -> None:
        """As the understudy does, when the game's thread does not come."""
        history = stage._hub.methods.by_name["logs.history"]
        assert history.anytime
        stop = threading.Event()
        failures: list[object] = []

        def ask() -> None:
            while not stop.is_set():
                try:
                    page: Any = exhaust(history.function(count=1000))
                    records = msgspec.json.decode(page.records, type=list[LogRecord])
                except BaseException as error:
                    failures.append(error)
                    return
                numbers = [record.sequence for record in records]
                if numbers != sorted(set(numbers)):
                    failures.append(numbers)

        thread = threading.Thread(target=ask)
        thread.start()
        for number in range(3000):
            logger.warning("%d", number)
        stop.set()
        thread.join()
        assert failures == []


class TestTopic:
    def test_history_then_live_without_a_gap_or_a_double(self, stage: Stage) -> None:
        for number in range(20):
            logger.warning("%d", number)
        with Caller(stage, role="viewer") as caller:
            caller.send("topic.subscribe", topic="logs", mode="all", history=10)
            logger.warning("20")
            answer = caller.receive()["result"]
            (past,) = answer["history"]
            seen = messages(past["value"])
            for number in range(21, 30):
                logger.warning("%d", number)
                if number % 3 == 0:
                    stage.tick(0.0)
            while seen[-1] != "29":
                seen += messages(caller.receive()["params"]["value"])
        assert len(seen) in (19, 20), "the subscription may have come before the 20th, or after"
        assert seen == [str(number) for number in range(30 - len(seen), 30)]

    def test_a_late_subscriber_with_another_filter_has_neither_gap_nor_double(
        self, stage: Stage
    ) -> None:
        with Caller(stage, close_timeout=0.1) as first, Caller(stage) as second:
            first.call("topic.subscribe", topic="logs", mode="all")
            for number in range(10):
                logger.warning("%d", number)
                stage.tick(0.0)
            logger.error("10")
            request = {"level": "WARNING", "logger": "game"}
            second.send("topic.subscribe", topic="logs", mode="all", history=99, filter=request)
            answer = second.receive()["result"]
            seen = messages(answer["history"][0]["value"])
            logger.error("11")
            while seen[-1] != "11":
                seen += messages(second.receive()["params"]["value"])
        assert seen == [str(number) for number in range(12)]

    def test_each_filter_gets_its_own(self, stage: Stage) -> None:
        with Caller(stage) as caller:
            numbers = {
                caller.call("topic.subscribe", topic="logs", mode="all", filter=asked)["result"][
                    "subscription"
                ]: asked
                for asked in ({"level": "ERROR"}, {"logger": "game.test"}, {"text": "rock"})
            }
            assert len(numbers) == 3
            logger.warning("rock")
            logging.getLogger("game.other").error("paper")
            stage.tick(0.0)
            got = {}
            for _ in numbers:
                params = caller.receive()["params"]
                got[str(numbers[params["subscription"]])] = messages(params["value"])
        assert got == {
            "{'level': 'ERROR'}": ["paper"],
            "{'logger': 'game.test'}": ["rock"],
            "{'text': 'rock'}": ["rock"],
        }

    def test_who_is_not_wanted_is_not_told(self, stage: Stage) -> None:
        with Caller(stage) as caller:
            caller.call("topic.subscribe", topic="logs", mode="all", filter={"level": "ERROR"})
            logger.warning("quiet")
            stage.tick(0.0)
            logger.error("loud")
            assert messages(caller.receive()["params"]["value"]) == ["loud"]

    @pytest.mark.parametrize(
        "wrong", [{"levl": 1}, {"level": "LOUD"}, {"logger": 5}, {"level": [1]}], ids=str
    )
    def test_a_wrong_filter_is_refused(self, stage: Stage, wrong: dict[str, Any]) -> None:
        with Caller(stage) as caller:
            error = caller.call("topic.subscribe", topic="logs", filter=wrong)["error"]
        assert error["code"] == -32602
        assert error["data"]["path"].startswith("$.filter")

    def test_what_was_said_while_nobody_listened_is_history(self, stage: Stage) -> None:
        with Caller(stage) as caller:
            number = caller.call("topic.subscribe", topic="logs", mode="all")["result"]
            caller.call("topic.unsubscribe", number["subscription"])
            logger.warning("unheard")
            caller.call("topic.subscribe", topic="logs", mode="all")
            logger.warning("heard")
            assert messages(caller.receive()["params"]["value"]) == ["heard"]


class TestFilters:
    def test_are_4_of_a_client_and_16_of_all(self, stage: Stage) -> None:
        def ask(caller: Caller, text: str, **more: Any) -> Any:
            return caller.call("topic.subscribe", topic="logs", filter={"text": text}, **more)

        with ExitStack() as stack:
            callers = [stack.enter_context(Caller(stage, role="viewer")) for _ in range(6)]
            for number, caller in enumerate(callers[:4]):
                for text in "abcd":
                    assert "result" in ask(caller, f"{number}{text}")
                error = ask(caller, f"{number}e")["error"]
                assert (error["code"], error["data"]["limit"]) == (-32005, "4 filters")
                assert "result" in ask(caller, f"{number}a", hz=2), "the same at another rate"
            assert ask(callers[4], "another")["error"]["data"]["limit"] == "16 filters"
            assert "result" in ask(callers[4], "0a"), "another's filter"
            assert "result" in callers[4].call("topic.subscribe", topic="logs"), "no filter"
        tick_until(stage, lambda: not stage._hub.sessions)
        with Caller(stage, role="viewer") as caller:
            assert "result" in ask(caller, "another"), "the others have left"


class TestFlood:
    def test_what_comes_too_fast_is_told_in_portions_and_what_is_overwritten_is_counted(
        self, stage: Stage
    ) -> None:
        flood = 3 * log.ring.max_count
        with Caller(stage) as caller:
            only = {"logger": logger.name}
            caller.call("topic.subscribe", topic="logs", mode="all", filter=only)
            for number in range(flood):
                logger.warning("%d", number)
            assert len(log.ring._records) <= log.ring.max_count
            assert log.ring.bytes <= log.ring.max_bytes
            told, dropped, last = 0, 0, -1
            while last < flood - 1:
                value = caller.receive()["params"]["value"]
                assert len(value["records"]) <= MAX_A_FRAME
                dropped += value["dropped"]
                told += len(value["records"])
                numbers = [int(message) for message in messages(value)]
                assert numbers == sorted(numbers)
                assert numbers[0] > last
                last = numbers[-1]
        assert dropped > 0
        # A busy machine may make a stall of this: two more lines, which may have been overwritten.
        assert flood <= told + dropped <= flood + 2

    def test_a_filter_is_told_what_was_dropped_too(self) -> None:
        news = LogNews([LogRecord(1, 0.0, "INFO", 20, "game", "x", "logging")], 5)
        assert LogFilter(levelno=30)(news) == LogNews([], 5)
        assert LogFilter(levelno=30)(LogNews(news.records, 0)) is NOTHING

    def test_what_telling_says_is_told_and_does_not_come_round_again(self, stage: Stage) -> None:
        def read() -> int:
            raise ValueError("no value")

        stage.watch("broken", read)
        with Caller(stage) as caller:
            caller.call("topic.subscribe", topic="logs", mode="all")
            caller.call("topic.subscribe", topic="broken")
            told: list[str] = []
            while "the topic broken has no value: ValueError: no value" not in told:
                message = caller.receive()
                if message.get("method") == "topic.data":
                    told += messages(message["params"]["value"])
            before = log.ring.sequence
            for _ in range(50):
                stage.tick(0.0)
            assert log.ring.sequence == before

    def test_memory_is_bounded_while_nobody_reads(self) -> None:
        mine = Log()
        tail = Tail(mine)
        tail.begin()
        for _ in range(2000):
            record = LogRecord(0, 0.0, "INFO", 20, "game", "x" * 10_000, "logging")
            mine.ring.append(record)
        assert mine.ring.bytes <= mine.ring.max_bytes
        first = tail.read()
        assert first.dropped > 1000
        assert sum(len(record.message) for record in first.records) <= 256 * 1024


class TestLoggers:
    def test_are_listed_with_their_levels(self, stage: Stage) -> None:
        logger.setLevel(logging.ERROR)
        with Caller(stage, role="viewer") as caller:
            listed = {one["name"]: one for one in caller.call("logs.loggers")["result"]}
        assert listed["game.test"] == {
            "name": "game.test",
            "level": "ERROR",
            "effective_level": "ERROR",
            "propagate": True,
            "disabled": False,
            "handlers": 0,
        }
        assert listed["root"]["level"] is not None
        assert listed["stagedoor"]["level"] is None

    def test_say_more_or_less_from_now_on(self, stage: Stage) -> None:
        with Caller(stage, role="operator") as caller:
            logger.debug("quiet")
            info = caller.call("logs.set_level", level="debug", logger="game.test")["result"]
            assert (info["name"], info["level"]) == ("game.test", "DEBUG")
            logger.debug("loud")
            assert messages(caller.call("logs.history")["result"]) == ["loud"]
            info = caller.call("logs.set_level", level=None, logger="game.test")["result"]
            assert info["level"] is None
            assert logger.level == logging.NOTSET

    def test_none_is_made_for_a_caller(self, stage: Stage) -> None:
        names = [".".join(f"{number}abcdefghij"[-9:] for _ in range(20)) for number in range(1000)]
        with Caller(stage, role="operator") as caller:
            for name in names:
                error = caller.call("logs.set_level", level="DEBUG", logger=name)["error"]
                assert (error["code"], error["data"]["path"]) == (-32602, "$.logger")
            # One that is only above others of the game's.
            assert caller.call("logs.set_level", level="DEBUG", logger="game")["result"]["level"]
        try:
            tops = {name.partition(".")[0] for name in names}
            known = {name.partition(".")[0] for name in logging.root.manager.loggerDict}
            assert not tops & known
        finally:
            logging.getLogger("game").setLevel(logging.NOTSET)

    def test_the_one_above_all_is_called_root(self, stage: Stage) -> None:
        before = logging.root.level
        try:
            with Caller(stage, role="operator") as caller:
                for name in ({}, {"logger": "root"}, {"logger": ""}):
                    assert caller.call("logs.set_level", level=15, **name)["result"] == {
                        "name": "root",
                        "level": "Level 15",
                        "effective_level": "Level 15",
                        "propagate": True,
                        "disabled": False,
                        "handlers": len(logging.root.handlers),
                    }
                assert logging.root.level == 15
        finally:
            logging.root.setLevel(before)

    def test_a_viewer_only_looks(self, stage: Stage) -> None:
        with Caller(stage, role="viewer") as caller:
            error = caller.call("logs.set_level", level="DEBUG", logger="game.test")["error"]
        assert error["code"] == -32003
        assert logger.level == logging.NOTSET


def test_a_stage_that_is_closed_listens_no_more(stage: Stage) -> None:
    assert weakref.ref(stage) in log._owners
    stage.close()
    assert weakref.ref(stage) not in log._owners


def test_no_token_is_ever_said(stage: Stage) -> None:
    tokens = stage._hub.keys.tokens
    logging.getLogger("stagedoor").setLevel(logging.DEBUG)
    try:
        with Caller(stage, role=None) as caller:
            caller.call("session.authenticate", token="wrong" + tokens.admin)
            caller.call("session.authenticate", token=tokens.admin, ticket="both")
            caller.call("session.authenticate", token=tokens.admin)
            page = caller.call("logs.history", count=10_000)
    finally:
        logging.getLogger("stagedoor").setLevel(logging.NOTSET)
    for token in (tokens.viewer, tokens.operator, tokens.admin):
        assert token not in str(page)
