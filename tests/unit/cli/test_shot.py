"""`stagedoor shot`, against a game that is not one."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from stagedoor.cli import main

from ..fake_game import error, result, running

PICTURE = {
    "frame": 1234,
    "format": "png",
    "width": 320,
    "height": 240,
    "data": base64.b64encode(b"a picture").decode(),
    "encoding": 0.001,
}


def test_it_writes_the_file_and_says_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shot.png"
    file.write_bytes(b"what was there before")
    with running(result(PICTURE)) as game:
        assert main(["shot", str(file), "--to", game.url]) == 0
        assert game.received[0]["method"] == "screen.capture"
        assert game.received[0]["params"] == {"format": "png"}
    assert file.read_bytes() == b"a picture"
    told = json.loads(capsys.readouterr().out)
    assert told == {"file": str(file), "frame": 1234, "width": 320, "height": 240, "bytes": 9}


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG"])
def test_the_end_of_the_name_is_the_format_and_options_are_params(
    tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"shot{suffix}"
    options = ["--width", "64", "--rectangle", "1,2,30,40", "--quality", "9"]
    with running(result(PICTURE)) as game:
        assert main(["shot", str(file), *options, "--to", game.url]) == 0
        assert game.received[0]["params"] == {
            "format": "jpeg",
            "width": 64,
            "rectangle": [1, 2, 30, 40],
            "quality": 9,
        }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["shot.bmp"], "shot.bmp must end with one of .png, .jpg, .jpeg"),
        (["shot"], "shot must end with one of"),
        (["shot.png", "--width", "0"], "'0' is not a whole number above 0"),
        (["shot.png", "--width", "-3"], "'-3' is not a whole number"),
        (["shot.png", "--rectangle", "1,2,3"], "'1,2,3' is not four numbers, as in 0,0,320,240"),
        (["shot.png", "--rectangle", "a,b,c,d"], "'a,b,c,d' is not four numbers"),
        ([], "the following arguments are required: FILE"),
    ],
)
def test_wrong_usage_is_told_before_any_game_is_called(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["shot", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "missing" / "shot.png"
    with running(result(PICTURE)) as game:
        assert main(["shot", str(file), "--to", game.url]) == 1
    assert capsys.readouterr().err == (
        f"stagedoor: {file} cannot be written: No such file or directory\n"
    )


@pytest.mark.parametrize("sent", [None, [], {"data": "AA=="}, {**PICTURE, "data": "?"}])
def test_what_is_no_picture_is_told_and_no_file_is_written(
    tmp_path: Path, sent: object, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shot.png"
    with running(result(sent)) as game:
        assert main(["shot", str(file), "--to", game.url]) == 1
    assert "the game sent no picture" in capsys.readouterr().err
    assert not file.exists()


def test_why_a_game_has_no_picture_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = {"type": "NoPicture", "message": "the game has no window yet"}
    with running(error(-32000, "Handler error", data)) as game:
        assert main(["shot", str(tmp_path / "shot.png"), "--to", game.url]) == 1
    told = capsys.readouterr().err
    assert "screen.capture: " in told
    assert "the game has no window yet" in told
