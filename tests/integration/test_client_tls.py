"""Our clients and a stage that speaks TLS: whose certificate is good, and what the others get."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from certificates import Authority, Pair
from conftest import Run
from program import PATIENCE, Program

import stagedoor
from stagedoor.client.errors import (
    CannotConnectError,
    ConnectionLostError,
    NoGameError,
    TokenRefusedError,
)
from stagedoor.client.find.games import find_game
from stagedoor.client.sync.client import Client
from stagedoor.wire.games import games_folder
from stagedoor.wire.tokens import tokens_folder

GAME = Path(__file__).with_name("secure_game.py")


@pytest.fixture
def pair(authority: Authority) -> Pair:
    """Of a game that nobody reaches by the name in its certificate."""
    return authority.issue("game.example")


@pytest.fixture(autouse=True)
def _here(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is of the user who runs the game."""
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    for name in ("STAGEDOOR_TOKEN", "STAGEDOOR_CAFILE"):
        monkeypatch.delenv(name, raising=False)


def play(run: Run, pair: Pair) -> tuple[Program, str]:
    """A running game, and its URL."""
    program = run(GAME, *pair, STAGEDOOR="1")
    return program, program.wait_for("^url (.*)$")[1]


@pytest.fixture
def url(run: Run, pair: Pair) -> str:
    """Of a running game."""
    return play(run, pair)[1]


@pytest.fixture
def elsewhere(run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The URL and a token of a game that is not registered for this process."""
    _, url = play(run, authority.pair)
    [file] = tokens_folder().glob("*.json")
    token = json.loads(file.read_text())["admin"]
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", str(authority.folder / "nothing"))
    return url, token


def stagedoor_cli(*arguments: str, input: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stagedoor", *arguments],
        env=os.environ | env,
        input=input,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


# A game of this machine --------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["asteroids", None, "url", "localhost"])
def test_a_game_that_is_found_here_is_trusted_for_its_own_certificate(
    url: str, target: str | None
) -> None:
    named = {"url": url, "localhost": url.replace("127.0.0.1", "localhost")}
    with stagedoor.connect(named.get(str(target), target)) as game:
        assert game.url.startswith("wss://")
        large = "x" * 900_000
        assert game.call("echo", large) == large
        with game.subscribe("played") as frames:
            assert next(iter(frames)).value > 0


@pytest.mark.usefixtures("url")
def test_the_asyncio_client_trusts_it_as_well() -> None:
    async def talk() -> None:
        async with stagedoor.connect_async("asteroids") as game:
            assert game.url.startswith("wss://")
            large = "x" * 900_000
            assert await game.call("echo", large) == large
            async with asyncio.timeout(PATIENCE):
                async for sample in await game.subscribe("played"):
                    assert sample.value > 0
                    break

    asyncio.run(talk())


@pytest.mark.parametrize(
    "verb",
    [
        ["call", "echo", "3"],
        ["notify", "echo", "3"],
        ["methods"],
        ["logs"],
        ["stub"],
        ["call", "echo", "3", "--to", "asteroids"],
    ],
    ids=lambda verb: verb[0],
)
@pytest.mark.usefixtures("url")
def test_every_verb_speaks_tls(verb: list[str]) -> None:
    done = stagedoor_cli(*verb)
    assert (done.returncode, done.stderr) == (0, ""), done
    if verb[0] == "call":
        assert done.stdout == "3\n"


@pytest.mark.usefixtures("url")
def test_the_shell_and_what_it_watches_speak_tls() -> None:
    done = stagedoor_cli("shell", input="echo 3\nhelp echo\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3\n")


def test_ps_shows_the_url_and_asks_the_game(url: str, pair: Pair) -> None:
    done = stagedoor_cli("ps", "--json")
    [game] = json.loads(done.stdout)
    assert (game["url"], game["certificate"]) == (url, str(pair[0]))
    assert game["clients"] >= 0, "it has answered"


def test_a_game_with_another_certificate_than_it_says_is_not_spoken_to(
    run: Run, authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    mine = tmp_path / "certificate"
    shutil.copy(pair[0], mine)
    play(run, (mine, pair[1]))
    # By the same authority, for the same name.
    shutil.copy(authority.issue("game.example")[0], mine)
    with pytest.raises(CannotConnectError, match="its certificate is not trusted"):
        stagedoor.connect("asteroids")
    mine.write_text("nothing")
    with pytest.raises(CannotConnectError, match=f"its certificate {mine}: expected a certificate"):
        stagedoor.connect("asteroids")
    mine.unlink()
    with pytest.raises(CannotConnectError, match=f"its certificate {mine}: No such file"):
        stagedoor.connect("asteroids")


# A game elsewhere --------------------------------------------------------------------------------


def test_elsewhere_nobody_is_trusted_who_is_not_named(
    elsewhere: tuple[str, str], authority: Authority
) -> None:
    url, token = elsewhere
    with pytest.raises(CannotConnectError, match=r"not trusted: .*cafile=.*STAGEDOOR_CAFILE"):
        stagedoor.connect(url, token=token)
    with stagedoor.connect(url, token=token, cafile=authority.cafile) as game:
        assert game.call("echo", 3) == 3

    async def talk() -> None:
        with pytest.raises(CannotConnectError, match="not trusted"):
            await stagedoor.connect_async(url, token=token)
        async with stagedoor.connect_async(url, token=token, cafile=authority.cafile) as game:
            assert await game.call("echo", 3) == 3

    asyncio.run(talk())


def test_the_environment_names_whom_to_trust_elsewhere_and_the_command_line_too(
    elsewhere: tuple[str, str], authority: Authority
) -> None:
    url, token = elsewhere
    call = ["call", "echo", "3", "--to", url]
    refused = stagedoor_cli(*call, STAGEDOOR_TOKEN=token)
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "--cafile" in refused.stderr
    assert token not in refused.stderr
    cafile = str(authority.cafile)
    trusted = stagedoor_cli(*call, STAGEDOOR_TOKEN=token, STAGEDOOR_CAFILE=cafile)
    assert (trusted.returncode, trusted.stdout) == (0, "3\n")
    named = stagedoor_cli(*call, "--cafile", cafile, STAGEDOOR_TOKEN=token)
    assert (named.returncode, named.stdout) == (0, "3\n")


def test_a_certificate_for_another_name_is_refused(
    run: Run, authority: Authority, pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, url = play(run, pair)
    with pytest.raises(CannotConnectError, match=r"not valid for '127\.0\.0\.1'"):
        stagedoor.connect(url, cafile=authority.cafile)
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", str(tmp_path / "nothing"))
    with pytest.raises(CannotConnectError, match=r"not valid for '127\.0\.0\.1'"):
        stagedoor.connect(url, cafile=authority.cafile)


def test_a_cafile_that_is_none_is_said_to_be_so(elsewhere: tuple[str, str], tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing", tmp_path / "empty"
    empty.write_text("nothing")
    with pytest.raises(CannotConnectError, match=f"cafile {missing}: No such file"):
        stagedoor.connect(elsewhere[0], cafile=missing)
    with pytest.raises(CannotConnectError, match=f"cafile {empty}: expected a certificate in PEM"):
        stagedoor.connect(elsewhere[0], cafile=str(empty))
    with pytest.raises(TypeError):
        stagedoor.connect(elsewhere[0], cafile=5)  # type: ignore[arg-type]


def test_without_a_token_tls_alone_lets_nobody_call(
    elsewhere: tuple[str, str], authority: Authority
) -> None:
    with pytest.raises(TokenRefusedError):
        stagedoor.connect(elsewhere[0], token="wrong", cafile=authority.cafile)


# What is not what it should be -------------------------------------------------------------------


@contextmanager
def impostor(pair: Pair) -> Iterator[tuple[str, list[bytes]]]:
    """A TLS server with a certificate of its own choice; and what it could read."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*pair)
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            plain.settimeout(PATIENCE)
            try:
                with plain, context.wrap_socket(plain, server_side=True) as client:
                    heard.append(client.recv(4096))
            except OSError:
                heard.append(b"")

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield f"wss://127.0.0.1:{listener.getsockname()[1]}/", heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.join()


def test_a_token_is_not_shown_to_who_cannot_prove_to_be_the_game(
    url: str, authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path)
    with impostor(other.pair) as (false, heard):
        # The game's file, with the impostor's address, as after a restart on another port.
        [file] = games_folder().glob("*.json")
        port = int(false.split(":")[2].strip("/"))
        entry = json.loads(file.read_text()) | {"port": port, "url": false}
        tokens = tokens_folder() / file.name
        file.unlink()
        name = f"{entry['pid']}-{port}.json"
        (games_folder() / name).write_text(json.dumps(entry))
        tokens.rename(tokens_folder() / name)
        assert find_game("asteroids").url == false

        with pytest.raises(CannotConnectError, match="not trusted"):
            stagedoor.connect("asteroids")

        async def talk() -> None:
            with pytest.raises(CannotConnectError, match="not trusted"):
                await stagedoor.connect_async("asteroids")

        asyncio.run(talk())
        with pytest.raises(CannotConnectError, match="not trusted"):
            stagedoor.connect(false, token="secret", cafile=authority.cafile)
        with pytest.raises(CannotConnectError):
            stagedoor.connect(false, token="secret", cafile=other.cafile, timeout=1.0)
        assert [bool(request) for request in heard] == [False, False, False, True]
        assert b"Bearer secret" in heard[3], "so would the others have been, had they come"


def test_the_wrong_scheme_is_an_error_that_says_so(url: str, run: Run) -> None:
    with pytest.raises(CannotConnectError, match="ws://"):
        stagedoor.connect(url.replace("wss://", "ws://"))
    program = run(GAME.with_name("witness.py"), STAGEDOOR="1")
    port = program.wait_for(r"^port (\d+)$")[1]
    with pytest.raises(CannotConnectError, match="TLS"):
        stagedoor.connect(f"wss://127.0.0.1:{port}/")

    async def talk() -> None:
        with pytest.raises(CannotConnectError, match=f"127.0.0.1:{port}/: it hung up"):
            await stagedoor.connect_async(f"wss://127.0.0.1:{port}/")

    asyncio.run(talk())


def test_a_stage_whose_certificate_is_not_there_is_dormant_and_says_why(
    run: Run, pair: Pair, tmp_path: Path
) -> None:
    program = run(GAME, tmp_path / "missing", pair[1], STAGEDOOR="1")
    program.wait_for(f"No such file or directory: '{tmp_path / 'missing'}'; the stage is dormant")
    program.wait_for("^url None$")


def test_a_pair_that_is_none_is_an_error_of_the_game_while_enabled_and_no_matter_while_not(
    run: Run, authority: Authority, pair: Pair
) -> None:
    program = run(GAME, pair[0], authority.issue()[1], STAGEDOOR="1")
    assert program.wait() == 1
    assert "ValueError: tls: " in program.lines[-1]
    program = run(GAME, "missing", "missing", STAGEDOOR="0")
    program.wait_for("^url None$")


def test_a_client_goes_on_when_the_game_comes_back(run: Run, pair: Pair) -> None:
    program, _ = play(run, pair)
    with stagedoor.connect("asteroids") as game:
        assert isinstance(game, Client)
        assert game.call("echo", 1) == 1
        program.end()
        with pytest.raises((ConnectionLostError, NoGameError)):  # the client knows now
            game.call("echo", 1)
        play(run, pair)
        assert game.call("echo", 2) == 2
