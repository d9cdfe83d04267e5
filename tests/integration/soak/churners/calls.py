"""Calls of every kind, and callers that leave in the middle of some."""

from random import Random

from rpc.peer import Peer, request

from ..door import Door


def round(door: Door, random: Random) -> None:
    with door.peer() as peer:
        for _ in range(random.randrange(1, 20)):
            value = random.randrange(1000)
            match random.randrange(5):
                case 0:
                    assert peer.call("later", value)["result"] == value
                case 1:
                    assert peer.call("aside", value)["result"] == value
                case 2:
                    assert str(value) in str(peer.error("fail", value))
                case 3:
                    batch = [request("echo", [number], number) for number in range(50)]
                    assert sorted(answer["result"] for answer in peer.ask(batch)) == [*range(50)]
                case _:
                    peer.send(request("count", [value]))
                    if random.random() < 0.5:
                        return
                    read_answer(peer)


def read_answer(peer: Peer) -> None:
    """After what is told of its progress."""
    while "id" not in peer.receive():
        pass
