"""The example of the Cocos interface that stagedoor follows, translated line for line.

    python examples/cocos_echo.py [PORT]      # default 8080; 0: any free port, which it prints

An echo server for text and binary messages, inside a loop that stands for a game's loop.
"""

import sys
import time

import stagedoor


def main() -> None:
    # WebSocketServer is not defined while stagedoor is disabled, which is the default.
    if not hasattr(stagedoor, "WebSocketServer"):
        print("WebSocketServer is not enabled!", file=sys.stderr)
        return

    s = stagedoor.WebSocketServer()

    def onconnection(conn: stagedoor.WebSocketServerConnection) -> None:
        def onmessage(data: str | bytes) -> None:
            conn.send(data, lambda err: None)

        conn.onmessage = onmessage
        conn.onclose = lambda: print("connection gone!")

    s.onconnection = onconnection
    s.onclose = lambda: print("server is closed!")

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    s.listen(port, lambda err: print(err or "server booted!"))
    if port == 0:
        print(f"port {s.port}")

    try:
        while True:  # the game
            s.poll()
            time.sleep(1 / 60)
    except KeyboardInterrupt:
        s.close()
        while s.port is not None:  # until "server is closed!"
            s.poll()
            time.sleep(1 / 60)


if __name__ == "__main__":
    main()
