"""`stagedoor eval`, against a fake game."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

import stagedoor
from stagedoor.cli import main
from stagedoor.cli.eval import MORE, READY, Typed, interact
from stagedoor.client.sync.client import Client

from ..fake_game import FakeGame, running
from ..fake_stage import NEVER, FakeStage


class Console:
    """What a game's console answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.interrupts = 0
        self.answer: dict[str, Any] = {
            "text": "3", "value": 3, "printed": "", "omitted": 0, "error": None, "frame": 1,
            "seconds": 0.1,
        }  # fmt: skip
        self.hangs = False

    def evaluate(self, code: str, path: str | None = None) -> Any:
        self.asked.append((code, path))
        if self.hangs:
            return NEVER
        return self.answer

    def interrupt(self) -> dict[str, bool]:
        self.interrupts += 1
        return {"running": True}

    def complete(self, code: str, path: str | None = None) -> dict[str, Any]:
        return {"length": len(code.split("\n")[-1]), "names": ["world", "wo\x1brld"]}


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def game(console: Console) -> Iterator[FakeGame]:
    stage = FakeStage()
    stage.methods["console.evaluate"] = console.evaluate
    stage.methods["console.interrupt"] = console.interrupt
    stage.methods["console.complete"] = console.complete
    with running(stage) as game:
        yield game


@pytest.fixture
def client(game: FakeGame) -> Iterator[Client]:
    with stagedoor.connect(game.url) as client:
        yield client


def test_the_value_is_printed_as_python_shows_it(
    game: FakeGame, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "1 + 2", "--to", game.url]) == 0
    assert capsys.readouterr().out == "3\n"
    assert console.asked == [("1 + 2", None)]


def test_in_the_namespace_of_an_object(game: FakeGame, console: Console) -> None:
    assert main(["eval", "hp", "--path", "world.ship", "--to", game.url]) == 0
    assert console.asked == [("hp", "world.ship")]


def test_what_was_printed_comes_first_and_is_harmless(
    game: FakeGame, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    console.answer |= {"printed": "a\tb\n\x1b[2Jc\n", "omitted": 7}
    assert main(["eval", "f()", "--to", game.url]) == 0
    out = capsys.readouterr().out
    assert out == "a       b\n\\u001b[2Jc\n... and 7 characters more\n3\n"


def test_nothing_is_printed_for_a_statement(
    game: FakeGame, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    console.answer |= {"text": None, "value": None}
    assert main(["eval", "x = 1", "--to", game.url]) == 0
    assert capsys.readouterr() == ("", "")


ERROR = {
    "type": "ZeroDivisionError",
    "message": "division by zero",
    "traceback": "Traceback:\n  File x\nZeroDivisionError: division by zero",
}


def test_an_exception_is_told_on_stderr_and_is_exit_code_1(
    game: FakeGame, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    console.answer |= {"text": None, "printed": "before\n", "error": ERROR}
    assert main(["eval", "1/0", "--to", game.url]) == 1
    out, err = capsys.readouterr()
    assert out == "before\n"
    assert err == "Traceback:\n  File x\nstagedoor: ZeroDivisionError: division by zero\n"


def test_json_is_the_whole_answer(
    game: FakeGame, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    console.answer |= {"error": ERROR}
    assert main(["eval", "1/0", "--to", game.url, "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == console.answer


def test_code_comes_from_stdin_if_that_is_no_terminal(
    game: FakeGame, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("x = 1\nx\n"))
    assert main(["eval", "--to", game.url]) == 0
    assert console.asked == [("x = 1\nx\n", None)]


def test_a_game_without_a_console_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    with running(FakeStage()) as game:
        assert main(["eval", "1", "--to", game.url]) == 1
    assert "stagedoor run --console" in capsys.readouterr().err


def test_code_that_takes_too_long_is_ended(
    game: FakeGame, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    console.hangs = True
    assert main(["eval", "loop()", "--to", game.url, "--timeout", "0.05"]) == 1
    assert "--timeout gives it more" in capsys.readouterr().err


def test_ctrl_c_ends_the_code(
    game: FakeGame, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Client.call

    def call(client: Client, method: str, /, *args: Any, **params: Any) -> Any:
        if method == "console.evaluate":
            raise KeyboardInterrupt
        return real(client, method, *args, **params)

    monkeypatch.setattr(Client, "call", call)
    assert main(["eval", "loop()", "--to", game.url]) == 130
    assert console.interrupts == 1


def test_a_conversation(
    client: Client, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = Typed(client, None)
    lines = iter(["1", "", "def f():", "    return 1", "", "(", KeyboardInterrupt, "x = (", ")"])
    prompts: list[str] = []

    def read(prompt: str) -> str:
        prompts.append(prompt)
        line = next(lines, EOFError)
        if isinstance(line, str):
            return line
        raise line

    interact(typed, read)
    assert [code for code, _ in console.asked] == [
        "1",
        "def f():\n    return 1\n",
        "x = (\n)",
    ]
    assert prompts == [READY, READY, READY, MORE, MORE, READY, MORE, READY, MORE, READY]
    assert capsys.readouterr().out.splitlines()[1:] == ["3", "3", "3"]


def test_an_error_does_not_end_the_conversation(
    client: Client, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = Typed(client, None)
    console.answer |= {"error": ERROR}
    typed.take("1/0")
    typed.take("x = ]")
    assert [code for code, _ in console.asked] == ["1/0", "x = ]"], "the game says what is wrong"
    assert "division by zero" in capsys.readouterr().err


def test_tab_asks_the_game(client: Client) -> None:
    typed = Typed(client, None)
    assert typed.complete("wo") == {"length": 2, "names": ["world", "wo\x1brld"]}


def test_tab_finds_nothing_in_a_game_that_does_not_answer() -> None:
    with running(FakeStage()) as game, stagedoor.connect(game.url) as client:
        assert Typed(client, None).complete("wo")["names"] == []
