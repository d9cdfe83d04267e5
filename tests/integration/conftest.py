"""Fixtures of the integration tests: real processes, in a world without other games."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from program import EXAMPLES, PATIENCE, ROOT, Program, need

Run = Callable[..., Program]

WITNESS = Path(__file__).with_name("witness.py")
NODE_CLIENT = Path(__file__).with_name("node") / "client.cjs"

# A shell has what it starts in the background ignore Ctrl-C, and our programs would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of a test's processes: no display, no games but the test's own, and nobody
    who has already said whether stagedoor is enabled."""
    env = dict(os.environ)
    for name in ("STAGEDOOR", "DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        env.pop(name, None)
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    return env | {
        "STAGEDOOR_RUNTIME_DIR": str(runtime),
        "PYGAME_HIDE_SUPPORT_PROMPT": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }


@pytest.fixture
def run(env: dict[str, str]) -> Iterator[Run]:
    """Start Python programs: `run(file, *arguments, NAME="value of the environment")`."""
    programs: list[Program] = []

    def start(*arguments: str | Path, **more_env: str) -> Program:
        program = Program(arguments, env | more_env)
        programs.append(program)
        return program

    yield start
    for program in programs:
        program.end()


@pytest.fixture
def cocos_echo(run: Run) -> tuple[Program, int]:
    """The running examples/cocos_echo.py, and the port it listens on."""
    program = run(EXAMPLES / "cocos_echo.py", "0")
    program.wait_for("^server booted!$")
    return program, int(program.wait_for(r"^port (\d+)$")[1])


@pytest.fixture
def witness(run: Run) -> tuple[Program, int]:
    """The running witness.py, and the port it listens on."""
    program = run(WITNESS, STAGEDOOR="1")
    return program, int(program.wait_for(r"^port (\d+)$")[1])


@pytest.fixture
def compressing_witness(run: Run) -> tuple[Program, int]:
    """The running witness.py with compression, and the port it listens on."""
    program = run(WITNESS, "--compression", STAGEDOOR="1")
    return program, int(program.wait_for(r"^port (\d+)$")[1])


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs certificates that last for the run."""
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure_witness(run: Run, authority: Authority) -> tuple[Program, int]:
    """The running witness.py with TLS, and the port it listens on."""
    program = run(WITNESS, "--tls", *authority.pair, STAGEDOOR="1")
    return program, int(program.wait_for(r"^port (\d+)$")[1])


def chromium_path() -> str | None:
    """Debian's, or what the environment variable CHROMIUM names."""
    if named := os.environ.get("CHROMIUM"):
        return named
    return shutil.which("chromium", path=f"/usr/bin{os.pathsep}{os.environ.get('PATH', '')}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = chromium_path()
    need(chromium, "Chromium (on Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture(scope="session")
def node_env() -> dict[str, str]:
    """The environment in which node finds the ws of node/package.json, kept in build/.

    Tests in other processes may want it at the same time. The first renames it into place.
    """
    need(shutil.which("node") and shutil.which("npm"), "node, or its npm")
    manifest = NODE_CLIENT.with_name("package.json")
    wanted = json.loads(manifest.read_text())["dependencies"]["ws"]
    folder = ROOT / "build" / f"ws-{wanted}"
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
        shutil.copy(manifest, fresh)
        npm = subprocess.run(
            ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=fresh,
            capture_output=True,
            text=True,
            timeout=120,
            shell=os.name == "nt",
        )
        need(npm.returncode == 0, f"ws {wanted} (npm: {npm.stderr.strip()[-300:]})")
        try:
            fresh.rename(folder)
        except OSError:  # another process was first
            shutil.rmtree(fresh)
    return os.environ | {"NODE_PATH": str(folder / "node_modules")}
