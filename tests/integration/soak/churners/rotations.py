"""Tokens that change, so that everybody has to come in again."""

from random import Random

from rpc.peer import request

from ..door import Door


def round(door: Door, random: Random) -> None:
    with door.peer("admin") as peer, door.shut():
        before = door.game.tokens
        peer.send(request("rotate"))
        assert peer.close_code() == 4401
        assert door.game.tokens != before
