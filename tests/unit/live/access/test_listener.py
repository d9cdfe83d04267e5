"""`Listener`: where a stage listens, and by what name it is found."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.live.callers import Caller, Start

from stagedoor.live.access import listener as module
from stagedoor.live.access.listener import DEFAULT_PORT
from stagedoor.wire.authority import authority
from stagedoor.wire.games import decode_game


class TestWhereItListens:
    def test_url_and_repr_tell(self, start: Start) -> None:
        stage = start()
        assert stage.url == f"ws://127.0.0.1:{stage.port}/"
        assert repr(stage) == f"<stagedoor stage 'asteroids', {stage.url}>"

    def test_every_interface_is_reached_through_the_loopback(self, start: Start) -> None:
        stage = start(host="0.0.0.0")
        assert stage.url == f"ws://127.0.0.1:{stage.port}/"
        with Caller(stage) as caller:
            assert "result" in caller.call("process.info")

    @pytest.mark.parametrize("host", ["127.0.0.2", "::1", "LOCALHOST", socket.gethostname()])
    def test_the_host_that_was_given_is_one_that_clients_may_name(
        self, start: Start, host: str
    ) -> None:
        try:
            stage = start(host=host)
        except OSError as error:
            pytest.skip(f"not an address here: {error}")
        assert stage.port is not None
        assert stage.url == f"ws://{authority(host, stage.port)}/"
        with Caller(stage) as caller:
            assert "result" in caller.call("process.info")
            (entry,) = caller.call("sessions.list")["result"]
            (session,) = stage._hub.sessions
            own = authority(*caller.client.local_address[:2])
            assert entry["address"] == own
            for shown in (repr(session), repr(session.connection)):
                assert f" {own}" in shown.replace("of ", " ").replace("from ", " ")
        assert f"{stage.port}" in repr(stage._transport)
        bound = stage._transport.native.address  # type: ignore[union-attr]
        assert f" on {authority(*bound)}, " in repr(stage._transport)
        with pytest.raises(OSError, match=re.escape(authority(host, stage.port))):
            start(host=host, port=stage.port)

    def test_the_default_port_is_8787_or_the_next_free_one(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert DEFAULT_PORT == 8787
        # Not the real one: a game of this machine's user may run there.
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            monkeypatch.setattr(module, "DEFAULT_PORT", port)
            first = start(port=None)
            second = start(port=None)
            assert first.port is not None
            assert second.port is not None
            assert port < first.port < second.port <= port + 100

    def test_a_port_that_was_asked_for_is_not_searched_for(self, start: Start) -> None:
        taken = start()
        with pytest.raises(OSError, match=str(taken.port)):
            start(port=taken.port)

    def test_an_address_that_is_not_ours_is_an_error_at_once(self, start: Start) -> None:
        with pytest.raises(OSError, match=r"192\.0\.2\.1"):
            start(port=None, host="192.0.2.1")

    def test_it_is_announced_while_it_listens(self, start: Start, games_folder: Path) -> None:
        stage = start()
        (file,) = games_folder.iterdir()
        game = decode_game(file.read_bytes())
        assert (game.name, game.port, game.url) == ("asteroids", stage.port, stage.url)
        stage.close()
        assert list(games_folder.iterdir()) == []


class TestName:
    def test_is_the_programs_without_one(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys.modules["__main__"], "__file__", "games/rocks.py", raising=False)
        assert start(None).name == "rocks"

    @pytest.mark.parametrize("method", ["fork", "spawn"])
    def test_a_multiprocessing_child_is_named_after_its_parent_and_has_its_own_door(
        self, method: str, tmp_path: Path, games_folder: Path
    ) -> None:
        if method == "fork" and sys.platform == "win32":
            pytest.skip("no fork")
        game = tmp_path / "game.py"
        game.write_text(f"""
import multiprocessing
from stagedoor.live.stage import Stage

def child(queue):
    stage = Stage.start("game", port=0)
    queue.put((stage.name, stage.port))
    stage.close()
    while stage.port is not None:
        stage.tick(0.0)

if __name__ == "__main__":
    stage = Stage.start("game", port=0)
    context = multiprocessing.get_context({method!r})
    queue = context.SimpleQueue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    name, port = queue.get()
    print(stage.name, name, port != stage.port)
    process.join()
    stage.tick(0.0)
    stage.close()
    while stage.port is not None:
        stage.tick(0.0)
    print(process.exitcode)
""")
        result = subprocess.run(
            [sys.executable, "-W", "ignore::DeprecationWarning", str(game)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.stderr == ""
        first, code = result.stdout.splitlines()
        name, child, other_port = first.split()
        kind = "Fork" if method == "fork" else "Spawn"
        assert name == "game"
        assert child in (f"game/{kind}Process-1", "game/Process-1")
        assert (other_port, code) == ("True", "0")
        assert list(games_folder.iterdir()) == []
