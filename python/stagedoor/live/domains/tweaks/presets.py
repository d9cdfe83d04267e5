"""`Presets`: sets of values in one file of the game's project, for people to read and to diff.

The file is `stagedoor-presets.toml`, beside `pyproject.toml`. Each preset is a table in it, and
each key the name of a tweak. A name is a key, never a path. What else people write there stays.
"""

from __future__ import annotations

import os
from typing import Any, Final

from stagedoor.live.domains.tweaks.files import Project, Refused, read, write
from stagedoor.live.domains.tweaks.registry import MAX_TWEAKS
from stagedoor.live.domains.tweaks.tweak import Scalar

FILE: Final = "stagedoor-presets.toml"
MAX_PRESETS: Final = 1000
MAX_VALUES: Final = MAX_TWEAKS
"""The most of one preset."""
HEAD: Final = "# Presets of the game's tweaks: see `stagedoor tweak --help`.\n"


class Presets:
    """The presets of a game. Reads and writes a disk: not for the game's thread."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @property
    def file(self) -> str:
        """The path of the file."""
        return os.path.join(self._project.folder, FILE)

    def all(self) -> dict[str, dict[str, Any]]:
        """The presets by name: values by the name of their tweak. Raises Refused."""
        return _tables(read(self.file) or b"")

    def get(self, name: str) -> dict[str, Any]:
        """The values of one preset. Raises Refused."""
        found = _one(self.all(), name)
        if len(found) > MAX_VALUES:
            raise Refused(f"the preset {name!r} has more than {MAX_VALUES} values")
        return found

    def put(self, name: str, values: dict[str, Scalar]) -> None:
        """Write a preset, in the place of one of this name. Raises Refused."""
        self._edit(name, values)

    def remove(self, name: str) -> None:
        """Take a preset out of the file. Raises Refused."""
        _one(self.all(), name)
        self._edit(name, None)

    def _edit(self, name: str, values: dict[str, Scalar] | None) -> None:
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        file = self.file
        before = read(file)
        wanted = _tables(before or b"")
        if name not in wanted and len(wanted) >= MAX_PRESETS:
            raise Refused(f"{FILE} has {MAX_PRESETS} presets already")
        try:
            document = tomlkit.parse(HEAD if before is None else before.decode())
            if values is None:
                wanted.pop(name, None)
                document.pop(name, None)
            else:
                wanted[name] = dict(values)
                table = document.get(name)
                if not isinstance(table, tomlkit.items.Table):
                    table = document[name] = tomlkit.table()
                for key in [key for key in table if key not in values]:
                    del table[key]
                for key in sorted(values):
                    table[key] = values[key]  # its comment stays
            text = tomlkit.dumps(document)
            is_right = _tables(text.encode()) == wanted
        except (TOMLKitError, ValueError, TypeError, RecursionError) as error:
            raise Refused(f"{FILE} cannot be edited: {error}") from error
        if not is_right:
            raise Refused(f"{FILE} has a layout that cannot be edited: mend it by hand")
        write(file, text.encode(), before=before)


def _tables(data: bytes) -> dict[str, dict[str, Any]]:
    import tomllib

    try:
        document = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # bad TOML, bad UTF-8, absurd nesting
        raise Refused(f"{FILE} is not valid TOML: {error}") from error
    return {name: table for name, table in document.items() if isinstance(table, dict)}


def _one(presets: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    if name in presets:
        return presets[name]
    known = ", ".join(presets)[:500] or "none yet"
    raise Refused(f"{FILE} has no preset {name!r}; it has {known}")
