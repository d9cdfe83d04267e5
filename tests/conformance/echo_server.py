"""Echo text as text and binary as binary, with the limits raised for the suite's large messages.

Group 9 sends messages of 16 MiB, and 4 MiB in fragments of 64 bytes.
"""

import stagedoor

MIB = 1024 * 1024
HOUR = 3600.0

server = stagedoor.WebSocketServer(
    compression=True,
    max_message_size=32 * MIB,
    max_fragments=100_000,
    max_receive_memory=256 * MIB,
    max_send_queue=64 * MIB,
    # The suite looks at every frame that it gets: a ping of ours would be one too many.
    ping_interval=HOUR,
    ping_timeout=HOUR,
    write_timeout=60.0,
)


def on_connection(conn: stagedoor.WebSocketServerConnection) -> None:
    conn.onmessage = lambda data: conn.send(data)


server.onconnection = on_connection
server.listen(0)
print(server.port, flush=True)
server.serve_forever()
