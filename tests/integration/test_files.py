"""The files of a running game are its user's alone, whatever the umask is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stagedoor.client.find.games import running_games

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")

GAME = """
import os
os.umask(int("{umask:o}", 8))
import stagedoor
stage = stagedoor.start("game", port=0)
stage.rotate_tokens()
stage.tick(0.0)
print("open", flush=True)
input()
stage.close()
"""


def modes(folder: Path) -> dict[str, int]:
    paths = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in paths}


@pytest.mark.parametrize(
    ("umask", "before"),
    [(0o000, None), (0o022, None), (0o377, None), (0o777, None), (0o022, 0o755), (0o000, 0o777)],
)
def test_they_are(
    env: dict[str, str],
    tmp_path: Path,
    umask: int,
    before: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runtime = tmp_path / "above" / "run"
    if before is not None:
        for folder in (runtime, runtime / "games", runtime / "tokens"):
            folder.mkdir(parents=True)
            folder.chmod(before)
    env = env | {"STAGEDOOR": "1", "STAGEDOOR_RUNTIME_DIR": str(runtime)}
    with subprocess.Popen(
        [sys.executable, "-c", GAME.format(umask=umask)],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as game:
        assert game.stdout is not None
        assert game.stdout.readline() == "open\n"
        found = modes(runtime)
        monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", str(runtime))
        assert [each.pid for each in running_games()] == [game.pid]
        game.communicate("\n")
    assert len(found) == 5, "a file in each of two folders"
    assert {found.pop(folder) for folder in (".", "games", "tokens")} == {0o700}
    assert set(found.values()) == {0o600}
    if before is None:
        assert stat.S_IMODE(runtime.parent.stat().st_mode) == 0o700
    assert set(modes(runtime)) == {".", "games", "tokens"}


def test_a_shared_folder_is_left_as_it_is(tmp_path: Path, env: dict[str, str]) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    env = env | {"STAGEDOOR": "1", "STAGEDOOR_RUNTIME_DIR": str(shared)}
    code = "import stagedoor; print(stagedoor.start('game', port=0).url)"
    subprocess.run([sys.executable, "-c", code], env=env, check=True, stdout=subprocess.DEVNULL)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in shared.iterdir()} == {0o700}


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give away")
def test_no_token_is_written_into_a_folder_of_somebody_else(
    tmp_path: Path, env: dict[str, str]
) -> None:
    runtime = tmp_path / "run"
    (runtime / "tokens").mkdir(parents=True)
    os.chown(runtime / "tokens", 12345, 12345)
    (runtime / "tokens").chmod(0o777)
    env = env | {"STAGEDOOR": "1", "STAGEDOOR_RUNTIME_DIR": str(runtime)}
    code = "import stagedoor; stagedoor.start('game', port=0).tick(0.0)"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True
    )
    assert "cannot be found by name" in ended.stderr
    assert list((runtime / "tokens").iterdir()) == []
