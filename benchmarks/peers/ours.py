"""stagedoor's `WebSocketServer`, served by `serve_forever()`. `--compression`: it compresses.

The limits are high enough for the rows with many connections and long messages.
"""

import sys

import stagedoor

MIB = 1024 * 1024

server = stagedoor.WebSocketServer(
    compression="--compression" in sys.argv,
    max_connections=20_000,
    max_message_size=16 * MIB,
    max_receive_memory=256 * MIB,
    max_send_queue=64 * MIB,
)


def on_connection(conn: stagedoor.WebSocketServerConnection) -> None:
    conn.onmessage = lambda data: conn.send(data)


server.onconnection = on_connection
server.listen(0)
print(server.port, flush=True)
server.serve_forever()
