"""The game with picows on an asyncio thread."""

from functools import partial

from calls import Calls
from game import Game
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

game = Game()
calls = Calls(game.add)


class Client(WSListener):
    def on_ws_connected(self, transport: WSTransport) -> None:
        self.reply = partial(transport.send, WSMsgType.TEXT)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        else:
            calls.put(frame.get_payload_as_bytes(), self.reply)


async def serve() -> int:
    server = await ws_create_server(lambda request: Client(), "127.0.0.1", 0)
    await server.start_serving()
    port: int = server.sockets[0].getsockname()[1]
    return port


game.run(calls.answer, calls.start(serve))
