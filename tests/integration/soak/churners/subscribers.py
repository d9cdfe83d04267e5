"""Clients that subscribe, read some values, and unsubscribe or just leave."""

from random import Random

from rpc.peer import request

from ..door import Door

TOPICS = ["position", "map", "shots", "logs", "frames", "game.pace"]
MODES = ["all", "latest", "change"]


def round(door: Door, random: Random) -> None:
    with door.peer() as peer:
        topics = random.sample(TOPICS, 3)
        for topic in topics:
            mode = "all" if topic == "logs" else random.choice(MODES)
            peer.send(request("topic.subscribe", {"topic": topic, "mode": mode}))
        for _ in range(random.randrange(3, 30)):
            peer.receive()
        if random.random() < 0.5:
            peer.send(request("topic.unsubscribe", [topics[0]]))
            peer.receive()
