"""Python's own hooks: each is told of, and hands on."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import warnings
from typing import Any

import pytest
from tests.unit.live.domains.logs.listening import Listen, Owner

from stagedoor.live.domains.logs import hooks
from stagedoor.live.domains.logs.capture import Log
from stagedoor.live.domains.logs.record import LogRecord


def said(log: Log) -> list[LogRecord]:
    return log.ring.newest(1000, lambda _: True).records


def only(log: Log) -> LogRecord:
    (record,) = said(log)
    return record


class TestLogging:
    def test_a_record_is_told_with_its_place(self, listen: Listen) -> None:
        log = listen()
        logging.getLogger("game.ai").warning("rock %d of %s", 3, "many")
        record = only(log)
        assert (record.logger, record.level, record.levelno) == ("game.ai", "WARNING", 30)
        assert (record.message, record.source) == ("rock 3 of many", "logging")
        assert record.file == __file__
        assert record.function == "test_a_record_is_told_with_its_place"
        assert record.thread == threading.current_thread().name

    def test_what_the_loggers_level_holds_back_is_not(self, listen: Listen) -> None:
        log = listen()
        logging.getLogger("game.quiet").debug("psst")
        assert said(log) == []

    def test_loggers_that_do_not_propagate_are_heard(self, listen: Listen) -> None:
        log = listen()
        logger = logging.getLogger("game.alone")
        logger.propagate = False
        try:
            logger.error("hello")
        finally:
            logger.propagate = True
        assert only(log).message == "hello"

    def test_arguments_are_filled_in_at_once(self, listen: Listen) -> None:
        log = listen()
        rocks = [1]
        logging.getLogger("game").warning("rocks: %s", rocks)
        rocks.append(2)
        assert only(log).message == "rocks: [1]"

    def test_tracebacks_and_stacks_are_told(self, listen: Listen) -> None:
        log = listen()
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            logging.getLogger("game").exception("it broke")
        logging.getLogger("game").warning("here", stack_info=True)
        first, second = said(log)
        assert first.message == "it broke"
        assert first.traceback.endswith("ZeroDivisionError: division by zero")
        assert "test_tracebacks_and_stacks_are_told" in second.traceback

    def test_a_record_that_cannot_be_filled_in_is_told_as_such(
        self, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logging, "raiseExceptions", False)
        log = listen()
        for root_handler in logging.root.handlers:
            monkeypatch.setattr(root_handler, "handle", lambda _: None)
        logging.getLogger("game").warning("%d rocks", "many")
        assert only(log).message == "'%d rocks' cannot be formatted: TypeError"

    def test_what_handlers_print_is_not_told_twice(
        self, listen: Listen, capsys: pytest.CaptureFixture[str]
    ) -> None:
        log = listen()
        logger = logging.getLogger("game.printing")
        handler = logging.StreamHandler(sys.stderr)
        logger.addHandler(handler)
        try:
            logger.error("once")
            print("after", file=sys.stderr)
        finally:
            logger.removeHandler(handler)
        assert [record.message for record in said(log)] == ["once", "after"]
        assert capsys.readouterr().err == "once\nafter\n"

    def test_a_handler_that_logs_is_heard(self, listen: Listen) -> None:
        log = listen()

        class Nested(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                logging.getLogger("game.inner").warning("inner")

        logger = logging.getLogger("game.outer")
        handler = Nested()
        logger.addHandler(handler)
        try:
            logger.warning("outer")
            print("after")
        finally:
            logger.removeHandler(handler)
        assert [record.message for record in said(log)] == ["outer", "inner", "after"]

    def test_a_mistake_of_ours_does_not_reach_the_game(
        self, listen: Listen, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = listen()
        monkeypatch.setattr(hooks, "_record_of", lambda _: 1 / 0)
        logging.getLogger("game").warning("hello")
        assert caplog.messages == ["hello"]
        assert log.ring.sequence == 1, "counted as lost"

    def test_errors_of_asyncio_are_told(self, listen: Listen) -> None:
        log = listen()

        async def broken() -> None:
            raise ValueError("nobody waits for me")

        async def main() -> None:
            task = asyncio.create_task(broken())
            await asyncio.sleep(0)
            del task
            gc.collect()

        asyncio.run(main())
        record = only(log)
        assert (record.logger, record.level) == ("asyncio", "ERROR")
        assert "ValueError: nobody waits for me" in record.traceback


class TestExceptions:
    @pytest.fixture(autouse=True)
    def _quiet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was there before us, which would print or be pytest's."""
        self.before: list[Any] = []
        monkeypatch.setattr(sys, "excepthook", lambda *args: self.before.append(args))
        monkeypatch.setattr(threading, "excepthook", self.before.append)
        monkeypatch.setattr(sys, "unraisablehook", lambda args: self.before.append(args.err_msg))

    def test_that_end_the_program_are_told_and_its_end_announced(
        self, listen: Listen, owner: Owner
    ) -> None:
        log = listen()
        with pytest.raises(ValueError, match="the end") as caught:
            raise ValueError("the end")
        exception = caught.type, caught.value, caught.tb
        sys.excepthook(*exception)
        assert self.before == [exception]
        record = only(log)
        assert (record.logger, record.level) == ("sys.excepthook", "CRITICAL")
        assert (record.message, record.source) == ("ValueError: the end", "exception")
        assert record.file == __file__
        assert record.traceback.startswith("Traceback (most recent call last):")
        assert owner.ends == 1

    def test_an_owner_that_fails_to_tell_of_the_end_does_not_keep_it_from_the_hook(
        self, listen: Listen, owner: Owner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Owner, "tell_the_end", lambda *_: 1 / 0)
        log = listen()
        sys.excepthook(ValueError, ValueError("the end"), None)
        assert len(self.before) == 1
        assert [record.logger for record in said(log)] == ["sys.excepthook", "stagedoor"]

    def test_of_threads_are_told(self, listen: Listen) -> None:
        log = listen()
        thread = threading.Thread(target=lambda: 1 / 0, name="worker")
        thread.start()
        thread.join()
        record = only(log)
        assert (record.logger, record.level) == ("threading.excepthook", "ERROR")
        assert record.message == "ZeroDivisionError: division by zero"
        assert record.thread == "worker"
        assert len(self.before) == 1

    def test_a_thread_that_exits_is_nobodys_mistake(self, listen: Listen) -> None:
        log = listen()
        thread = threading.Thread(target=sys.exit)
        thread.start()
        thread.join()
        assert said(log) == []

    def test_that_cannot_be_raised_are_told(self, listen: Listen) -> None:
        log = listen()

        class Broken:
            def __del__(self) -> None:
                raise ValueError("in the end")

        Broken()
        record = only(log)
        assert (record.logger, record.level) == ("sys.unraisablehook", "ERROR")
        assert "__del__" in record.message
        assert "ValueError: in the end" in record.message
        assert len(self.before) == 1

    def test_what_the_hook_before_prints_is_not_told_twice(
        self, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
        log = listen()
        sys.excepthook(ValueError, ValueError("once"), None)
        assert [record.message for record in said(log)] == ["ValueError: once"]


class TestWarnings:
    @pytest.mark.filterwarnings("always")
    def test_are_told_and_shown(self, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list[Any] = []
        monkeypatch.setattr(warnings, "showwarning", lambda *args: shown.append(args))
        log = listen()
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        record = only(log)
        assert (record.logger, record.level) == ("py.warnings", "WARNING")
        assert (record.message, record.source) == ("DeprecationWarning: old", "warning")
        assert record.file == __file__
        assert len(shown) == 1

    @pytest.mark.filterwarnings("always")
    def test_that_logging_captures_are_told_once(self, listen: Listen, owner: Owner) -> None:
        logging.captureWarnings(True)
        try:
            log = listen()
            warnings.warn("old", DeprecationWarning, stacklevel=1)
            assert only(log).logger == "py.warnings"
            assert only(log).source == "logging"
            log.close(owner)
        finally:
            logging.captureWarnings(False)
