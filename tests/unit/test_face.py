"""`import stagedoor`, enabled and not, each in an interpreter of its own."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import stagedoor

SOURCE = Path(stagedoor.__file__).parent
LIVE_NAMES = ["WebSocketServer", "WebSocketServerConnection", "ReadyState", "Stage"]

FAKE_LIVE = """
import sys, types
for name in ("live", "live.net", "live.net.websocket", "live.stage"):
    sys.modules["stagedoor." + name] = types.ModuleType("stagedoor." + name)
class Thing: pass
class Stage:
    enabled = True
    @classmethod
    def start(cls, name, *, port, host, **options):
        stage = cls()
        stage.started = (name, port, host)
        if port == 1:
            raise PermissionError(13, "Permission denied")
        return stage
live = sys.modules["stagedoor.live.net.websocket"]
live.WebSocketServer = live.WebSocketServerConnection = live.ReadyState = Thing
sys.modules["stagedoor.live.stage"].Stage = Stage
"""


def python(
    code: str, *, enabled: str | None, source: Path = SOURCE.parent
) -> subprocess.CompletedProcess[str]:
    """Run the code with STAGEDOOR set so, or not set."""
    environ = {name: value for name, value in os.environ.items() if name != "STAGEDOOR"}
    environ["PYTHONPATH"] = str(source)
    if enabled is not None:
        environ["STAGEDOOR"] = enabled
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )


def check(code: str, *, enabled: str | None, source: Path = SOURCE.parent) -> str:
    """Run the code, which asserts; its stderr."""
    done = python(code, enabled=enabled, source=source)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("enabled", [None, "0", "False"])
def test_disabled_nothing_of_the_server_is_defined_or_imported(enabled: str | None) -> None:
    stderr = check(
        f"""
        import sys
        import stagedoor
        for name in {LIVE_NAMES}:
            assert not hasattr(stagedoor, name), name
            assert name not in dir(stagedoor)
            assert name not in stagedoor.__all__
        stage = stagedoor.start("game", port=9000, host="0.0.0.0", hosts=["game.local"],
                                origins=["https://tools.example"], limits=None)
        assert stage.enabled is False
        assert stage.name == "game"
        assert stage.tick(0.5) == 0.5
        loaded = [name for name in sys.modules if name.startswith("stagedoor.")]
        assert sorted(loaded) == ["stagedoor.dormant", "stagedoor.settings"], loaded
        """,
        enabled=enabled,
    )
    assert stderr == ""


def test_disabled_the_import_brings_in_nothing_heavy() -> None:
    check(
        """
        import sys
        import stagedoor
        stagedoor.start(limits=stagedoor.Limits(max_connections=200))
        heavy = {"msgspec", "websockets", "rich", "platformdirs", "tomlkit", "tomllib", "asyncio",
                 "importlib.metadata", "inspect", "dataclasses", "json", "pathlib", "socket"}
        assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
        """,
        enabled="0",
    )


@pytest.mark.parametrize("name", LIVE_NAMES)
def test_disabled_the_attribute_error_says_who_disabled_it_and_how_to_enable(name: str) -> None:
    done = python(f"import stagedoor; stagedoor.{name}", enabled="off")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"AttributeError: module 'stagedoor' has no attribute '{name}'")
    assert "STAGEDOOR is 'off'" in last
    assert "`stagedoor enable`" in last
    assert "STAGEDOOR=1" in last


def test_disabled_the_import_error_is_pythons_own() -> None:
    done = python("from stagedoor import WebSocketServer", enabled=None)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: cannot import name 'WebSocketServer' from 'stagedoor'")


def test_disabled_a_star_import_works() -> None:
    check("from stagedoor import *; assert start().enabled is False", enabled=None)


def test_a_mistake_in_the_variable_disables_with_one_warning_and_the_game_goes_on() -> None:
    stderr = check(
        """
        import stagedoor
        assert stagedoor.start().enabled is False
        assert stagedoor.start().enabled is False
        assert not hasattr(stagedoor, "WebSocketServer")
        """,
        enabled="maybe",
    )
    assert len(stderr.splitlines()) == 1
    assert "STAGEDOOR is 'maybe', expected 1, true" in stderr


def test_the_import_alone_says_nothing() -> None:
    assert check("import stagedoor", enabled="maybe") == ""


def test_enabled_the_names_are_real_attributes() -> None:
    stderr = check(
        FAKE_LIVE
        + f"""
import stagedoor
for name in {LIVE_NAMES}:
    assert hasattr(stagedoor, name), name
    assert name in vars(stagedoor)
    assert name in dir(stagedoor)
    assert name in stagedoor.__all__
from stagedoor import *
from stagedoor import ReadyState, WebSocketServer as Again
assert WebSocketServer is Again is live.WebSocketServer
""",
        enabled="1",
    )
    assert stderr == ""


def test_enabled_an_unknown_name_is_an_ordinary_attribute_error() -> None:
    done = python(FAKE_LIVE + "import stagedoor; stagedoor.WebSocketSever", enabled="1")
    assert done.stderr.splitlines()[-1].startswith(
        "AttributeError: module 'stagedoor' has no attribute 'WebSocketSever'"
    )


def test_enabled_start_starts_the_live_stage() -> None:
    check(
        FAKE_LIVE
        + """
import stagedoor
assert stagedoor.start("game").started == ("game", None, "127.0.0.1")
assert stagedoor.start(port=9000, host="0.0.0.0").started == (None, 9000, "0.0.0.0")
""",
        enabled="yes",
    )


def test_where_it_cannot_listen_the_game_goes_on_with_one_line_in_the_log() -> None:
    stderr = check(
        FAKE_LIVE
        + """
import stagedoor
stage = stagedoor.start("game", port=1)
assert stage.enabled is False
assert stage.tick(0.25) == 0.25
""",
        enabled="1",
    )
    assert len(stderr.splitlines()) == 1
    assert "cannot listen on 127.0.0.1 port 1: [Errno 13] Permission denied" in stderr


def test_without_the_native_module_it_is_dormant_with_one_line_in_the_log() -> None:
    stderr = check(
        """
        import sys
        sys.modules["stagedoor._core"] = None
        import stagedoor
        assert not hasattr(stagedoor, "WebSocketServer")
        assert not hasattr(stagedoor, "Stage")
        assert stagedoor.start().enabled is False
        try:
            stagedoor.WebSocketServer
        except AttributeError as error:
            assert "enabled, but cannot run here" in str(error), error
        """,
        enabled="1",
    )
    assert len(stderr.splitlines()) == 1
    assert "stagedoor is enabled but cannot run here" in stderr
    assert "_core" in stderr


@pytest.mark.parametrize("enabled", [None, "1"])
def test_a_release_build_needs_no_file_but_the_face(tmp_path: Path, enabled: str | None) -> None:
    (tmp_path / "stagedoor").mkdir()
    for name in ("__init__.py", "settings.py", "dormant.py", "limits.py"):
        shutil.copy(SOURCE / name, tmp_path / "stagedoor" / name)
    stderr = check(
        """
        import stagedoor
        stage = stagedoor.start("game", limits=stagedoor.Limits(max_connections=8))
        assert stage.tick(1.0) == 1.0
        """,
        enabled=enabled,
        source=tmp_path,
    )
    assert len(stderr.splitlines()) == (0 if enabled is None else 1)
