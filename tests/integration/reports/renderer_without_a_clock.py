"""A loop that shows its pictures by Renderer.present(), and has no Clock, has frames."""

from pathlib import Path

from report import RUN, client, game, tell, wait_until

SOURCE = """
import pygame, time
from pygame._sdl2.video import Renderer
pygame.init()
renderer = Renderer(pygame.Window("game", (64, 64)))
shown = 0
while True:
    pygame.event.get()
    renderer.clear()
    renderer.present()
    time.sleep(1 / 60)
    shown += 1
    if shown == 100:
        open("shown", "w").close()
"""

with game(SOURCE, *RUN), client() as door:
    wait_until(Path("shown").exists, "100 pictures were shown")
    status = door.call("game.status")
tell(status["fps"] > 0, status)
