"""Files of the game's project: where they may be, read with a bound, written in one step.

`Project` is the folder that holds the game's `pyproject.toml`, or else the game's main file.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from typing import Final

from stagedoor import settings
from stagedoor.wire.errors import HandlerError

MAX_SIZE: Final = 1 << 20
"""Bytes. A larger file is neither read nor written."""
_NOT_OURS: Final = frozenset({"site-packages", "dist-packages", "node_modules", "__pycache__"})
"""Folders whose files are not the game's own, wherever they are. So are those with a dot first."""


class Refused(HandlerError):  # noqa: N818
    """A file is not read or written. The message says which, and why."""

    def __init__(self, reason: str) -> None:
        super().__init__("Refused", reason)
        self.text = reason


class Project:
    """The folder of the game."""

    def __init__(self, find: Callable[[], str | None] = settings.program_file) -> None:
        """`find` returns the game's main file; None: it has none."""
        self._find = find

    @property
    def folder(self) -> str:
        """Where `pyproject.toml` is, or the main file if there is none. Raises Refused."""
        main = self._find()
        if main is None:
            raise Refused("the game has no main file, so it has no project's folder")
        main = os.path.realpath(main)
        found = settings.find_pyproject(main)
        return os.path.dirname(main if found is None else found)

    def own(self, file: str) -> str:
        """The real path of a source of the game's own. Raises Refused for any other file."""
        real = os.path.realpath(file)
        folder = self.folder
        if not real.startswith(os.path.join(folder, "")):
            raise Refused(f"{real} is not in the project's folder {folder}")
        name = os.path.relpath(real, folder)
        *folders, last = name.split(os.sep)
        at = folder
        for one in folders:
            at = os.path.join(at, one)
            if one in _NOT_OURS or one.startswith(".") or is_environment(at):
                raise Refused(f"{name} is not the game's own source")
        if not last.endswith((".py", ".pyw")):
            raise Refused(f"{name} is no Python source")
        return real

    def shown(self, file: str) -> str:
        """A file of the project as people are told of it."""
        return os.path.relpath(file, self.folder).replace(os.sep, "/")


def is_environment(folder: str) -> bool:
    """Whether a folder is a virtual environment."""
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def signature(file: str) -> tuple[int, int, int] | None:
    """Changes when the file does; None: there is no file."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read(file: str) -> bytes | None:
    """The bytes of a file; None: there is no file. Raises Refused for what is no plain file, is too
    large, or cannot be read."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(file, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused(f"{file} is no plain file")
    with open(descriptor, "rb") as opened:
        data = opened.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        raise Refused(f"{file} has more than {MAX_SIZE:,} bytes")
    return data


def write(file: str, data: bytes, *, before: bytes | None) -> None:
    """Put these bytes in the place of those that the file had `before`, in one step; None: there
    was no file. Raises Refused."""
    if len(data) > MAX_SIZE:
        raise Refused(f"{file} would have more than {MAX_SIZE:,} bytes")
    if before is not None and not os.access(file, os.W_OK):
        raise Refused(f"{file} is write-protected")
    temporary = None
    try:
        folder = os.path.dirname(file)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".stagedoor-", suffix=".tmp")
        with open(descriptor, "wb") as opened:
            opened.write(data)
        if before is not None:
            shutil.copymode(file, temporary)
        elif sys.platform != "win32":
            os.chmod(temporary, 0o644)
        if read(file) != before:
            raise Refused(f"{file} has changed meanwhile")
        os.replace(temporary, file)
        temporary = None
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            os.unlink(temporary)
