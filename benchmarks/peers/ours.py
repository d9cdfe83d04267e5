"""stagedoor's `WebSocketServer`, served by `serve_forever()`."""

import stagedoor

server = stagedoor.WebSocketServer()


def on_connection(conn: stagedoor.WebSocketServerConnection) -> None:
    conn.onmessage = lambda data: conn.send(data)


server.onconnection = on_connection
server.listen(0)
print(server.port, flush=True)
server.serve_forever()
