"""A game with a `WebSocketServer` that echoes; its argument is the server's options as JSON.

To the text message `frames` it answers with the number of its frames, and with the processor time
that clients took at the most of one of them since it was last asked. It prints how connections end.
"""

import json
import logging
import sys
import time

import stagedoor

logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)
server = stagedoor.WebSocketServer(**json.loads(sys.argv[1]))
count = 0
longest = 0.0


def answer(connection: stagedoor.WebSocketServerConnection, data: str | bytes) -> None:
    global longest
    if data == "frames":
        connection.send(json.dumps([count, longest]))
        longest = 0.0
    else:
        connection.send(data)


def welcome(connection: stagedoor.WebSocketServerConnection) -> None:
    connection.onmessage = lambda data: answer(connection, data)
    connection.onclose = lambda error: print("closed:", error)


server.onconnection = welcome
server.listen(0)
print("port", server.port)
while True:
    began = time.thread_time()
    server.poll(0.002)
    longest = max(longest, time.thread_time() - began)
    count += 1
    time.sleep(0.002)
