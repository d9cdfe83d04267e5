"""Clients that vanish: before their request, in the middle of it, and with an answer under way."""

from random import Random

from server.raw import TEXT, RawClient, frame, request

from ..door import Door


def round(door: Door, random: Random) -> None:
    if random.random() < 0.5:
        client = RawClient(door.game.port)
        head = request(door.game.port)
        client.send(head[: random.randrange(len(head))])
    else:
        client = door.raw()
        client.send(
            frame(TEXT, b'{"jsonrpc": "2.0", "method": "count", "params": [1000], "id": 1}')
        )
    client.reset()
