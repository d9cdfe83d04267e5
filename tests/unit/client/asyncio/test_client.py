"""The asyncio client, against a real server: `stagedoor.client.asyncio.client`."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import stagedoor
from stagedoor.client.asyncio.client import AsyncClient
from stagedoor.client.errors import (
    BadReplyError,
    CallTimeoutError,
    CannotConnectError,
    ClientClosedError,
    ConnectionLostError,
    NotRunError,
    TokenRefusedError,
)
from stagedoor.wire.errors import HandlerError, InvalidParams, MethodNotFound
from stagedoor.wire.games import Game
from stagedoor.wire.tokens import Tokens

from ...fake_game import FakeGame, register, register_tokens, result, running
from ...fake_stage import FakeStage

Test = Callable[[AsyncClient, FakeStage, FakeGame], Coroutine[Any, Any, None]]


def with_client(test: Test) -> Callable[[], None]:
    """Run a test with a fake game and a client of it."""

    def run() -> None:
        async def main() -> None:
            stage = FakeStage()
            with running(stage) as game:
                async with stagedoor.connect_async(game.url) as client:
                    await test(client, stage, game)

        asyncio.run(main())

    run.__name__ = test.__name__
    return run


@asynccontextmanager
async def elsewhere(stage: FakeStage, port: int = 0) -> AsyncIterator[FakeGame]:
    """A game that leaves without keeping this loop from noticing."""
    block = running(stage, port=port)
    game = block.__enter__()
    try:
        yield game
    finally:
        await asyncio.to_thread(block.__exit__, None, None, None)


@asynccontextmanager
async def deadline() -> AsyncIterator[None]:
    async with asyncio.timeout(10):
        yield


@with_client
async def test_methods_are_called_by_name_and_attribute(
    client: AsyncClient, stage: FakeStage, game: FakeGame
) -> None:
    assert await client.call("spawn", "big", 3) == 3
    assert await client.spawn(kind="big", count=3) == 3
    assert await client.player.heal(amount=5) == 5
    assert await client.echo(timeout=1, self=2, method=3) == {"timeout": 1, "self": 2, "method": 3}
    assert "spawn" in await client.methods
    await client.notify("spawn", "small")
    assert await client.echo() == {}
    assert {"jsonrpc": "2.0", "method": "spawn", "params": ["small"]} in game.received
    with pytest.raises(MethodNotFound):
        await client.player.hurt()
    with pytest.raises(HandlerError):
        await client.fail()


@with_client
async def test_many_calls_are_on_their_way_at_once(
    client: AsyncClient, stage: FakeStage, game: FakeGame
) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(client.spawn("big", number)) for number in range(200)]
    assert [task.result() for task in tasks] == list(range(200))


@with_client
async def test_a_call_times_out_or_is_cancelled_and_the_game_is_told(
    client: AsyncClient, stage: FakeStage, game: FakeGame
) -> None:
    with pytest.raises(CallTimeoutError):
        await client.with_timeout(0.05).wait()
    task = asyncio.create_task(client.wait())
    while len(game.received) < 3:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await client.spawn("big") == 1
    assert stage.cancelled == [1, 2]


@with_client
async def test_progress_is_iterated_and_then_the_result_is_there(
    client: AsyncClient, stage: FakeStage, game: FakeGame
) -> None:
    async with client.progress("build", steps=3) as progress:
        assert [step async for step in progress] == [0, 1, 2]
        assert await progress.result() == 30
    assert await client.with_timeout(5).progress("build", 3).result() == 30
    async with client.progress("tell_then_wait") as progress:
        assert await anext(progress) == "begun"
    with pytest.raises(ClientClosedError):
        await progress.result()
    assert await client.spawn("big") == 1
    assert len(stage.cancelled) == 1


@with_client
async def test_a_batch_is_one_message_and_each_call_has_its_own_outcome(
    client: AsyncClient, stage: FakeStage, game: FakeGame
) -> None:
    async with client.batch(stop_on_error=True) as batch:
        one, two, three = batch.spawn("big", 4), batch.fail(), batch.spawn("big")
    assert (batch.frame, one.result()) == (42, 4)
    assert isinstance(two.error, HandlerError)
    assert isinstance(three.error, NotRunError)
    async with client.batch():
        pass
    assert len(game.received) == 1


@with_client
async def test_a_subscription_is_an_iterator_of_samples(
    client: AsyncClient, stage: FakeStage, game: FakeGame
) -> None:
    stage.past = [1, 2]
    async with deadline(), client.subscribe("rocks", history=1, queue=3) as rocks:
        assert (await anext(rocks)).value == 2
        with pytest.raises(TimeoutError):
            await rocks.get(0.02)
        for number in range(5):
            stage.publish("rocks", number)
        await client.echo()
        assert [(await rocks.get()).value for _ in range(3)] == [2, 3, 4]
        stage.drop("rocks", 2)
        stage.publish("rocks", 5)
        assert ((await rocks.get()).value, rocks.dropped) == (5, 4)
    assert [sample async for sample in rocks] == []
    await client.echo()
    assert stage.open_topics == []
    with pytest.raises(InvalidParams):
        await client.subscribe("rokcs")
    fps = await client.subscribe("fps")
    waiting = asyncio.create_task(fps.get())
    await client.close()
    with pytest.raises(ClientClosedError):
        await waiting


def test_subscriptions_are_restored_and_calls_connect_again() -> None:
    async def main() -> None:
        stage = FakeStage()
        async with elsewhere(stage) as game:
            client = await stagedoor.connect_async(game.url)
            rocks = await client.subscribe("rocks")
            task = asyncio.create_task(client.wait())
            await client.echo()
        with pytest.raises(ConnectionLostError):
            await task
        async with elsewhere(stage, game.port), deadline():
            while not rocks.reconnected:
                await asyncio.sleep(0.005)
            stage.publish("rocks", 2)
            assert (await rocks.get()).value == 2
            await rocks.close()
            assert await client.spawn("big") == 1
        with pytest.raises((CannotConnectError, ConnectionLostError)):
            await client.spawn("big")
        async with elsewhere(stage, game.port):
            assert await client.spawn("big") == 1
            await client.close()
            with pytest.raises(ClientClosedError):
                await client.spawn("big")

    asyncio.run(main())


def test_without_reconnect_and_when_sent_away_a_lost_connection_is_the_end() -> None:
    async def main(code: int, reconnect: bool) -> None:
        stage = FakeStage()
        with running(stage) as game:
            async with stagedoor.connect_async(game.url, reconnect=reconnect) as client:
                rocks = await client.subscribe("rocks")
                assert game.connection is not None
                await asyncio.to_thread(game.connection.close, code, "go")
                async with deadline():
                    with pytest.raises(ConnectionLostError, match=f"close code {code}"):
                        await rocks.get()

    asyncio.run(main(1001, False))
    asyncio.run(main(4403, True))


def test_the_token_is_shown(games_folder: Path) -> None:
    async def main(game: FakeGame) -> None:
        async with stagedoor.connect_async("pong", role="operator") as client:
            assert await client.spawn("big") == 1
            assert client.name == "pong"
            assert "o-token" not in repr(client)
        with pytest.raises(TokenRefusedError, match="the token is not valid"):
            await stagedoor.connect_async("pong")

    with running(FakeStage(), tokens={"o-token"}) as game:
        entry = Game("pong", os.getpid(), "127.0.0.1", game.port, game.url, 1.0)
        register(games_folder, entry)
        register_tokens(games_folder, entry, Tokens("v", "o-token", "a"))
        asyncio.run(main(game))


def test_where_nobody_listens_or_speaks_connecting_fails_in_time() -> None:
    async def main(url: str, words: str) -> None:
        with pytest.raises(CannotConnectError, match=words):
            await stagedoor.connect_async(url, timeout=0.1)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/"
        asyncio.run(main(url, r"no handshake within 0\.1 s"))
    asyncio.run(main(url, "cannot connect"))


@pytest.mark.parametrize("said", ["hello", "[]]", '{"jsonrpc":"2.0"}'])
def test_a_reply_that_is_not_json_rpc_is_a_typed_error(said: str) -> None:
    async def main(game: FakeGame) -> None:
        async with stagedoor.connect_async(game.url) as client:
            with pytest.raises(BadReplyError):
                await client.a()

    with running(lambda game, call: said) as game:
        asyncio.run(main(game))


def test_a_game_is_pinged_while_it_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagedoor.client.asyncio.line.KEEP_ALIVE", 0.01)
    monkeypatch.setattr("stagedoor.client.core.websocket.QUIET", 0.02)

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            task = asyncio.create_task(asyncio.to_thread(_shake_hands_and_keep_silent, silent))
            async with stagedoor.connect_async(f"ws://127.0.0.1:{port}/") as client:
                with pytest.raises(ConnectionLostError, match=r"nothing was heard for 0\.04 s"):
                    await client.a()
            assert b"\x89\x80" in await task

    asyncio.run(main())


def _shake_hands_and_keep_silent(listener: socket.socket) -> bytes:
    """Returns all that was said to us after the handshake."""
    from websockets.server import ServerProtocol

    opened, _ = listener.accept()
    with opened:
        protocol = ServerProtocol()
        protocol.receive_data(opened.recv(65536))
        [request] = protocol.events_received()
        protocol.send_response(protocol.accept(request))  # type: ignore[arg-type]
        opened.sendall(b"".join(protocol.data_to_send()))
        heard = b""
        try:
            while data := opened.recv(65536):
                heard += data
        except ConnectionError:
            pass
        return heard


def test_json_of_any_size_comes_back() -> None:
    value = ["x" * 1000] * 1000

    def answer(game: FakeGame, call: dict[str, Any]) -> str:
        return json.dumps({"jsonrpc": "2.0", "result": call["params"][0], "id": call["id"]})

    async def main(game: FakeGame) -> None:
        async with stagedoor.connect_async(game.url) as client:
            assert await client.echo(value) == value

    with running(answer) as game:
        asyncio.run(main(game))
        with stagedoor.connect(game.url) as client:
            assert client.echo(value) == value


def test_leaving_the_block_closes_once_and_at_once() -> None:
    async def main(game: FakeGame) -> None:
        async with deadline(), stagedoor.connect_async(game.url) as client:
            assert await client.a() == 1
            await client.close()

    with running(result(1)) as game:
        asyncio.run(main(game))
