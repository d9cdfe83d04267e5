"""`Sources`: what was tuned goes back into the source, or is refused with the reason."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.unit.live.domains.tweaks.projects import SOURCE, Game

from stagedoor.live.domains.tweaks.files import MAX_SIZE, Project, Refused
from stagedoor.live.domains.tweaks.registry import Tweaks
from stagedoor.live.domains.tweaks.saving import SavePlan, Sources, Tuned
from stagedoor.live.domains.tweaks.tweak import Scalar, Tweak


class Tuning:
    """A game with tweaks, and what would be saved of them."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.tweaks = Tweaks()
        self.sources = Sources(game.project)
        self.tweaks.on_add = self.sources.note
        self._owners: list[object] = []

    def add(self, owner: Any, attribute: str) -> Tweak:
        self._owners.append(owner)
        none = {"low": None, "high": None, "step": None, "choices": None}
        self.tweaks.add(attribute, owner, attribute, unit="", **none)
        return self.tweaks.by_name[attribute]

    def plan(self, *values: tuple[Tweak, Scalar]) -> SavePlan:
        return self.sources.plan([Tuned(*one) for one in values])

    def write(self, *values: tuple[Tweak, Scalar]) -> SavePlan:
        tuned = [Tuned(*one) for one in values]
        return self.sources.write(tuned, self.sources.plan(tuned).digest)

    def refused(self, owner: Any, attribute: str, value: Scalar) -> str:
        """Why this is not written; the file is as it was."""
        before = self.game.file.read_bytes()
        plan = self.write((self.add(owner, attribute), value))
        assert (plan.diff, plan.names) == ("", [])
        assert self.game.file.read_bytes() == before
        [left] = plan.left
        return left.reason


@pytest.fixture
def game(tmp_path: Path) -> Game:
    return Game(tmp_path)


@pytest.fixture
def tuning(game: Game) -> Tuning:
    return Tuning(game)


def test_a_diff_comes_first_and_nothing_is_written(game: Game, tuning: Tuning) -> None:
    plan = tuning.plan((tuning.add(game.module, "GRAVITY"), 1.6))
    assert plan.diff == (
        "--- a/settings.py\n+++ b/settings.py\n@@ -2,7 +2,7 @@\n \n"
        " from dataclasses import dataclass\n \n-GRAVITY = 9.8  # m/s²\n+GRAVITY = 1.6  # m/s²\n"
        ' TITLE = "Asteroids"\n HALF = 1 / 2\n \n'
    )
    assert (plan.names, plan.left, plan.written) == (["GRAVITY"], [], False)
    assert game.file.read_text() == SOURCE


def test_with_the_digest_exactly_that_is_written(game: Game, tuning: Tuning) -> None:
    module = game.module
    ship, world = module.Ship(), module.World()
    tuned = [
        Tuned(tuning.add(module, "GRAVITY"), 1.6),
        Tuned(tuning.add(ship, "thrust"), 300.0),
        Tuned(tuning.add(ship, "mass"), 2.0),
        Tuned(tuning.add(ship, "armed"), True),
        Tuned(tuning.add(world, "lives"), 5),
    ]
    plan = tuning.sources.plan(tuned)
    assert plan.left == []
    written = tuning.sources.write(tuned, plan.digest)
    assert (written.written, written.diff, written.names) == (True, plan.diff, plan.names)
    expected = SOURCE
    for before, after in (
        ("GRAVITY = 9.8", "GRAVITY = 1.6"),
        ("thrust: float = 240", "thrust: float = 300"),
        ("mass: float = 1.0", "mass: float = 2.0"),
        ("armed: bool = False", "armed: bool = True"),
        ("self.lives = 3", "self.lives = 5"),
    ):
        expected = expected.replace(before, after)
    assert game.file.read_text() == expected


def test_another_digest_writes_nothing(game: Game, tuning: Tuning) -> None:
    gravity = tuning.add(game.module, "GRAVITY")
    digest = tuning.plan((gravity, 1.6)).digest
    with pytest.raises(Refused, match="since the diff was shown"):
        tuning.sources.write([Tuned(gravity, 1.7)], digest)
    assert game.file.read_text() == SOURCE


def test_a_file_that_has_changed_is_left(game: Game, tuning: Tuning) -> None:
    gravity = tuning.add(game.module, "GRAVITY")
    game.file.write_text(SOURCE + "\n# more\n")
    [left] = tuning.plan((gravity, 1.6)).left
    assert left.reason == "settings.py has changed since the game began: start the game again"


def test_what_was_saved_can_be_saved_again(game: Game, tuning: Tuning) -> None:
    gravity = tuning.add(game.module, "GRAVITY")
    tuning.write((gravity, 1.6))
    gravity.default = 1.6
    assert tuning.write((gravity, 3.7)).written
    assert "GRAVITY = 3.7" in game.file.read_text()


def test_the_permissions_of_a_file_stay(game: Game, tuning: Tuning) -> None:
    game.file.chmod(0o640)
    tuning.write((tuning.add(game.module, "GRAVITY"), 1.6))
    assert game.file.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in game.folder.iterdir() if file.name.startswith(".")] == []


def test_what_is_computed_is_left(game: Game, tuning: Tuning) -> None:
    assert "HALF is computed in line 7" in tuning.refused(game.module, "HALF", 0.7)


def test_an_object_that_began_with_something_else_is_left(game: Game, tuning: Tuning) -> None:
    reason = tuning.refused(game.module.Ship(thrust=1.0), "thrust", 2.0)
    assert "the game began with 1.0, and settings.py, line 17 has 240" in reason


def test_true_is_not_1(game: Game, tuning: Tuning) -> None:
    ship = game.module.Ship()
    ship.armed = 0
    assert "line 18 has False" in tuning.refused(ship, "armed", 1)


def test_what_no_source_assigns_is_left(game: Game, tuning: Tuning) -> None:
    ship = game.module.Ship()
    ship.extra = 1
    assert "no source of the game's own assigns extra" in tuning.refused(ship, "extra", 2)


def test_a_value_that_is_no_literal_is_left(game: Game, tuning: Tuning) -> None:
    reason = tuning.refused(game.module, "GRAVITY", float("inf"))
    assert reason == "its value cannot be written as one literal"


def test_a_class_leaves_what_stands_above_it(game: Game, tuning: Tuning) -> None:
    assert "assigns mass" in tuning.refused(game.module.Ship, "mass", 2.0)


def test_two_tweaks_of_one_default_are_left_unless_they_agree(game: Game, tuning: Tuning) -> None:
    one, other = game.module.Ship(), game.module.Ship()
    first = tuning.add(one, "thrust")
    second = tuning.add(other, "thrust")
    plan = tuning.plan((first, 1.0), (second, 2.0))
    assert (plan.diff, plan.names, len(plan.left)) == ("", [], 2)
    assert "have one default, and differ" in plan.left[0].reason
    plan = tuning.write((first, 2.0), (second, 2.0))
    assert (plan.left, len(plan.names)) == ([], 2)
    assert "thrust: float = 2\n" in game.file.read_text()


class TestAFile:
    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("../outside.py", "is not in the project's folder"),
            ("../project2/settings.py", "is not in the project's folder"),
            (".venv/lib/settings.py", "is not the game's own source"),
            ("env/lib/settings.py", "is not the game's own source"),
            ("lib/site-packages/settings.py", "is not the game's own source"),
        ],
    )
    def test_that_is_not_the_games_own_is_left(self, tmp_path: Path, name: str, why: str) -> None:
        folder = tmp_path / "project"
        folder.mkdir()
        game = Game(folder)
        (folder / "env").mkdir()
        (folder / "env" / "pyvenv.cfg").write_text("")
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        module = game.add(file, SOURCE)
        assert why in Tuning(game).refused(module, "GRAVITY", 1.6)
        assert file.read_text() == SOURCE

    def test_behind_a_link_that_leads_out_is_left(self, tmp_path: Path) -> None:
        folder = tmp_path / "project"
        folder.mkdir()
        game = Game(folder)
        outside = tmp_path / "outside.py"
        game.add(outside, SOURCE)
        link = folder / "linked.py"
        link.symlink_to(outside)
        module = game.add(link, SOURCE)
        assert "not in the project's folder" in Tuning(game).refused(module, "GRAVITY", 1.6)
        assert outside.read_text() == SOURCE

    def test_behind_a_link_within_the_project_is_written_and_the_link_stays(
        self, game: Game, tuning: Tuning
    ) -> None:
        link = game.folder / "linked.py"
        link.symlink_to(game.file)
        module = game.add(link, SOURCE)
        assert tuning.write((tuning.add(module, "GRAVITY"), 1.6)).written
        assert link.is_symlink()
        assert "GRAVITY = 1.6" in game.file.read_text()

    def test_that_is_gone_huge_or_write_protected_is_left(self, game: Game, tuning: Tuning) -> None:
        gravity = tuning.add(game.module, "GRAVITY")
        game.file.chmod(0o444)
        if os.geteuid() != 0:
            with pytest.raises(Refused, match="write-protected"):
                tuning.write((gravity, 1.6))
        game.file.chmod(0o644)
        game.file.unlink()
        [left] = tuning.plan((gravity, 1.6)).left
        assert "has changed" in left.reason
        tuning = Tuning(game)
        module = game.add(game.file, SOURCE + "#" * MAX_SIZE)
        assert "more than 1,048,576 bytes" in tuning.refused(module, "TITLE", "x")

    def test_of_builtins_and_the_standard_library_is_left(self, tuning: Tuning) -> None:
        import decimal

        assert "not in the project" in tuning.refused(decimal, "MAX_PREC", 5)
        assert "no source file" in tuning.refused(sys, "maxsize", 5)

    def test_is_left_if_the_game_has_no_file_of_its_own(self, game: Game) -> None:
        tuning = Tuning(game)
        tuning.sources = Sources(Project(lambda: None))
        tuning.tweaks.on_add = tuning.sources.note
        assert "no main file" in tuning.refused(game.module, "GRAVITY", 1.6)

    def test_without_a_pyproject_the_main_files_folder_is_the_project(
        self, game: Game, tuning: Tuning
    ) -> None:
        (game.folder / "pyproject.toml").unlink()
        if Project(lambda: str(game.main)).folder != str(game.folder.resolve()):
            pytest.skip("there is a pyproject.toml above the folder of the tests")
        assert tuning.write((tuning.add(game.module, "GRAVITY"), 1.6)).written


def test_a_class_that_lies_about_its_module_is_left(game: Game, tuning: Tuning) -> None:
    for lie in ("nonsense", 5, "sys", ""):
        kind = type("Liar", (), {"__module__": lie, "x": 1})
        assert tuning.refused(kind, "x", 2)
