"""websockets on uvloop: its C extension, no compression, text left undecoded."""

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def echo(connection: ServerConnection) -> None:
    try:
        while True:
            await connection.send(await connection.recv(decode=False), text=True)
    except ConnectionClosed:
        pass


async def main() -> None:
    async with serve(echo, "127.0.0.1", 0, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


uvloop.run(main())
