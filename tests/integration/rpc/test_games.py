"""Games of other kinds than a plain loop: on asyncio, and on threads; with the client as it is."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from program import PATIENCE
from websockets.sync.client import connect as websocket

import stagedoor
from stagedoor.client.errors import ClientError
from stagedoor.client.sync.client import Client

from .conftest import StartGame
from .peer import Game

FOLDER = Path(__file__).parent


def connect(game: Game) -> Client:
    url = f"ws://127.0.0.1:{game.port}/"
    return stagedoor.connect(url, token=game.tokens.operator)


class TestAsyncio:
    @pytest.fixture
    def game(self, start_game: StartGame) -> Game:
        return start_game(file=FOLDER / "asyncio_game.py")

    def test_methods_and_topics_share_the_games_own_loop(self, game: Game) -> None:
        with connect(game) as client:
            assert client.wait_for_steps(count=3) == 0
            with client.subscribe("steps", mode="change", history=5) as steps:
                values = [sample.value for sample in islice(steps, 20)]
            assert values == sorted(values)
            assert len(set(values[6:])) == len(values[6:])
            assert list(client.progress("build", steps=3)) == [0, 1, 2]
            with pytest.raises(ClientError):
                client.with_timeout(0.2).wait_for_steps(count=10**9)
            assert client.wait_for_steps(count=1) == 0

    def test_it_ends_as_the_game_says(self, game: Game) -> None:
        with connect(game) as client:
            client.stop()
        assert game.program.wait(PATIENCE) == 0
        assert game.program.lines[-1] == "ended"


class TestThreads:
    @pytest.fixture
    def game(self, start_game: StartGame) -> Game:
        return start_game(file=FOLDER / "threaded_game.py")

    def test_what_each_thread_emits_comes_whole_and_in_its_order(self, game: Game) -> None:
        with connect(game) as client, client.subscribe("steps", mode="all") as steps:
            numbers: dict[int, list[int]] = {0: [], 1: [], 2: []}
            for sample in steps:
                numbers[sample.value["worker"]].append(sample.value["number"])
                if min(map(len, numbers.values())) >= 50:
                    break
            assert steps.dropped == 0
        for told in numbers.values():
            assert told == list(range(told[0], told[0] + len(told)))

    def test_what_threads_register_is_called_on_the_games_thread(self, game: Game) -> None:
        with connect(game) as client:
            for worker in range(3):
                with client.subscribe(f"score.{worker}", mode="change") as scores:
                    first, second = islice(scores, 2)
                assert first.value < second.value
                number, thread = client.call(f"worker{worker}.score")
                assert number >= second.value
                assert thread == "MainThread"
            for _ in range(50):
                assert "worker0.score" in client.methods

    def test_a_worker_that_was_called_tells_how_far_it_is(self, game: Game) -> None:
        with connect(game) as client, client.subscribe("saving", mode="all") as saving:
            thread = client.save()
            assert [sample.value for sample in islice(saving, 11)] == list(range(0, 101, 10))
        assert thread == "stagedoor-save"

    def test_threads_send_on_connections_of_a_server(self, game: Game) -> None:
        port = game.program.wait_for(r"^server (\d+)$")[1]
        with websocket(f"ws://127.0.0.1:{port}", proxy=None) as connection:
            heard = [str(connection.recv(PATIENCE)).split() for _ in range(150)]
        counts = Counter(worker for worker, _ in heard)
        assert set(counts) == {"0", "1", "2"}
        for worker in counts:
            numbers = [int(number) for who, number in heard if who == worker]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
