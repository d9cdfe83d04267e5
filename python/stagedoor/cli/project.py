"""Change the pyproject.toml of a project: `set_enabled()`, for the verbs enable and disable.

Only `enabled` in `[tool.stagedoor]` changes; comments, order and layout stay. The new text is read
as a game would read it before the file is replaced.
"""

import os
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

from stagedoor import settings
from stagedoor.cli.command import USAGE, CommandError
from stagedoor.cli.terminal import print_error, print_line


def project_folder(path: str) -> Path:
    """The folder that the argument PATH means. Raises: CommandError, if it does not exist."""
    found = Path(path)
    if not found.exists():
        raise CommandError(f"{path}: no such file or folder", USAGE)
    return found if found.is_dir() else found.parent


def set_enabled(path: str, enabled: bool) -> None:
    """Write `enabled` into the project's file, and print what was done. Raises: CommandError."""
    folder = project_folder(path)
    word = "enabled" if enabled else "disabled"
    name = settings.find_pyproject(str(folder))
    before = settings.project_says(name, str(folder))
    if before.problem and _stated(name) is None:
        raise CommandError(f"{before.why}; fix that first")
    if name is None and enabled:
        file = folder.resolve() / "pyproject.toml"
        _write(file, "[tool.stagedoor]\nenabled = true\n")
        print_line(f"stagedoor is enabled: made {file}, with [tool.stagedoor] and nothing else")
    elif not before.problem and before.enabled == enabled:
        print_line(f"stagedoor is {word} already: {before.why}")
    elif name is not None:
        _write(Path(name), _edited(Path(name), enabled))
        print_line(f"stagedoor is {word}: {settings.project_says(name, name).why}")
    note_unknown_keys(name)
    said = settings.environment_says(os.environ)
    if said is not None and said.enabled != enabled:
        print_error(f"note: {said.why}, which overrides the file")


def note_unknown_keys(name: str | None) -> None:
    """Say which keys of `[tool.stagedoor]` in this file mean nothing, on stderr."""
    if unknown := settings.unknown_keys(_stated(name) or {}):
        keys = ", ".join(unknown)
        print_error(f"note: {name} has {keys} in [tool.stagedoor]; only `enabled` is read")


def _stated(name: str | None) -> dict[str, object] | None:
    try:
        return None if name is None else settings.read_table(name)
    except settings.SettingsError:
        return None


def _edited(file: Path, enabled: bool) -> str:
    """The file's text with the new value. Raises: CommandError."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    text = file.read_bytes().decode()
    newline = "\r\n" if "\r\n" in text else "\n"
    try:
        if _stated(str(file)) is None:
            gap = "" if not text else newline if text.endswith("\n") else newline * 2
            value = str(enabled).lower()
            new = f"{text}{gap}[tool.stagedoor]{newline}enabled = {value}{newline}"
        else:
            document = tomlkit.parse(text)
            table = document["tool"]["stagedoor"]
            table["enabled"] = enabled
            new = tomlkit.dumps(document)
        ok = tomllib.loads(new)["tool"]["stagedoor"]["enabled"] is enabled
    except (TOMLKitError, tomllib.TOMLDecodeError, KeyError, TypeError):
        ok = False
    if not ok:
        raise CommandError(
            f"cannot change the layout of {file}; write `enabled = {str(enabled).lower()}`"
            " into [tool.stagedoor] by hand"
        )
    return new


def _write(file: Path, text: str) -> None:
    """Replace the file in one step, so that nobody reads half of it. Raises: CommandError."""
    file = file.resolve()  # replace the file that a link points to, not the link
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".pyproject-")
        with open(descriptor, "wb") as opened:
            opened.write(text.encode())
        if file.exists():
            shutil.copymode(file, temporary)
        elif sys.platform != "win32":
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, file)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise CommandError(f"cannot write {file}: {error.strerror or error}") from error
