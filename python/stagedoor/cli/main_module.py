"""Run a program as Python's own command would run it: `script()` and `module()`.

Both return a `Program`, which is not started yet. The program finds the same `__main__`, `sys.argv`
and `sys.path` as without stagedoor, prints the same errors, and its process ends in the same way.
There is one difference: stagedoor's frames are below the program's on the stack.
"""

import builtins
import importlib.machinery
import io
import os
import pkgutil
import runpy
import sys
from collections.abc import Callable, Sequence
from types import ModuleType, TracebackType
from typing import NamedTuple

from stagedoor import settings
from stagedoor.cli.command import USAGE, CommandError
from stagedoor.cli.terminal import print_error

_run_module: Callable[..., object] = runpy._run_module_as_main  # type: ignore[attr-defined]
"""What `python -m` itself calls. No public function has the same frames and messages."""


class Program(NamedTuple):
    """A program that can be run once, in the main thread."""

    name: str
    """The script's or module's name, without a suffix."""
    run: Callable[[], int]
    """Runs the program to its end; returns the exit code 0. Leave its exceptions to the
    interpreter: to catch one changes how the program ends."""


def script(path: str, arguments: Sequence[str]) -> Program:
    """What `python path arguments` would run: a file, or a folder or archive with a `__main__.py`.

    Raises: CommandError, if the file cannot be read."""
    file = os.path.join(os.getcwd(), path)
    whole = os.path.abspath(path)
    name = settings.name_of(os.path.join(whole, "__main__.py") if os.path.isdir(whole) else whole)
    argv = [path, *arguments]
    if pkgutil.get_importer(file) is not None:

        def run_main_of_folder() -> int:
            _become_main(argv, file, always=True)
            return _run_named("__main__", alter_argv=False)

        return Program(name, run_main_of_folder)
    try:
        with io.open_code(file) as opened:
            source = opened.read()
    except OSError as error:
        raise CommandError(f"{path} cannot be run: {error.strerror or error}", USAGE) from error

    def run_source() -> int:
        main = _become_main(argv, os.path.dirname(os.path.realpath(file)))
        main.__file__ = file
        main.__cached__ = None  # type: ignore[attr-defined]
        main.__loader__ = importlib.machinery.SourceFileLoader("__main__", file)
        try:
            exec(compile(source, file, "exec", dont_inherit=True), main.__dict__)
        except SystemExit:
            raise
        except BaseException as error:
            _show_from(error, _next(error.__traceback__))
            raise
        return 0

    return Program(name, run_source)


def module(name: str, arguments: Sequence[str]) -> Program:
    """What `python -m name arguments` would run. If there is no such module, `run` of the program
    prints a line and raises SystemExit with the exit code 2."""

    def run() -> int:
        _become_main(["-m", *arguments], os.getcwd())
        return _run_named(name)

    return Program(name.removesuffix(".__main__").rpartition(".")[2], run)


def _run_named(name: str, alter_argv: bool = True) -> int:
    try:
        _run_module(name, alter_argv)
    except SystemExit as error:
        end = _next(error.__traceback__)
        if end is not None and end.tb_next is None:  # runpy's own, not the program's
            print_error(str(error.code).removeprefix(f"{sys.executable}: "))
            raise SystemExit(USAGE) from None
        raise
    except BaseException as error:
        _show_from(error, _next(error.__traceback__))
        raise
    return 0


def _become_main(argv: list[str], path: str, *, always: bool = False) -> ModuleType:
    """Make a new `__main__`, set `sys.argv`, and put the program's path first in `sys.path`, in
    place of stagedoor's. `always`: put it there even if `sys.path` has no such first entry."""
    sys.argv = argv
    if not sys.flags.safe_path:
        sys.path[0] = path
    elif always:
        sys.path.insert(0, path)
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins)
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    _former.append(sys.modules["__main__"])
    sys.modules["__main__"] = main
    return main


_former: list[ModuleType] = []
"""Keeps stagedoor's own `__main__` alive: its frame is still running."""


def _next(traceback: TracebackType | None) -> TracebackType | None:
    return None if traceback is None else traceback.tb_next


def _show_from(error: BaseException, traceback: TracebackType | None) -> None:
    """Make the interpreter show the error with this traceback, and end the process as usual.

    Nothing may catch the error after this: only stagedoor's frames are between here and the
    interpreter."""
    hook = sys.excepthook

    def show(kind: type[BaseException], value: BaseException, _: TracebackType | None) -> None:
        sys.excepthook = hook
        sys.last_traceback = traceback
        hook(kind, value.with_traceback(traceback), traceback)

    sys.excepthook = show
