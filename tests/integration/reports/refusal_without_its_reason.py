"""The client's error has the reason that the server gave when it refused: an unknown Host."""

import socket
import threading

import stagedoor
from report import play, tell

stage = stagedoor.start("game", port=0)
relay = socket.create_server(("127.0.0.1", 0))


def forward(from_, to):
    try:
        while data := from_.recv(65536):
            to.sendall(data)
    except OSError:
        pass
    finally:
        to.close()


def accept():
    ours, _ = relay.accept()
    theirs = socket.create_connection(("127.0.0.1", stage.port))
    threading.Thread(target=forward, args=(ours, theirs), daemon=True).start()
    threading.Thread(target=forward, args=(theirs, ours), daemon=True).start()


def work():
    threading.Thread(target=accept, daemon=True).start()
    token = stage._hub.keys.tokens.admin
    stagedoor.connect(f"ws://localhost:{relay.getsockname()[1]}/", token=token)


outcome = play(stage, work)
told = str(outcome.raised).lower().replace("localhost", "")
tell("host" in told, repr(outcome.raised))
