"""Clients that come and leave, in every way that is polite."""

from random import Random

from ..door import Door


def round(door: Door, random: Random) -> None:
    with door.peer() as peer:
        if random.random() < 0.5:
            answer = peer.call("echo", "hello")
            assert answer["result"] == "hello", answer
        elif random.random() < 0.5:
            peer.send('{"jsonrpc": "2.0", "method": "echo", "params": ["and gone"]}')
