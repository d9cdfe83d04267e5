"""A game that publishes 100 values a frame, 60 times a second, with picows on an asyncio thread.

msgspec encodes the values on the game's thread, and one `call_soon_threadsafe` a frame hands them
over. If the last frame's values are not sent yet, a frame publishes none. A client gets the values
after it has sent its first message. At its end the game prints what a frame took on the game's
thread and on the asyncio thread, in nanoseconds.
"""

import asyncio
import json
import os
import signal
import threading
from statistics import median
from time import perf_counter, sleep, thread_time_ns

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

TOPICS = 100
FRAME = 1 / 60
ANSWER = b'{"jsonrpc":"2.0","id":1,"result":{}}'


class Params(msgspec.Struct):
    topic: str
    seq: int
    data: float


class Notification(msgspec.Struct):
    params: Params
    method: str = "topic.data"
    jsonrpc: str = "2.0"


class Client(WSListener):
    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        else:
            transport.send(WSMsgType.TEXT, ANSWER)
            clients.add(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        clients.discard(self)


clients: set[Client] = set()
started = threading.Event()
is_sent = threading.Event()
is_sent.set()
is_over = threading.Event()
spent: list[int] = []


def send(messages: list[bytes]) -> None:
    for client in clients:
        for message in messages:
            client.transport.send(WSMsgType.TEXT, message)
    if clients:
        spent.append(thread_time_ns())
    is_sent.set()


async def serve() -> None:
    global loop, port
    loop = asyncio.get_running_loop()
    server = await ws_create_server(lambda request: Client(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    started.set()
    await server.serve_forever()


threading.Thread(target=uvloop.run, args=(serve(),), daemon=True).start()
started.wait()
signal.signal(signal.SIGTERM, lambda *_: is_over.set())
print(port, flush=True)
encode = msgspec.json.Encoder().encode
times = []
frame = 0
due = perf_counter()
while not is_over.is_set():
    began = perf_counter()
    frame += 1
    if clients and is_sent.is_set():
        is_sent.clear()
        messages = [
            encode(Notification(Params(f"value.{topic}", frame, frame * 0.25 + topic)))
            for topic in range(TOPICS)
        ]
        loop.call_soon_threadsafe(send, messages)
        times.append(perf_counter() - began)
    ended = perf_counter()
    due = max(due + FRAME, ended)
    sleep(due - ended)
if times and len(spent) > 1:
    network = (spent[-1] - spent[0]) / (len(spent) - 1)
    print(json.dumps({"game_ns": median(times) * 1e9, "network_ns": network}), flush=True)
os._exit(0)
