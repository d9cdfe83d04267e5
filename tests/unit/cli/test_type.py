"""`stagedoor type`, against a real server."""

from __future__ import annotations

import pytest

from stagedoor.cli import main

from ..fake_game import result, running


def test_text_is_typed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with running(result({"frame": 1, "until": 2})) as game:
        for text in ("Ada Ünal\n", "3", "[1,", ""):
            assert main(["type", text, "--to", game.url]) == 0
        assert main(["type", "--to", game.url, "--", "-x"]) == 0
    assert [(one["method"], one["params"]) for one in game.received] == [
        ("input.text", {"text": text}) for text in ("Ada Ünal\n", "3", "[1,", "", "-x")
    ]
    assert capsys.readouterr() == ("", "")
