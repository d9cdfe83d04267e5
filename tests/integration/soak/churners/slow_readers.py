"""Clients that ask for much and read nothing, for a while."""

from random import Random

from server.raw import TEXT, frame

from ..door import Door

WANTED = (
    b'{"jsonrpc": "2.0", "method": "topic.subscribe", "params": ["map", "all"], "id": 1}',
    b'{"jsonrpc": "2.0", "method": "topic.subscribe", "params": ["logs", "all"], "id": 2}',
    b'{"jsonrpc": "2.0", "method": "rpc.discover", "id": 3}',
)


def round(door: Door, random: Random) -> None:
    client = door.raw(receive_buffer=4096)
    for _ in range(20):
        client.send(b"".join(frame(TEXT, wanted) for wanted in WANTED))
    with door.peer() as other:  # a while: some of a game's frames
        for _ in range(random.randrange(5, 50)):
            other.call("echo", None)
    client.reset()
