"""websockets on uvloop, with its C extension and without decoding text.

It does not compress. `--compression`: it compresses with its defaults, as its documentation
recommends.
"""

import sys

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

COMPRESSION = "deflate" if "--compression" in sys.argv else None
LARGEST = 16 * 1024 * 1024


async def echo(connection: ServerConnection) -> None:
    try:
        while True:
            await connection.send(await connection.recv(decode=False), text=True)
    except ConnectionClosed:
        pass


async def main() -> None:
    options = {"compression": COMPRESSION, "max_size": LARGEST}
    async with serve(echo, "127.0.0.1", 0, **options) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


uvloop.run(main())
