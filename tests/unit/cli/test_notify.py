"""`stagedoor notify`, against a real server."""

import pytest

from stagedoor.cli import main

from ..fake_game import running


def test_a_notification_has_arrived_when_the_command_ends_and_nothing_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running(lambda game, call: None) as game:
        assert main(["notify", "spawn", "-1", "kind", "--to", game.url]) == 0
        assert game.notified.wait(10)
    assert game.received == [{"jsonrpc": "2.0", "method": "spawn", "params": [-1, "kind"]}]
    assert capsys.readouterr() == ("", "")


def test_no_game_is_exit_code_3_and_wrong_usage_2(games_folder: object) -> None:
    assert main(["notify", "spawn"]) == 3
    assert main(["notify", "spawn", "a=1", "a=2"]) == 2
    assert main(["notify"]) == 2
