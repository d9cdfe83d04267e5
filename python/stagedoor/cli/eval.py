"""`stagedoor eval [CODE]`: run Python code in a running game that has a console."""

import argparse
import codeop
import contextlib
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from stagedoor.cli.command import FAILED, OK, CommandError, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game, told
from stagedoor.cli.terminal import flush, harmless, print_failure, print_line, print_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_toolkit.completion import Completion
    from prompt_toolkit.document import Document

    from stagedoor.client.sync.client import Client

DETAILS = """
The code runs in the game's main module, or in the namespace of the object at PATH. What it
prints is printed here, and so is the value of its last line. `_` is the value of the last
evaluation. Without CODE it is read from stdin; in a terminal, line by line, with Tab.

The game stands still until the code has ended. Ctrl-C ends it, and so does, from elsewhere,
`stagedoor call console.interrupt`. The game must have been started with
stagedoor.start(console=True), or by `stagedoor run --console`."""

NO_CONSOLE: Final = (
    "the game has no console: start it with stagedoor.start(console=True), or by stagedoor run "
    "--console"
)
TOO_LONG: Final = "    the code is ended now; --timeout gives it more seconds"
READY, MORE = ">>> ", "... "


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "eval", run, "run Python code in a running game", DETAILS[1:])
    parser.add_argument("code", metavar="CODE", nargs="?", help="the code; several lines are fine")
    parser.add_argument(
        "--path", metavar="PATH", help="the object in whose namespace it runs, as world.ship"
    )
    add_game(parser)
    add_json(parser, "print the whole answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    code = arguments.code
    if code is None and not sys.stdin.isatty():
        code = sys.stdin.read()
    with open_game(arguments) as game:
        if code is None:
            interact(Typed(game, arguments.path))
            return OK
        evaluation = evaluated(game, code, arguments.path)
    if arguments.json:
        print_value(evaluation, as_json=True)
        return OK if evaluation["error"] is None else FAILED
    show(evaluation)
    return OK


def evaluated(game: "Client", code: str, path: str | None = None) -> Any:
    """Run code in the game; returns what came of it. Ctrl-C ends the code, too. Raises:
    CommandError."""
    from stagedoor.client.errors import CallTimeoutError
    from stagedoor.wire.errors import MethodNotFound

    try:
        with told("console.evaluate", game):
            try:
                return game.call("console.evaluate", **_params(code, path))
            except MethodNotFound:
                raise CommandError(NO_CONSOLE) from None
            except CallTimeoutError as error:
                raise CommandError(str(error), after=[TOO_LONG]) from error
    except KeyboardInterrupt:
        with contextlib.suppress(CommandError), told():
            game.call("console.interrupt")
        raise


def _params(code: str, path: str | None) -> dict[str, object]:
    return {"code": code} if path is None else {"code": code, "path": path}


def show(evaluation: Any) -> None:
    """Print what came of some code. Raises: CommandError, if that is an exception."""
    printed: str = evaluation["printed"]
    if printed:
        for line in printed.removesuffix("\n").split("\n"):
            print_line(line.expandtabs())
    if evaluation["omitted"]:
        print_line(f"... and {evaluation['omitted']} characters more")
    if evaluation["text"] is not None:
        print_line(evaluation["text"])
    if (error := evaluation["error"]) is not None:
        flush()
        text = f"{error['type']}: {error['message']}"
        raise CommandError(text.removesuffix(": "), before=error["traceback"].splitlines()[:-1])


class Typed:
    """A conversation with a game's console."""

    def __init__(self, game: "Client", path: str | None) -> None:
        self._game = game
        self._path = path
        self.name = game.name or game.url
        self._lines: list[str] = []

    @property
    def prompt(self) -> str:
        """What to ask with."""
        return MORE if self._lines else READY

    def take(self, line: str) -> None:
        """Take a line; run the code if that is the end of it. Errors are printed, not raised."""
        self._lines.append(line)
        code = "\n".join(self._lines)
        if _is_incomplete(code):
            return
        self.forget()
        if not code.strip():
            return
        try:
            show(evaluated(self._game, code, self._path))
        except CommandError as error:
            print_failure(error)
        except KeyboardInterrupt:
            print_line("")
        flush()

    def forget(self) -> None:
        """Begin again."""
        self._lines.clear()

    def complete(self, text: str) -> Any:
        """What the end of this line could become; nothing if the game does not say."""
        code = "\n".join([*self._lines, text])
        try:
            with told():
                return self._game.call("console.complete", **_params(code, self._path))
        except CommandError:
            return {"length": 0, "names": []}


def _is_incomplete(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return codeop.compile_command(code) is None
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False  # the game says what is wrong


def interact(typed: Typed, read_line: Callable[[str], str] | None = None) -> None:
    """Take lines until Ctrl-D, or until `read_line` raises EOFError."""
    print_line(f"{typed.name}: Python; Tab completes, Ctrl-D leaves.")
    ask = read_line or _reader(typed)
    while True:
        try:
            line = ask(typed.prompt)
        except KeyboardInterrupt:
            typed.forget()
            continue
        except EOFError:
            return
        typed.take(line)


def _reader(typed: Typed) -> Callable[[str], str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion

    class Tab(Completer):
        def get_completions(self, document: "Document", event: Any) -> "Iterator[Completion]":
            text = document.text_before_cursor
            if not text.strip():
                return
            found = typed.complete(text)
            for name in found["names"]:
                yield Completion(harmless(name), -found["length"])

    session: PromptSession[str] = PromptSession(completer=Tab(), complete_while_typing=False)
    return session.prompt
