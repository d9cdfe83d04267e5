"""Every Python snippet of README and docs runs, and so do the commands that call a game."""

import contextlib
import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from program import need

ROOT = Path(__file__).parents[2]
# docs/client.md has a test of its own, with a game to call: tests/unit/test_docs_client.py
PAGES = [ROOT / "README.md", *sorted({*(ROOT / "docs").glob("*.md")} - {ROOT / "docs/client.md"})]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)

# What the snippets take for granted: a game of a few frames, a free port, an end.
AROUND = """
import threading, time
from types import SimpleNamespace
import stagedoor

class Running:
    frames = 5
    def __bool__(self):
        self.frames -= 1
        return self.frames >= 0

running = Running()
clock = SimpleNamespace(tick=lambda fps: time.sleep(1 / fps) or 1000 / fps)
world = SimpleNamespace(add=lambda *args: 3, rocks=[1, 2, 3])
player = SimpleNamespace(health=50.0)
listen = stagedoor.WebSocketServer.listen
stagedoor.WebSocketServer.listen = lambda self, port, *rest: listen(
    self, 0, *filter(callable, rest)
)
stagedoor.WebSocketServer.serve_forever = lambda self: self.close() or [
    self.poll() for _ in iter(lambda: time.sleep(0.01) or self.port, None)
]
"""

GAME_LOOP = """
print(stage.url, flush=True)
while True:
    time.sleep(1 / 60)
    stage.tick(1 / 60)
"""


def blocks(page: Path, language: str) -> list[str]:
    return [code for kind, code in BLOCK.findall(page.read_text()) if kind == language]


SNIPPETS = [
    pytest.param(code, id=f"{page.name}-{number}")
    for page in PAGES
    for number, code in enumerate(blocks(page, "python"), 1)
]
GAME, *_, CLIENT = blocks(ROOT / "docs" / "rpc.md", "python")
CALLS = [
    line.removeprefix("$ ")
    for line in blocks(ROOT / "docs" / "rpc.md", "console")[0].splitlines()
    if line.startswith("$ stagedoor call")
]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"STAGEDOOR": "1", "STAGEDOOR_RUNTIME_DIR": str(tmp_path)}


@pytest.fixture
def game(env: dict[str, str]) -> Iterator[None]:
    """The game of docs/rpc.md, running."""
    source = AROUND + GAME + GAME_LOOP
    with subprocess.Popen(
        [sys.executable, "-c", source], env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ws://")
            yield
        finally:
            process.kill()


@pytest.mark.parametrize("code", [param for param in SNIPPETS if param.values[0] != CLIENT])
def test_a_snippet_runs(code: str, env: dict[str, str], tmp_path: Path) -> None:
    if "tls=(" in code:
        make_certificate(tmp_path)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", AROUND + textwrap.dedent(code)],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (run.returncode, run.stderr) == (0, "")


def make_certificate(folder: Path) -> None:
    """As docs/security.md says."""
    need(shutil.which("openssl"), "openssl")
    [command] = blocks(ROOT / "docs" / "security.md", "console")
    subprocess.run(
        shlex.split(command.removeprefix("$ ")), cwd=folder, check=True, capture_output=True
    )


def test_a_certificate_made_as_the_security_page_says_convinces_clients(tmp_path: Path) -> None:
    make_certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    client = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    if hasattr(ssl, "VERIFY_X509_STRICT"):  # the default from Python 3.13 on
        client.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in ("gamepc.local", "192.168.1.20"):
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        here = client.wrap_bio(to_client, to_server, server_hostname=name)
        there = server.wrap_bio(to_server, to_client, server_side=True)
        for side in (here, there) * 2:
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
        assert here.getpeercert()


@pytest.mark.usefixtures("game")
def test_the_client_of_the_rpc_page_calls_its_game(env: dict[str, str]) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", CLIENT + "print(rocks)\n"],
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "3\n", "")


@pytest.mark.usefixtures("game")
@pytest.mark.parametrize("line", CALLS)
def test_a_command_of_the_rpc_page_calls_its_game(line: str, env: dict[str, str]) -> None:
    arguments = [sys.executable, "-m", *shlex.split(line)]
    run = subprocess.run(arguments, env=env, capture_output=True, text=True, timeout=30)
    assert (run.returncode, run.stderr) == (0, "")
