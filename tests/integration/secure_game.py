"""A game whose stage speaks TLS: its arguments are the certificate and the key."""

import sys
import time

import stagedoor

stage = stagedoor.start("asteroids", tls=(sys.argv[1], sys.argv[2]), port=0)
frames = 0
stage.rpc(name="echo")(lambda value: value)
stage.watch("played", lambda: frames)
print("url", stage.url)
while True:
    frames += 1
    stage.tick(1 / 60)
    time.sleep(1 / 60)
