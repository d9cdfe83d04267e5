"""The game is paused, goes a few steps, and goes on."""

from random import Random

from websockets.exceptions import ConnectionClosed

from ..door import Door


def round(door: Door, random: Random) -> None:
    try:
        with door.peer("operator") as peer:
            assert peer.call("game.pause")["result"]["paused"]
            peer.call("game.step", random.randrange(1, 10))
            peer.call("echo", "who paused it is answered")
            assert not peer.call("game.resume")["result"]["paused"]
    except ConnectionClosed:
        with door.peer("operator") as peer:
            peer.call("game.resume")
        raise
