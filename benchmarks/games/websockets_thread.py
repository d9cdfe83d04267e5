"""The game with websockets on an asyncio thread."""

from calls import Calls
from game import Game
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.asyncio.server import serve as serve_websockets

game = Game()
calls = Calls(game.add)


async def receive(connection: ServerConnection) -> None:
    def reply(answer: bytes) -> None:
        # `broadcast` writes at once. `send()` would need a task for each answer.
        broadcast([connection], answer.decode())

    async for message in connection:
        calls.put(message, reply)


async def serve() -> int:
    server = await serve_websockets(receive, "127.0.0.1", 0, compression=None)
    port: int = server.sockets[0].getsockname()[1]
    return port


game.run(calls.answer, calls.start(serve))
