"""stdout and stderr: line by line, and still what they are."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from typing import Any

import pytest
from tests.unit.live.domains.logs.listening import Listen, Owner

from stagedoor.live.domains.logs import streams
from stagedoor.live.domains.logs.capture import Log
from stagedoor.live.domains.logs.record import MAX_TEXT, LogRecord


def said(log: Log) -> list[LogRecord]:
    return log.ring.newest(100_000, lambda _: True, max_bytes=10**9).records


def lines(log: Log) -> list[str]:
    return [record.message for record in said(log)]


def test_a_print_is_a_record_and_is_printed(
    listen: Listen, capsys: pytest.CaptureFixture[str]
) -> None:
    log = listen()
    print("hello", 3)
    print("oh", file=sys.stderr)
    first, second = said(log)
    assert (first.logger, first.source, first.level) == ("stdout", "stdout", "INFO")
    assert (second.logger, second.source, second.level) == ("stderr", "stderr", "WARNING")
    assert (first.message, second.message) == ("hello 3", "oh")
    assert first.thread == threading.current_thread().name
    assert first.file == __file__
    assert first.function == "test_a_print_is_a_record_and_is_printed"
    assert first.line > 0
    assert capsys.readouterr() == ("hello 3\n", "oh\n")


def test_lines_are_put_together_and_taken_apart(listen: Listen) -> None:
    log = listen()
    print("load", end="")
    print("ing", end="...")
    assert lines(log) == []
    print("done\nand ", end="")
    print("more\n\n")
    sys.stdout.write("one\ntwo\nthree\n")
    sys.stdout.writelines(["four\n", "five\n"])
    assert lines(log) == [
        "loading...done", "and more", "one", "two", "three", "four", "five",
    ]  # fmt: skip


def test_a_progress_bar_is_what_stands_there_in_the_end(listen: Listen) -> None:
    log = listen()
    for percent in (10, 50, 100):
        sys.stderr.write(f"\r{percent} %")
    sys.stderr.write("\n")
    sys.stdout.write("windows\r\n")
    assert lines(log) == ["100 %", "windows"]


def test_a_line_without_an_end_is_told_after_a_while(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = listen()
    print("loading... ", end="")
    log.settle()
    assert lines(log) == []
    monkeypatch.setattr(streams, "SETTLED", 0.0)
    log.settle()
    assert lines(log) == ["loading... "]
    print("done")
    assert lines(log) == ["loading... ", "done"]


def test_each_thread_has_lines_of_its_own(listen: Listen) -> None:
    log = listen()
    print("one ", end="")
    thread = threading.Thread(target=lambda: print("other"), name="worker")
    thread.start()
    thread.join()
    print("two")
    assert [(record.thread, record.message) for record in said(log)] == [
        ("worker", "other"),
        (threading.current_thread().name, "one two"),
    ]


def test_a_line_without_end_is_told_in_pieces(listen: Listen) -> None:
    log = listen()
    for _ in range(5):
        sys.stdout.write("x" * (MAX_TEXT // 2))
    sys.stdout.write("y" * 3 * MAX_TEXT)
    assert all(len(record.message) <= MAX_TEXT for record in said(log))
    assert sum(record.omitted for record in said(log)) > 2 * MAX_TEXT
    assert all(len(text) <= 2 * MAX_TEXT for one in log._lines for text, _ in one._begun.values())


def test_of_very_many_lines_at_once_those_that_could_be_kept_are_told(listen: Listen) -> None:
    log = listen()
    sys.stdout.write("".join(f"{number}\n" for number in range(25_000)))
    assert log.ring.sequence == 25_000
    assert lines(log)[-1] == "24999"
    assert len(lines(log)) == log.ring.max_count


def test_the_stream_is_what_it_was_and_where_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    log, owner = Log(), Owner()
    stdout = sys.stdout
    facts = type(stdout), stdout.fileno(), stdout.encoding, stdout.errors, stdout.isatty()
    buffer = stdout.buffer
    log.open(owner, owner.tell_the_end)
    try:
        assert sys.stdout is stdout
        assert isinstance(stdout, io.TextIOWrapper)
        assert facts == (
            type(stdout), stdout.fileno(), stdout.encoding, stdout.errors, stdout.isatty(),
        )  # fmt: skip
        assert stdout.buffer is buffer
        assert stdout.write("four") == 4
        stdout.flush()
        buffer.write(b"bytes\n")
        buffer.flush()
        with pytest.raises(TypeError, match=r"write\(\) argument must be str"):
            stdout.write(b"bytes")  # type: ignore[arg-type]
    finally:
        log.close(owner)
    assert "write" not in vars(stdout)
    assert capfd.readouterr().out == "fourbytes\n"


def test_what_a_program_redirects_is_its_own(listen: Listen) -> None:
    log = listen()
    mine = io.StringIO()
    with contextlib.redirect_stdout(mine):
        print("mine")
    print("ours")
    assert mine.getvalue() == "mine\n"
    assert lines(log) == ["ours"]


def test_who_writes_through_the_stream_is_heard(listen: Listen) -> None:
    log = listen()

    class Tee:
        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def write(self, text: str) -> int:
            return int(self.stream.write(text))

    print("through", file=Tee(sys.stdout))  # type: ignore[call-overload]
    assert lines(log) == ["through"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("\x1b[2J\u202e", "\x1b[2J\u202e"), ("zażółć", "zażółć"), ("\0", "\0"), ("\udcff", r"\udcff")],
)
def test_any_text_is_kept_as_data(
    listen: Listen, text: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())  # takes lone surrogates
    log = listen()
    print(text)
    assert lines(log) == [kept]
    assert sys.stdout.getvalue() == text + "\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize("stream", [None, object(), 5])
def test_a_program_without_a_stream_is_left_alone(
    stream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    log, owner = Log(), Owner()
    log.open(owner, owner.tell_the_end)
    log.close(owner)


def test_a_mistake_of_ours_does_not_reach_the_print(
    listen: Listen, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = listen()
    monkeypatch.setattr(streams, "monotonic", lambda: 1 / 0)
    print("hello", end="")
    assert capsys.readouterr().out == "hello"
    assert log.ring.sequence == 1, "counted as lost"
