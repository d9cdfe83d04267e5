"""What one thread prints in a block is kept; everything else is as ever."""

from __future__ import annotations

import io
import logging
import sys
import threading

import pytest

from stagedoor.live.domains.console import output
from stagedoor.live.domains.console.output import printed


def test_stdout_and_stderr_are_kept_in_order() -> None:
    with printed() as kept:
        print("one")
        print("two", file=sys.stderr)
        sys.stdout.writelines(["thr", "ee"])
        sys.stdout.flush()
    assert (kept.text, kept.omitted) == ("one\ntwo\nthree", 0)


def test_the_streams_are_as_before_also_after_an_exception() -> None:
    before = sys.stdout, sys.stderr
    with pytest.raises(ZeroDivisionError), printed():
        raise ZeroDivisionError
    assert (sys.stdout, sys.stderr) == before


def test_other_threads_print(capsys: pytest.CaptureFixture[str]) -> None:
    with printed() as kept:
        thread = threading.Thread(target=lambda: print("other", flush=True))
        thread.start()
        thread.join()
        print("mine")
    assert kept.text == "mine\n"
    assert capsys.readouterr().out == "other\n"


def test_a_handler_that_has_kept_the_stream_prints_later(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with printed() as kept:
        handler = logging.StreamHandler(sys.stderr)
        handler.emit(logging.makeLogRecord({"msg": "at once"}))
    handler.emit(logging.makeLogRecord({"msg": "later"}))
    assert kept.text == "at once\n"
    assert capsys.readouterr().err == "later\n"


def test_a_stream_that_the_code_has_put_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    with printed() as kept:
        print("before")
        sys.stdout = own = io.StringIO()
        print("to its own")
    assert sys.stdout is own
    assert kept.text == "before\n"


def test_a_flood_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "MAX_PRINTED", 10)
    with printed() as kept:
        for _ in range(4):
            print("abc")
    assert (kept.text, kept.omitted) == ("abc\nabc\nab", 6)


def test_text_that_is_no_utf8_is_escaped() -> None:
    with printed() as kept:
        print("a\udce9b")
    assert kept.text == "a\\udce9b\n"


def test_only_text_is_written() -> None:
    with printed(), pytest.raises(TypeError, match="must be str"):
        sys.stdout.write(b"bytes")  # type: ignore[arg-type]


def test_without_streams_as_under_pythonw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with printed() as kept:
        print("kept")
    assert kept.text == "kept\n"
    assert sys.stdout is None


def test_code_sees_no_terminal_but_the_streams_attributes() -> None:
    before = sys.stdout.encoding
    with printed():
        assert not sys.stdout.isatty()
        assert sys.stdout.encoding == before


def test_there_is_no_input_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.StringIO("typed\nmore\n")
    monkeypatch.setattr(sys, "stdin", stdin)
    read: list[str] = []
    with printed() as kept:
        with pytest.raises(EOFError):
            input("name? ")
        assert (sys.stdin.read(), sys.stdin.readline(), list(sys.stdin)) == ("", "", [])
        with pytest.raises(SystemExit):
            exit()
        thread = threading.Thread(target=lambda: read.append(sys.stdin.readline()))
        thread.start()
        thread.join()
    assert kept.text == "name? "
    assert read == ["typed\n"], "other threads read as ever"
    assert sys.stdin is stdin
    assert stdin.readline() == "more\n", "and it is open"
