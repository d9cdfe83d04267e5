"""aiohttp on uvloop, without decoding text and without an access log. `--compression`: it
compresses."""

import asyncio
import sys

import uvloop
from aiohttp import WSMsgType, web

COMPRESS = "--compression" in sys.argv


async def echo(request: web.Request) -> web.WebSocketResponse:
    response = web.WebSocketResponse(compress=COMPRESS, decode_text=False)
    await response.prepare(request)
    async for message in response:
        if message.type is WSMsgType.TEXT:
            await response.send_frame(message.data, WSMsgType.TEXT)
    return response


async def main() -> None:
    application = web.Application()
    application.router.add_get("/", echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


uvloop.run(main())
