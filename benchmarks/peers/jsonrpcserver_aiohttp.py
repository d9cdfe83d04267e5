"""jsonrpcserver over aiohttp and uvloop, otherwise the same as `jsonrpcserver_websockets.py`."""

import asyncio

import uvloop
from aiohttp import web
from jsonrpcserver import Result, Success, dispatch, method


@method
def add(a: int, b: int) -> Result:
    return Success(a + b)


def no_check(request: object) -> None:
    pass


async def answer(request: web.Request) -> web.WebSocketResponse:
    connection = web.WebSocketResponse(compress=False)
    await connection.prepare(request)
    async for message in connection:
        if response := dispatch(message.data, validator=no_check):
            await connection.send_str(response)
    return connection


async def main() -> None:
    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


uvloop.run(main())
