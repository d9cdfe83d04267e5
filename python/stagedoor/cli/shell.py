"""`stagedoor shell`: call a running game's methods, one line at a time.

A line has what follows `stagedoor call` in a command. Tab completes methods, params and topics.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stagedoor.cli import call, methods, watch
from stagedoor.cli.command import OK, CommandError, Verbs, add_json, add_verb
from stagedoor.cli.complete import complete
from stagedoor.cli.game import add_game, open_game, told
from stagedoor.cli.terminal import (
    flush,
    harmless,
    print_error,
    print_failure,
    print_line,
    print_value,
    wants_json,
)
from stagedoor.cli.values import DETAILS, check_method, parse
from stagedoor.cli.words import split

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completion
    from prompt_toolkit.document import Document

    from stagedoor.client.core.methods import Methods
    from stagedoor.client.sync.client import Client

HELP = f"""\
METHOD [name=value ...]   call a method; `call METHOD ...` does the same
notify METHOD ...         call a method without waiting for an answer
methods                   list the methods and topics of the game
help METHOD               explain a method
watch TOPIC ...           show values as they come, until Ctrl-C
exit                      leave; Ctrl-D does the same

{DETAILS}"""

WORDS = ("call", "exit", "help", "methods", "notify", "watch")


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "shell", run, "call a running game's methods interactively", HELP)
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    with open_game(arguments, reconnect=True) as game:
        shell = Shell(game, arguments)
        if sys.stdin.isatty():
            session = make_session(shell, history_file())
            shell.interact(session.prompt)
        else:
            for line in sys.stdin:
                if not shell.run_line(line):
                    break
    return OK


class Shell:
    """A conversation with a game. `methods`: what the game offered when it was last asked."""

    def __init__(self, game: "Client", arguments: argparse.Namespace) -> None:
        self._game = game
        self._arguments = arguments
        self.game_name = game.name or game.url
        self._as_json = wants_json(arguments.json)
        with told():
            self.methods: Methods = game.methods

    def interact(self, read_line: Callable[[], str]) -> None:
        """Run lines until `exit`, or until `read_line` raises EOFError."""
        print_line(f"{self.game_name}: type help, or a method; Tab completes.")
        while True:
            try:
                line = read_line()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            try:
                if not self.run_line(line):
                    return
            except KeyboardInterrupt:
                print_line("")
            self.refresh()

    def refresh(self) -> None:
        """Ask what the game offers now. If it does not answer, keep what it offered before."""
        with contextlib.suppress(CommandError), told():
            self.methods = self._game.methods

    def run_line(self, line: str) -> bool:
        """Run a line. Returns False if it was `exit`. Errors are printed, not raised."""
        try:
            words = split(line.rstrip("\r\n"))
            if words[:1] in (["exit"], ["quit"]):
                return False
            if words:
                self._run(words[0], words[1:])
        except ValueError as error:  # a quote that does not end
            print_error(str(error))
        except CommandError as error:
            print_failure(error)
        flush()
        return True

    def _run(self, word: str, rest: list[str]) -> None:
        if word == "help":
            self._help(rest)
        elif word == "methods" and not rest:
            methods.show_list(list(self.methods.values()))
            methods.show_topics(self.methods)
        elif word == "watch":
            self._watch(rest)
        elif word == "notify" and rest:
            check_method(rest[0])
            sent = call.named_if_mixed(self._game, rest[0], parse(rest[1:]))
            with told(rest[0]):
                self._game.notify(rest[0], *sent.unnamed, **sent.named)
        elif word == "call" and rest:
            self._call(rest[0], rest[1:])
        else:
            self._call(word, rest)

    def _call(self, method: str, values: list[str]) -> None:
        result = call.call(self._game, method, parse(values), WORDS)
        print_value(result, as_json=self._as_json)

    def _help(self, names: list[str]) -> None:
        if not names:
            print_lines(HELP)
        for name in names:
            if name in self.methods:
                methods.show_method(self.methods[name], self.methods)
            else:
                raise CommandError(methods.unknown(name, self.methods))

    def _watch(self, topics: list[str]) -> None:
        if not topics:
            raise CommandError("expected a topic, as in: watch game.stalled")
        options = vars(self._arguments) | {
            "topics": topics, "mode": "latest", "hz": None, "history": 0, "to": self._game.url,
        }  # fmt: skip
        with contextlib.suppress(KeyboardInterrupt):
            watch.run(argparse.Namespace(**options))


def print_lines(text: str) -> None:
    """Print each line of a text."""
    for line in text.splitlines():
        print_line(line)


def make_session(shell: Shell, history: Path | None) -> "PromptSession[str]":
    """What reads lines from the terminal. It completes them, and remembers them in `history`; None:
    only until it ends."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    class Tab(Completer):
        def get_completions(self, document: "Document", event: Any) -> "Iterator[Completion]":
            for one in complete(document.text_before_cursor, shell.methods, WORDS):
                yield Completion(one.text, -one.replaces, display_meta=one.meaning)

    return PromptSession(
        f"{harmless(shell.game_name)}> ",
        history=FileHistory(str(history)) if history is not None else InMemoryHistory(),
        completer=Tab(),
        complete_while_typing=False,
    )


def history_file() -> Path | None:
    """The file in which lines are remembered, which only this user can read; None if it cannot be
    made."""
    import platformdirs

    try:
        folder = platformdirs.user_state_path("stagedoor", appauthor=False)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / "shell-history"
        os.close(os.open(file, os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return None
    return file
