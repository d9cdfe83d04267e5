"""Games that hang: in a loop, in a sleep, in a C call that holds the GIL."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from program import PATIENCE, Program
from websockets.sync.client import ClientConnection, connect

import stagedoor
from stagedoor.cli import ps
from stagedoor.client.errors import CallTimeoutError
from stagedoor.client.find.games import running_games
from stagedoor.wire.tokens import decode_tokens

GAME = Path(__file__).with_name("hanging.py")
HANGS = ["spin", "sleep", "hold"]
NEEDS_NO_GAME = ["process.info", "rpc.discover", "topic.list", "session.info"]
SLACK = 5
"""Deadlines of behaviour are asserted at so many times their value."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ctypes.PyDLL(None), SIGSTOP")


class Client:
    """A client that knows what is an answer and what a topic's value."""

    def __init__(self, url: str, token: str) -> None:
        self.socket: ClientConnection = connect(
            url,
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            proxy=None,
        ).__enter__()
        self.told: list[Any] = []
        self._answers: dict[int, Any] = {}
        self._last = 0

    def send(self, method: str, *params: object) -> int:
        self._last += 1
        message = {"jsonrpc": "2.0", "id": self._last, "method": method, "params": params}
        self.socket.send(json.dumps(message))
        return self._last

    def answer(self, ident: int) -> Any:
        """The answer to this call; there must be one only."""
        while ident not in self._answers:
            self._read()
        return self._answers.pop(ident)

    def call(self, method: str, *params: object) -> Any:
        return self.answer(self.send(method, *params))

    def next_told(self) -> Any:
        """The next value of a topic."""
        while not self.told:
            self._read()
        return self.told.pop(0)["value"]

    def _read(self) -> None:
        message = json.loads(self.socket.recv(PATIENCE))
        if "id" in message:
            assert message["id"] not in self._answers, "answered twice"
            self._answers[message["id"]] = message
        else:
            self.told.append(message["params"])


class Game:
    """The running hanging.py, and its clients."""

    def __init__(self, run: Run, env: dict[str, str], *arguments: str, file: Path = GAME) -> None:
        self.program: Program = run(file, *arguments, STAGEDOOR="1")
        self.port = int(self.program.wait_for(r"^port (\d+)$")[1])
        (tokens,) = Path(env["STAGEDOOR_RUNTIME_DIR"]).glob("**/tokens/*")
        self.token = decode_tokens(tokens.read_bytes()).admin

    def client(self) -> Client:
        return Client(f"ws://127.0.0.1:{self.port}/", self.token)


@pytest.fixture
def game(run: Run, env: dict[str, str]) -> Game:
    return Game(run, env)


@pytest.mark.timing
@pytest.mark.parametrize("how", HANGS)
def test_a_hang_is_told_of_and_its_end_and_takes_as_long_as_it_would_have(
    game: Game, how: str
) -> None:
    client = game.client()
    client.call("topic.subscribe", "game.stalled")
    client.call("hang", how, 2.5)
    began = time.monotonic()
    told = client.next_told()
    assert time.monotonic() - began < 1.5 * SLACK
    assert told["stalled"]
    assert told["stalled_for"] >= 1.0
    assert (told["where"]["file"], told["where"]["function"]) == (str(GAME), how)
    line = GAME.read_text().splitlines()[told["where"]["line"] - 1]
    assert any(word in line for word in ("while", "pass", "sleep"))
    took = float(game.program.wait_for(rf"^{how} took ([\d.]+)$")[1])
    assert took >= 2.5, "nothing cut it short"
    ended = client.next_told()
    assert not ended["stalled"]
    assert ended["stalled_for"] >= 2.0
    assert client.call("note", 1)["result"] == 1


@pytest.mark.timing
@pytest.mark.parametrize("how", HANGS)
def test_pings_are_answered_and_clients_let_in_meanwhile(game: Game, how: str) -> None:
    client = game.client()
    client.call("hang", how, 3.0)
    while client.socket.ping().wait(PATIENCE) is None:
        pass
    for _ in range(3):
        began = time.monotonic()
        assert client.socket.ping().wait(PATIENCE)
        game.client()
        assert time.monotonic() - began < 0.1 * SLACK
    assert not [line for line in game.program.lines if " took " in line], "it hangs still"


@pytest.mark.timing
@pytest.mark.parametrize("how", HANGS)
@pytest.mark.parametrize("method", ["note_late", "process.info"])
def test_any_call_is_answered_with_what_is_known_by_the_client_itself_if_need_be(
    game: Game, how: str, method: str
) -> None:
    """For a client that comes while the game hangs, whatever the timeouts of client and method."""
    client = game.client()
    client.call("topic.subscribe", "game.stalled")
    client.call("hang", how, 60.0)
    assert client.next_told()["stalled"]
    url = f"ws://127.0.0.1:{game.port}/"
    params = [1] if method == "note_late" else []
    with stagedoor.connect(url, token=game.token, timeout=PATIENCE) as other:
        if how != "hold" and method in NEEDS_NO_GAME:
            assert other.call(method) is not None
            return
        with pytest.raises(CallTimeoutError) as waited:
            other.with_timeout(3.0).call(method, *params)
    health = waited.value.health
    assert health.state == "stalled"
    assert health.stalled_for is not None
    assert health.stalled_for > 1.0
    assert f"in {how}" in str(health.where)
    assert f"within 3 s: the game has been stalled for {health.stalled_for:.1f} s" in str(
        waited.value
    )


@pytest.mark.parametrize("how", ["spin", "sleep"])
def test_tokens_are_looked_at_meanwhile_right_ones_and_wrong_ones(game: Game, how: str) -> None:
    client = game.client()
    client.call("topic.subscribe", "game.stalled")
    client.call("hang", how, 60.0)
    assert client.next_told()["stalled"]
    for ident, token in ((100, "wrong"), (101, game.token)):
        request = {"method": "session.authenticate", "params": {"token": token}, "id": ident}
        client.socket.send(json.dumps({"jsonrpc": "2.0", **request}))
    assert "result" in client.answer(101)
    assert client.answer(100)["error"]["code"] == -32004


@pytest.mark.timing
@pytest.mark.parametrize("how", HANGS)
def test_ps_says_for_how_long_and_where(
    game: Game, how: str, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    monkeypatch.setattr(ps, "TIMEOUT", 5.0)
    client = game.client()
    client.call("topic.subscribe", "game.stalled")

    def listed() -> dict[str, Any]:
        (found,) = ps.games_as_json(running_games())
        return found  # type: ignore[no-any-return]

    assert (listed()["state"], listed()["clients"]) == ("running", 1)
    client.call("hang", how, 60.0)
    assert client.next_told()["stalled"]
    found = listed()
    assert (found["state"], found["stalled_for"] > 1.0) == ("stalled", True)
    assert f"in {how}" in found["where"]
    game.program.process.kill()
    game.program.process.wait()
    assert running_games() == []


@pytest.mark.timing
def test_a_paused_game_is_told_from_one_that_hangs(game: Game) -> None:
    client = game.client()
    client.call("game.pause")
    url = f"ws://127.0.0.1:{game.port}/"
    with stagedoor.connect(url, token=game.token, timeout=PATIENCE) as other:
        with pytest.raises(CallTimeoutError, match="the game is paused"):
            other.with_timeout(2.0).call("frame.batch", calls=[], at=1000)
        status = other.call("game.status")
    assert (status["paused"], status["stalled_for"]) == (True, 0.0)


@pytest.mark.timing
@pytest.mark.parametrize("how", ["spin", "sleep"])
def test_what_needs_no_game_is_answered_meanwhile_and_the_rest_refused(
    game: Game, how: str
) -> None:
    client, other = game.client(), game.client()
    client.call("topic.subscribe", "game.stalled")
    client.call("hang", how, 4.0)
    assert client.next_told()["stalled"]
    refused = other.send("note", 1)
    late = [other.send("note_late", value) for value in (2, 3, 4)]
    for method in NEEDS_NO_GAME:
        began = time.monotonic()
        assert "result" in client.call(method)
        assert time.monotonic() - began < 0.1 * SLACK
    error = other.answer(refused)["error"]
    assert error["code"] == -32001
    assert error["data"]["stalled_for"] > 1.0
    assert str(GAME) in error["data"]["where"]
    assert f"in {how}" in error["data"]["where"]
    assert not [line for line in game.program.lines if " took " in line], "it hangs still"
    assert [other.answer(ident)["result"] for ident in late] == [2, 3, 4]
    assert client.call("what_ran")["result"] == [2, 3, 4]


@pytest.mark.timing
def test_a_method_that_overruns_is_told_and_logged(game: Game) -> None:
    client = game.client()
    ident = client.send("overrun", 2.5)
    error = client.answer(ident)["error"]
    assert error["code"] == -32002
    assert error["data"] == {"timeout": 1.5}
    game.program.wait_for(r"the method overrun took \d+\.\d s, its timeout is 1\.5 s")
    assert client.call("note", 1)["result"] == 1


@pytest.mark.timing
def test_a_process_that_was_stopped_was_not_stalled(game: Game) -> None:
    client = game.client()
    client.call("topic.subscribe", "game.stalled")
    os.kill(game.program.process.pid, signal.SIGSTOP)
    threading.Event().wait(1.5)  # that is what is tested
    os.kill(game.program.process.pid, signal.SIGCONT)
    assert client.call("note", 1)["result"] == 1
    assert client.told == []


def test_ctrl_c_ends_a_game_that_hangs(game: Game) -> None:
    client = game.client()
    client.call("topic.subscribe", "game.stalled")
    client.call("hang", "sleep", 60.0)
    assert client.next_told()["stalled"]
    game.program.interrupt()
    assert game.program.wait() == -signal.SIGINT
    assert "KeyboardInterrupt" in "\n".join(game.program.lines)


ENDS = {
    "exits without closing": "",
    "closes and exits": "stage.close()",
    "closes and ticks on": """
stage.close()
while stage.port is not None:
    stage.tick(0.0)
""",
    "forks and goes on": """
child = os.fork()
if child == 0:
    assert not any(thread.name == "stagedoor-watch" for thread in threading.enumerate())
    other = stagedoor.start("child", port=0)
    while other._hub.stall is None:
        time.sleep(0.01)
    other.close()
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
stage.tick(0.0)
""",
}


@pytest.mark.parametrize("is_stalled", [False, True])
@pytest.mark.parametrize("end", ENDS)
def test_a_game_ends_cleanly(run: Run, tmp_path: Path, end: str, is_stalled: bool) -> None:
    game = tmp_path / "game.py"
    game.write_text(
        "import os, sys, threading, time\n"
        "import stagedoor\n"
        "from stagedoor.live.stall import understudy\n"
        "understudy._THRESHOLD = 0.05\n"
        "stage = stagedoor.start('ends', port=0)\n"
        "stage.tick(0.0)\n"
        + ("while stage._hub.stall is None:\n    time.sleep(0.01)\n" if is_stalled else "")
        + ENDS[end]
    )
    program = run("-X", "dev", "-W", "ignore::DeprecationWarning", game, STAGEDOOR="1")
    assert program.wait() == 0, program.lines
    assert program.lines == []


def test_a_game_that_ends_while_it_is_stalled_does_not_say_that_it_is_back(
    run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "game.py"
    file.write_text(
        "import time\n"
        "import stagedoor\n"
        "from stagedoor.live.stall import understudy\n"
        "understudy._THRESHOLD = 0.05\n"
        "stage = stagedoor.start('ends', port=0)\n"
        "print('port', stage.port, flush=True)\n"
        "while not stage._hub.sessions:\n    stage.tick(0.0)\n"
        "while not stage._understudy._is_logged:\n    time.sleep(0.01)\n"
    )
    game = Game(run, env, file=file)
    client = game.client()
    assert game.program.wait() == 0
    _, line = game.program.lines
    assert "ends has not come to tick() for" in line
    client.socket.close()


@pytest.mark.timing
def test_a_game_that_stalls_again_and_again_answers_every_call_once(
    run: Run, env: dict[str, str]
) -> None:
    """Whatever is refused has not run and will not, and all else has, once, in order."""
    game = Game(run, env, "0.1")
    stop = threading.Event()
    faults: list[str] = []
    outcomes: list[tuple[list[int], set[int]]] = []

    def caller(number: int) -> None:
        client = game.client()
        ran, refused, value = [], set(), number * 1_000_000
        while not stop.is_set():
            idents = {}
            for _ in range(5):
                value += 1
                method = "note" if value % 2 else "note_late"
                idents[client.send(method, value)] = value
                idents[client.send("process.info")] = 0
            for ident, sent in idents.items():
                answer = client.answer(ident)
                if "error" in answer:
                    if not sent or answer["error"]["code"] != -32001:
                        faults.append(str(answer))
                    refused.add(sent)
                elif sent:
                    ran.append(sent)
        outcomes.append((ran, refused))

    def staller() -> None:
        client = game.client()
        how = ["sleep", "spin"]
        for turn in range(12):
            # A little more than what makes a stall; now and then as long as a call may wait.
            seconds = 0.8 if turn % 4 == 3 else 0.1 + 0.01 * turn
            client.call("hang", how[turn % 2], seconds)
            client.call("what_ran")
        stop.set()

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(1, 5)]
    threads.append(threading.Thread(target=staller))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * PATIENCE)
    assert faults == []
    assert len(outcomes) == 4, "each thread has come to its end"
    everything: list[int] = game.client().call("what_ran")["result"]
    for ran, refused in outcomes:
        first = ran[0] // 1_000_000
        assert [value for value in everything if value // 1_000_000 == first] == ran
        assert not refused & set(everything)
    assert any(refused for _, refused in outcomes), "some have waited for too long"
