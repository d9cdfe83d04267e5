"""What people call a program, and the project that it belongs to, however it is run; and what its
children are called, which have a door of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest
from program import PATIENCE

from stagedoor import settings

GAME = """
import stagedoor
stage = stagedoor.start(port=0)
print(stage.name, "enabled" if stage.enabled else "dormant")
"""
ENABLED = "[tool.stagedoor]\nenabled = true\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that enables stagedoor, and has a game as a file, a package and an archive."""
    folder = tmp_path / "project"
    package = folder / "src" / "rocks"
    package.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(ENABLED)
    (folder / "src" / "asteroids.py").write_text(GAME)
    (folder / "src" / "my game.v2.py").write_text(GAME)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(GAME)
    (package / "tool.py").write_text(GAME)
    early = folder / "src" / "early"
    early.mkdir()
    (early / "__init__.py").write_text(GAME)
    (early / "__main__.py").write_text("")
    (folder / "src" / "rocks.d").mkdir()
    shutil.copy(package / "__main__.py", folder / "src" / "rocks.d")
    moving = folder / "src" / "moving"
    moving.mkdir()
    (moving / "__main__.py").write_text(
        f"import os, stagedoor\nos.chdir({str(tmp_path)!r})\n{GAME}"
    )
    zipapp.create_archive(package, folder / "rocks.pyz")
    (tmp_path / "link").symlink_to(folder / "src" / "asteroids.py")
    return folder


def run(folder: Path, env: dict[str, str], *arguments: str, stdin: str = "") -> str:
    """What a program prints."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        start_new_session=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.stdout.strip()


# From which folder of the project, as what, and what comes of it.
WAYS = [
    ("src", ["asteroids.py"], "asteroids enabled"),
    ("..", ["project/src/asteroids.py"], "asteroids enabled"),
    ("src", ["my game.v2.py"], "my game.v2 enabled"),
    ("..", ["link"], "link enabled"),
    ("src", ["-m", "asteroids"], "asteroids enabled"),
    ("src", ["-m", "rocks"], "rocks enabled"),
    ("src", ["-m", "rocks.__main__"], "rocks enabled"),
    ("src", ["-m", "rocks.tool"], "tool enabled"),
    ("src", ["-m", "early"], "early enabled"),
    ("src", ["rocks"], "rocks enabled"),
    ("src", ["rocks/"], "rocks enabled"),
    ("src/rocks", ["."], "rocks enabled"),
    ("src/rocks", ["__main__.py"], "rocks enabled"),
    ("src", ["rocks.d"], "rocks.d enabled"),
    ("src", ["moving"], "moving enabled"),
    ("..", ["project/rocks.pyz"], "rocks enabled"),
    ("src", ["-c", GAME], "dormant"),
    ("src", ["-m", "stagedoor", "run", "--port", "0", "asteroids.py"], "asteroids enabled"),
    ("src", ["-m", "stagedoor", "run", "--port", "0", "rocks"], "rocks enabled"),
    ("src", ["-m", "stagedoor", "run", "--port", "0", "rocks/__main__.py"], "rocks enabled"),
    ("src", ["-m", "stagedoor", "run", "--port", "0", "-m", "rocks"], "rocks enabled"),
    ("src", ["-m", "stagedoor", "run", "--port", "0", "../rocks.pyz"], "rocks enabled"),
]


@pytest.mark.parametrize(
    ("folder", "arguments", "name"), WAYS, ids=[" ".join(way[1])[:40] for way in WAYS]
)
def test_a_game_is_called_as_people_call_it(
    folder: str, arguments: list[str], name: str, project: Path, env: dict[str, str]
) -> None:
    assert run(project / folder, env, *arguments) == name


@pytest.mark.parametrize("arguments", [["-"], ["-i"], ["-c", GAME]])
def test_a_program_without_a_file_has_no_project_and_is_called_python(
    arguments: list[str], project: Path, env: dict[str, str]
) -> None:
    assert run(project, env, *arguments, stdin=GAME) == "dormant"
    assert run(project, env | {"STAGEDOOR": "1"}, *arguments, stdin=GAME) == "python enabled"


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ("sys.frozen, sys.executable = True, '/opt/rocks/Rocks.exe'", "Rocks"),
        ("sys._MEIPASS, sys.executable = '/tmp/x', '/opt/rocks/rocks'", "rocks"),
        (
            "sys.modules['ipykernel'] = sys\nimport __main__\n"
            "__main__.__vsc_ipynb_file__ = '/home/me/rocks.ipynb'",
            "rocks",
        ),
        (
            "sys.modules['ipykernel'] = sys\nimport os\n"
            "os.environ['JPY_SESSION_NAME'] = '/home/me/rocks.ipynb'",
            "rocks",
        ),
        ("import os\nos.environ['JPY_SESSION_NAME'] = '/home/me/rocks.ipynb'", "python"),
    ],
)
def test_a_build_and_a_notebook_are_called_by_their_file(
    before: str, name: str, tmp_path: Path, env: dict[str, str]
) -> None:
    source = f"import sys\n{before}\nfrom stagedoor import settings\nprint(settings.program_name())"
    assert run(tmp_path, env, "-c", source) == name


CHILD = """
import json, multiprocessing, sys
import stagedoor
import common

stage = stagedoor.start({arguments} port=0)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    queue = context.SimpleQueue()
    process = context.Process(target=common.child, args=(queue, {options}))
    process.start()
    print(json.dumps([stage.name, *queue.get()]))
    process.join()
"""
COMMON = """
import sys, stagedoor
def child(queue, options):
    main = sys.modules.get("__mp_main__") or sys.modules["__main__"]
    stage = getattr(main, "stage", None)
    of_the_file = None if stage is None or stage.port is None else stage.name
    queue.put((of_the_file, stagedoor.start(port=0, **options).name))
"""


@pytest.mark.parametrize("arguments", ["", '"rocks",'])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("way", ["file", "module", "folder"])
def test_a_child_has_a_door_and_a_name_of_its_own(
    arguments: str, method: str, way: str, project: Path, env: dict[str, str]
) -> None:
    game = project / "src" / "game"
    game.mkdir()
    (project / "src" / "common.py").write_text(COMMON)
    for file in (game / "__main__.py", project / "src" / "played.py"):
        options = '{"name": "rocks"}' if arguments else "{}"
        file.write_text(CHILD.format(arguments=arguments, options=options))
    run_as = {"file": ["played.py"], "module": ["-m", "game"], "folder": ["game"]}[way]
    env |= {"PYTHONPATH": str(project / "src"), "PYTHONWARNINGS": "ignore"}
    parent, of_the_file, of_the_child = json.loads(run(project / "src", env, *run_as, method))
    name = "rocks" if arguments else ("played" if way == "file" else "game")
    kind = {"fork": "ForkProcess", "spawn": "SpawnProcess", "forkserver": "ForkServerProcess"}
    assert parent == name
    assert of_the_child == f"{name}/{kind[method]}-1"
    assert of_the_file in (of_the_child, None)  # None: the parent's, or the child ran no file
    if method == "spawn" and way == "file":
        assert of_the_file == of_the_child


def test_what_a_subprocess_inherits_opens_no_door_and_no_descriptor(
    project: Path, env: dict[str, str]
) -> None:
    (project / "src" / "parent.py").write_text(
        """
import os, subprocess, sys
import stagedoor
before = os.environ.get("STAGEDOOR")
stage = stagedoor.start("parent", port=0)
source = "import os, sys; print(sorted(os.listdir('/proc/self/fd')), os.environ.get('STAGEDOOR'))"
print(subprocess.check_output([sys.executable, "-c", source], close_fds=False, text=True).strip())
print(os.environ.get("STAGEDOOR") == before)
"""
    )
    kept, unchanged = run(project / "src", env, "parent.py").splitlines()
    assert kept == "['0', '1', '2', '3'] None"
    assert unchanged == "True"


def test_names_of_files() -> None:
    assert settings.name_of("/a/game.py") == "game"
    assert settings.name_of("/a/game") == "game"
    assert settings.name_of("/a/game/__main__.py") == "game"
    assert settings.name_of("/a/game.d/__init__.py") == "game.d"
    assert settings.name_of(os.path.join("", "__main__.py")) in ("", ".")
    assert settings.name_of("") == ""
