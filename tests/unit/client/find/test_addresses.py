"""Where to connect to, and with which token: `stagedoor.client.find.addresses`."""

import os
import sys
from pathlib import Path

import pytest

from stagedoor.client.core.address import Address
from stagedoor.client.errors import BadTokenError, CannotConnectError, NoGameError
from stagedoor.client.find.addresses import Target
from stagedoor.wire.games import Game
from stagedoor.wire.tokens import Tokens

from ...fake_game import register, register_tokens

TOKENS = Tokens("view", "operate", "admin-secret")


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAGEDOOR_TOKEN", raising=False)


@pytest.fixture
def game(games_folder: Path) -> Game:
    """A game that runs, with tokens."""
    game = Game("pong", os.getpid(), "127.0.0.1", 8787, "ws://127.0.0.1:8787/", 1.0)
    register(games_folder, game)
    register_tokens(games_folder, game, TOKENS)
    return game


def test_a_game_that_was_found_gets_its_own_token_of_the_role(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGEDOOR_TOKEN", "of-another")
    for target in (None, "pong", game.pid, game.url, "ws://localhost:8787/", "ws://[::1]:8787"):
        assert Target(target).find().token == "admin-secret", target
        assert Target(target, "viewer").find().token == "view"
        assert Target(target).find().name == "pong"
    assert Target("pong", token="given").find().token == "given"


def test_elsewhere_the_token_is_given_or_in_the_environment(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("ws://10.0.0.7:8787/", "ws://127.0.0.1:9999/"):
        assert Target(url).find().token is None
        assert Target(url, token="given").find().token == "given"
        monkeypatch.setenv("STAGEDOOR_TOKEN", "remote")
        assert Target(url).find().token == "remote"
        assert Target(url).find().url == url
        monkeypatch.delenv("STAGEDOOR_TOKEN")


def test_a_game_without_tokens_is_spoken_to_without(games_folder: Path) -> None:
    register(games_folder, Game("old", os.getpid(), "127.0.0.1", 8787, "ws://127.0.0.1:1/", 1.0))
    assert Target("old").find().token is None


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_tokens_that_others_could_have_written_or_read_are_not_used(
    game: Game, games_folder: Path
) -> None:
    folder = games_folder.parent / "tokens"
    file = folder / game.file_name
    file.chmod(0o640)
    assert Target("pong").find().token is None
    file.chmod(0o600)
    folder.chmod(0o777)
    assert Target("pong").find().token is None
    folder.chmod(0o700)
    file.write_bytes(b"{}")
    assert Target("pong").find().token is None


def test_the_only_game_is_found_again_under_its_name(game: Game, games_folder: Path) -> None:
    target = Target()
    assert target.find().url == game.url
    (games_folder / game.file_name).unlink()
    again = Game("pong", os.getpid(), "127.0.0.1", 8790, "ws://127.0.0.1:8790/", 2.0)
    register(games_folder, again)
    register(games_folder, Game("other", os.getpid(), "127.0.0.1", 8791, "ws://127.0.0.1:1/", 2.0))
    assert target.find().url == again.url
    (games_folder / again.file_name).unlink()
    with pytest.raises(NoGameError, match="called pong"):
        target.find()


def test_nothing_shows_the_token(game: Game) -> None:
    address = Target("pong").find()
    assert "secret" not in repr(address)
    assert "with a token" in repr(address)
    assert "without a token" in repr(Address("ws://x/"))
    assert "given" not in repr(Target("pong", token="given"))


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "a\n", "é", "x" * 2000])
def test_what_cannot_be_a_token_is_refused_and_not_repeated(
    token: str, monkeypatch: pytest.MonkeyPatch, games_folder: Path
) -> None:
    with pytest.raises(BadTokenError) as refused:
        Target("ws://10.0.0.7/", token=token)
    assert not token or token not in str(refused.value)
    if token:
        monkeypatch.setenv("STAGEDOOR_TOKEN", token)
        with pytest.raises(BadTokenError, match="STAGEDOOR_TOKEN is not a token"):
            Target("ws://10.0.0.7/").find()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8787/", "ws://", "ws://h:99999/", "ws://h:x/", "ws://[::", "ws://h/#x"],
)
def test_what_is_no_url_of_a_websocket_is_refused(url: str) -> None:
    with pytest.raises(CannotConnectError):
        Target(url)


def test_a_url_carries_no_secret(games_folder: Path) -> None:
    with pytest.raises(CannotConnectError, match="STAGEDOOR_TOKEN") as refused:
        Target("ws://me:secret@10.0.0.7/")
    assert "secret" not in str(refused.value)


def test_a_role_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="'king', expected one of viewer, operator, admin"):
        Target("pong", "king")  # type: ignore[arg-type]
