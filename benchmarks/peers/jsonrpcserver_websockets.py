"""jsonrpcserver over websockets and uvloop.

It uses the plain `dispatch`, not the slower one for coroutines. As its FAQ recommends for speed,
requests are not checked against a JSON Schema.
"""

import uvloop
from jsonrpcserver import Result, Success, dispatch, method
from websockets.asyncio.server import ServerConnection, serve


@method
def add(a: int, b: int) -> Result:
    return Success(a + b)


def no_check(request: object) -> None:
    pass


async def answer(connection: ServerConnection) -> None:
    async for request in connection:
        if response := dispatch(request, validator=no_check):
            await connection.send(response)


async def main() -> None:
    async with serve(answer, "127.0.0.1", 0, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


uvloop.run(main())
