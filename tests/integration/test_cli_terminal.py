"""The command line in a real terminal: what a game says stays inert, and no token is seen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from conftest import Run
from program import PATIENCE, Program

from stagedoor.wire.roles import ROLE_NAMES
from stagedoor.wire.tokens import Tokens, decode_tokens

pty = pytest.importorskip("pty", reason="a system with terminals")

GAME = Path(__file__).with_name("escaping_game.py")
EVIL = "\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b31m\u202edrow\u2066\u200b\x08\x7f\r"
"""A title, a cleared screen, colours, the bell, directions of text, a step back."""

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""What rich itself writes."""


class Terminal:
    """`stagedoor` with these arguments, in a terminal of its own."""

    def __init__(self, env: dict[str, str], *arguments: str) -> None:
        master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stagedoor", *arguments],
            env=env | {"TERM": "xterm-256color", "COLUMNS": "200", "LINES": "50"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self._master = master
        self._written = bytearray()
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._master, 1 << 16)
            except OSError:  # nobody has the other end open
                piece = b""
            with self._changed:
                self._written += piece
                self._changed.notify_all()
            if not piece:
                return

    @property
    def text(self) -> str:
        """So far."""
        with self._changed:
            return self._written.decode()

    def wait_for(self, text: str) -> None:
        with self._changed:
            found = self._changed.wait_for(lambda: text.encode() in self._written, PATIENCE)
        assert found, self.text

    def finish(self) -> str:
        """All that was written, once it has ended."""
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return self.text

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._master)


@pytest.fixture
def game(run: Run) -> Program:
    program = run(GAME, json.dumps(EVIL), STAGEDOOR="1")
    program.wait_for(r"^port \d+$")
    return program


@pytest.fixture
def tokens(game: Program, env: dict[str, str]) -> Tokens:
    (file,) = (Path(env["STAGEDOOR_RUNTIME_DIR"]) / "tokens").iterdir()
    return decode_tokens(file.read_bytes())


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        terminal.end()


def dangerous(text: str) -> list[str]:
    """The characters that do something to a terminal, but for colours and the ends of lines."""
    rest = COLOURS.sub("", text).replace("\r\n", "")
    return [char for char in rest if unicodedata.category(char) in ("Cc", "Cf", "Co", "Zl", "Zp")]


VERBS = {
    "ps": ["ps"],
    "status": ["status"],
    "methods": ["methods"],
    "a method": ["methods", "say"],
    "call": ["call", "shout"],
    "call with a value": ["call", "shout", f"value={EVIL}"],
    "an error": ["call", "fail"],
    "a method that is not there": ["call", f"no{EVIL}"],
    "a game that is not there": ["call", "say", "--to", f"no {EVIL}"],
    "an argument that is not there": ["ps", f"--no{EVIL}"],
    "logs": ["logs"],
    "stub": ["stub"],
}


@pytest.mark.parametrize("arguments", VERBS.values(), ids=VERBS.keys())
def test_what_a_game_says_does_nothing_to_the_terminal(
    game: Program, env: dict[str, str], terminals: list[Terminal], arguments: list[str]
) -> None:
    terminals.append(Terminal(env, *arguments))
    text = terminals[0].finish()
    assert "drow" in text or arguments[-1] == "say", "what is harmless is shown"
    assert dangerous(text) == []


@pytest.mark.parametrize(
    "arguments", [["watch", "loud", f"topic {EVIL}"], ["logs", "-f"]], ids=["watch", "logs -f"]
)
def test_nor_does_what_it_goes_on_saying(
    game: Program, env: dict[str, str], terminals: list[Terminal], arguments: list[str]
) -> None:
    terminals.append(Terminal(env, *arguments))
    terminals[0].wait_for("drow")
    terminals[0].process.terminate()
    text = terminals[0].finish()
    for evil in (
        "\x1b]0;",
        "\x1b[2J",
        "\x9b",
        "\x07",
        "\x08",
        "\x7f",
        "\u202e",
        "\u2066",
        "\u200b",
    ):
        assert evil not in text


def test_no_token_is_in_the_process_list_or_on_the_terminal(
    game: Program, env: dict[str, str], tokens: Tokens, terminals: list[Terminal]
) -> None:
    seen: list[str] = []
    terminals.append(Terminal(env, "watch", "loud"))
    terminals[0].wait_for("drow")
    watching = psutil.Process(terminals[0].process.pid)
    for process in (watching, *watching.children(recursive=True), psutil.Process(game.process.pid)):
        seen += [str(process.cmdline()), str(process.environ())]
    terminals[0].process.terminate()
    seen.append(terminals[0].finish())
    secret = tokens.admin[::-1]
    for arguments in (["call", "say"], ["call", "fail"], ["ps"], ["status"], ["methods"], ["logs"]):
        terminals.append(Terminal(env, *arguments))
        seen.append(terminals[-1].finish())
    port = game.wait_for(r"^port (\d+)$")[1]
    wrong = {"STAGEDOOR_TOKEN": secret, "STAGEDOOR_RUNTIME_DIR": "/nonexistent"}
    terminals.append(Terminal(env | wrong, "call", "say", "--to", f"ws://127.0.0.1:{port}/"))
    seen.append(terminals[-1].finish())
    assert terminals[-1].process.returncode == 3
    for text in seen:
        for token in (*(tokens.of(role) for role in ROLE_NAMES), secret):
            assert token not in text
