"""wse-server in drain mode, which its documentation recommends: events come in batches. Its limit
on the rate of messages is set so high that it does not matter."""

import socket
import time

from wse_server import RustWSEServer

UNLIMITED = 1e12

# The server does not say which port it got, so it gets one that was free a moment ago.
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = RustWSEServer(
    "127.0.0.1",
    port,
    max_connections=20_000,
    max_message_size=2 * 1024 * 1024,
    rate_limit_capacity=UNLIMITED,
    rate_limit_refill=UNLIMITED,
)
server.enable_drain_mode()
server.start()
while True:  # it starts to listen a little later
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        break
    except ConnectionRefusedError:
        time.sleep(0.01)
print(port, flush=True)
send = server.send
while True:
    for kind, connection, payload in server.drain_inbound(256, 50):
        if kind == "raw":
            send(connection, payload)
