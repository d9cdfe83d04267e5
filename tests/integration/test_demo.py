"""examples/demo.py, what `make demo` runs, where there is no terminal."""

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Run
from program import EXAMPLES, PATIENCE

DEMO = EXAMPLES / "demo.py"


@pytest.mark.timing
def test_without_a_terminal_it_makes_a_call_shows_the_reply_and_ends(
    run: Run, tmp_path: Path
) -> None:
    demo = run(DEMO)
    code = demo.wait()
    output = "\n".join(demo.lines)
    assert code == 0, output
    assert "stage door is open at ws://127.0.0.1:" in output
    command = next(place for place, line in enumerate(demo.lines) if line.startswith("$ "))
    assert demo.lines[command].endswith("stagedoor call spawn kind=big count=3")
    assert json.loads(demo.lines[command + 1]) >= 3
    assert demo.lines[-1] == "demo: the game has stopped"
    assert "Traceback" not in output
    assert not list((tmp_path / "runtime").rglob("*.json")), "the game did not withdraw its address"


def test_it_fails_with_one_clear_line_where_no_door_opens(run: Run) -> None:
    demo = run(DEMO, STAGEDOOR="0")
    assert demo.wait() == 1
    assert demo.lines[-1].startswith("demo: the game opened no door within")
    assert "STAGEDOOR=0" in demo.lines[-1]


def test_it_fails_with_one_clear_line_where_the_game_does_not_start(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "pygame.py").write_text("import sys; sys.exit('no pygame here')")
    demo = run(DEMO, PYTHONPATH=str(tmp_path))
    assert demo.wait() == 1
    assert demo.lines[-1] == "demo: the game ended, with exit code 1, before its door opened"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_at_a_terminal_it_says_what_to_try_and_ends_with_its_game_on_a_signal(
    env: dict[str, str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    ours, its = os.openpty()
    with subprocess.Popen(
        [sys.executable, DEMO], env=env, stdin=its, stdout=its, stderr=its, start_new_session=True
    ) as demo:
        try:
            os.close(its)
            printed = read_until(ours, b"ends the game.")
            for line in ("call spawn kind=big count=3", "tree world", "shot shot.png", "methods"):
                assert f"stagedoor {line}\r\n" in printed
            assert list((tmp_path / "runtime").rglob("*.json"))
            if number == signal.SIGINT:
                os.killpg(demo.pid, number)  # as Ctrl-C does: to the demo and the game
            else:
                demo.send_signal(number)
            assert demo.wait(PATIENCE) == code
        finally:
            with suppress(ProcessLookupError):  # nobody is left, as it should be
                os.killpg(demo.pid, signal.SIGKILL)
            os.close(ours)
    assert not list((tmp_path / "runtime").rglob("*.json")), "the game did not end by itself"


def read_until(terminal: int, end: bytes) -> str:
    printed = b""
    while end not in printed:
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        assert ready, f"nothing more within {PATIENCE:g} s; it printed:\n{printed.decode()}"
        printed += os.read(terminal, 4096)
    assert b"Traceback" not in printed
    return printed.decode()
