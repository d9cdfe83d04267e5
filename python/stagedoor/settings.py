"""Whether stagedoor is enabled in this process, and what decided that.

`decide()` answers for this process. Its steps are `environment_says()`, `project_says()` and
`find_pyproject()`; `stagedoor status` uses them for a project. `program_name()` and
`name_as_child()` say what people call this program. The first rule that matches decides:

1. A frozen build is disabled, unless it contains the module `stagedoor_kept` (`KEPT_MARKER`).
2. The environment variable STAGEDOOR, a strict boolean.
3. `[tool.stagedoor] enabled` in the nearest pyproject.toml, from the folder of the file of
   `__main__` upward. The working directory does not count.
4. Otherwise stagedoor is disabled.

A mistake in the variable or the file (`STAGEDOOR=maybe`, a broken pyproject.toml) disables
stagedoor and sets `Decision.problem`. `decide()` does not raise or log, and this module imports
only the standard library: a game that ships with stagedoor dormant runs it at every start.
"""

import os
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

VARIABLE = "STAGEDOOR"
KEPT_MARKER = "stagedoor_kept"
"""The name of an empty top-level module. A frozen build that contains it keeps stagedoor."""

HOW_TO_ENABLE = (
    "To enable it, run `stagedoor enable` in the project, or set STAGEDOOR=1 in the environment"
    " (a frozen build must also contain the module stagedoor_kept)."
)

_BOOLEANS = {
    "1": True, "true": True, "yes": True, "on": True,
    "0": False, "false": False, "no": False, "off": False,
}  # fmt: skip


try:
    _FOLDER = os.getcwd()  # early: the program may change it before the stage starts
except OSError:
    _FOLDER = ""


class Decision(NamedTuple):
    """Whether stagedoor is enabled, and what decided that."""

    enabled: bool
    why: str
    """What decided, in one line."""
    problem: bool = False
    """Whether `why` describes a mistake that somebody should fix. It deserves a warning."""


class SettingsError(Exception):
    """A pyproject.toml cannot be read. The message is one line that names the file."""


def decide() -> Decision:
    """Decide for this process. Any thread may call; the answer is not cached."""
    try:
        return _decide()
    except Exception as error:  # the working directory is gone, an importer of the program's raises
        return Decision(False, f"it cannot be found out: {error!r}", problem=True)


def _decide() -> Decision:
    frozen = _frozen_by()
    if frozen is not None and not _is_kept():
        return Decision(False, f"this is a build frozen by {frozen}, without {KEPT_MARKER}")
    said = environment_says(os.environ)
    if said is not None:
        return said
    program = program_file()
    if program is None:
        return Decision(False, f"{VARIABLE} is not set and the program has no file of its own")
    return project_says(find_pyproject(program), program)


def environment_says(environ: Mapping[str, str]) -> Decision | None:
    """What STAGEDOOR says; None if it is not set. Spaces around the value are ignored: on Windows,
    `set STAGEDOOR=1 && game` leaves one after it."""
    value = environ.get(VARIABLE)
    if value is None:
        return None
    enabled = _BOOLEANS.get(value.strip().lower())
    if enabled is None:
        return Decision(
            False,
            f"the environment variable {VARIABLE} is {_shorten(value)}, expected 1, true, yes, on,"
            " or 0, false, no, off",
            problem=True,
        )
    return Decision(enabled, f"the environment variable {VARIABLE} is {_shorten(value)}")


def project_says(pyproject: str | None, start: str) -> Decision:
    """What the file `pyproject` says; None: none was found. `start`: where the search began."""
    if pyproject is None:
        return Decision(False, f"there is no pyproject.toml at or above {start}")
    try:
        table = read_table(pyproject)
    except SettingsError as error:
        return Decision(False, str(error), problem=True)
    if table is None:
        return Decision(False, f"{pyproject} has no [tool.stagedoor]")
    enabled = table.get("enabled")
    if enabled is None:
        others = unknown_keys(table)
        return Decision(
            False,
            f"{pyproject} has no `enabled` in [tool.stagedoor]"
            + (f", but {', '.join(others)}, of which nothing is known" if others else ""),
            problem=any(key.casefold().startswith("`enable") for key in others),
        )
    if not isinstance(enabled, bool):
        return Decision(
            False,
            f"{pyproject}: `enabled` in [tool.stagedoor] is {_shorten(enabled)},"
            " expected true or false without quotes",
            problem=True,
        )
    return Decision(enabled, f"{pyproject} says enabled = {str(enabled).lower()}")


def read_table(pyproject: str) -> dict[str, object] | None:
    """The table `[tool.stagedoor]` of a file; None if it has none. Unknown keys are kept.

    Raises: SettingsError, if the file cannot be read, is not TOML, or has no table in that place.
    """
    import tomllib

    try:
        with open(pyproject, "rb") as file:
            document: object = tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"{pyproject} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:  # bad TOML, bad UTF-8, absurd nesting
        raise SettingsError(f"{pyproject} is not valid TOML: {error}") from error
    for key in ("tool", "stagedoor"):
        if not isinstance(document, dict):
            raise SettingsError(f"{pyproject}: [tool] is {_shorten(document)}, expected a table")
        document = document.get(key)
        if document is None:
            return None
    if not isinstance(document, dict):
        raise SettingsError(
            f"{pyproject}: tool.stagedoor is {_shorten(document)}, expected a table"
        )
    return document


def unknown_keys(table: Mapping[str, object]) -> list[str]:
    """The keys of `[tool.stagedoor]` that mean nothing, to be shown."""
    return [f"`{_shorten(key)[1:-1]}`" for key in table if key != "enabled"]


def find_pyproject(start: str) -> str | None:
    """The nearest pyproject.toml at or above `start`, which is a folder or a file; None: no file.

    For a path inside an archive (`app.pyz/__main__.py`) the search leaves the archive."""
    folder = os.path.realpath(start)
    while True:
        candidate = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(candidate):
            return candidate
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def program_file() -> str | None:
    """The file of the running program; None for -c, stdin, an interactive session or a notebook."""
    # A spawned multiprocessing child runs the program's file as `__mp_main__`.
    for name in ("__main__", "__mp_main__"):
        file = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(file, str) and not file.startswith("<"):  # "<stdin>"
            return os.path.join(_FOLDER, file)  # `python .` leaves it relative
    if sys.argv[:1] == ["-m"]:
        return _package_being_run()
    # In a child of `python -m game`, `__main__` has no file, but argv is the parent's.
    if name_as_child() is not None and sys.argv and os.path.exists(sys.argv[0]):
        return os.path.abspath(sys.argv[0])
    return None


def program_name() -> str:
    """What people call the running program: its file, package or notebook, without a suffix."""
    if _frozen_by() is not None and sys.executable:
        return name_of(sys.executable)
    return name_of(program_file() or _notebook() or "") or "python"


def name_of(file: str) -> str:
    """What people call the program in this file. Of a package, a folder or an archive that is run,
    the file is the `__main__.py` in it."""
    folder, name = os.path.split(file)
    if name not in ("__main__.py", "__main__.pyc", "__init__.py", "__init__.pyc"):
        return os.path.splitext(name)[0]
    name = os.path.basename(os.path.normpath(folder))
    return os.path.splitext(name)[0] if os.path.isfile(folder) else name


def _notebook() -> str | None:
    """The file of the notebook whose kernel this process is, if its editor tells."""
    if "ipykernel" not in sys.modules:
        return None
    editors = getattr(sys.modules.get("__main__"), "__vsc_ipynb_file__", None)
    return editors or os.environ.get("JPY_SESSION_NAME")


def _package_being_run() -> str | None:
    """The file of the package that `python -m` is importing. `__main__` has no file yet, but the
    outermost caller that is not part of the import machinery is that package."""
    found = None
    frame = sys._getframe()
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        file = frame.f_globals.get("__file__")
        if module.partition(".")[0] not in ("runpy", "importlib", "__main__") and file:
            found = str(file)
        frame = frame.f_back  # type: ignore[assignment]
    return found


def name_as_child() -> str | None:
    """What multiprocessing calls this process, as `Process-1`, if it has made it; else None."""
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return None
    ours = process.current_process()
    # While a spawned child is set up, and runs the program's file, it does not know its parent yet.
    is_child = process.parent_process() is not None or getattr(ours, "_inheriting", False)
    return str(ours.name) if is_child else None


def _frozen_by() -> str | None:
    """The tool that froze this program; None if it is not frozen."""
    if "__compiled__" in globals() or hasattr(sys.modules.get("__main__"), "__compiled__"):
        return "Nuitka"
    if hasattr(sys, "_MEIPASS"):
        return "PyInstaller"
    if getattr(sys, "frozen", False):
        return "a tool that sets sys.frozen"
    return None


def _is_kept() -> bool:
    # Looked up by name: a freezer would follow an import statement and include the module.
    import importlib.util

    marker: ModuleType | None = sys.modules.get(KEPT_MARKER)
    return marker is not None or importlib.util.find_spec(KEPT_MARKER) is not None


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
