"""Methods that are registered, replaced and taken back, and somebody who calls them."""

from random import Random

from ..door import Door

NO_METHOD, BAD_PARAMS = -32601, -32602


def round(door: Door, random: Random) -> None:
    with door.peer("operator") as peer:
        for _ in range(5):
            number = random.randrange(1000)
            answer = peer.call("reload", number)
            assert answer["result"] is None, answer
            answer = peer.call("changing", 2)
            if number % 3 == 0:
                assert answer["error"]["code"] == NO_METHOD, answer
            else:
                assert answer["result"] == 2 * number, answer
            assert peer.call("rpc.discover")["result"]["methods"]
