"""A server that tells, one JSON line each, what its connections go through.

It echoes; a text message `close CODE REASON` closes the connection from this side instead. Its
arguments are origins to let in, `--compression`, and `--tls CERTIFICATE KEY`.
"""

import argparse
import json
import time

import stagedoor


def tell(event: str, **facts: object) -> None:
    print(json.dumps({"event": event} | facts, ensure_ascii=False))


def welcome(conn: stagedoor.WebSocketServerConnection) -> None:
    def on_message(data: str | bytes) -> None:
        if isinstance(data, str) and data.startswith("close "):
            _, code, reason = data.split(" ", 2)
            conn.close(int(code), reason)
            return
        tell("message", type=type(data).__name__, size=len(data))
        conn.send(data)

    def on_close(error: str | None) -> None:
        tell("close", error=error, code=conn.close_code, reason=conn.close_reason)

    conn.onmessage = on_message
    conn.onclose = on_close
    conn.onerror = lambda error: tell("error", error=error)
    conn.onconnect = lambda: tell("connect", path=conn.path, state=conn.readyState.name)
    tell("connection")


parser = argparse.ArgumentParser()
parser.add_argument("origins", nargs="*")
parser.add_argument("--compression", action="store_true")
parser.add_argument("--tls", nargs=2)
server = stagedoor.WebSocketServer(**vars(parser.parse_args()))
server.onconnection = welcome
server.listen(0)
print("port", server.port)
while True:
    server.poll()
    time.sleep(1 / 120)
