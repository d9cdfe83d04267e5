"""A game's project in a folder of its own, with a module of it that is imported."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path
from types import ModuleType

from stagedoor.live.domains.tweaks.files import Project

SOURCE = '''\
"""Settings of a game."""

from dataclasses import dataclass

GRAVITY = 9.8  # m/s²
TITLE = "Asteroids"
HALF = 1 / 2


@dataclass
class Body:
    mass: float = 1.0


@dataclass
class Ship(Body):
    thrust: float = 240
    armed: bool = False


class World:
    def __init__(self):
        self.lives = 3
        self.time = 60 * 5
'''
_numbers = itertools.count()


class Game:
    """A project with one module, `file`."""

    def __init__(self, folder: Path, source: str = SOURCE) -> None:
        self.folder = folder
        (folder / "pyproject.toml").write_text("[tool.stagedoor]\nenabled = true\n")
        self.main = folder / "main.py"
        self.main.write_text("")
        self.file = folder / "settings.py"
        self.module = self.add(self.file, source)
        self.project = Project(lambda: str(self.main))

    def add(self, file: Path, source: str) -> ModuleType:
        """Import a module of this source, under a name of its own."""
        file.write_bytes(source.encode())
        name = f"game_settings_{next(_numbers)}"
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
