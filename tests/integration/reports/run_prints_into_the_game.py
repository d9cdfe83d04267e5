"""What a client asks of a game without frames prints nothing on the game's own stderr."""

from report import RUN, client, folder, game, tell

SOURCE = """
import pygame
pygame.init()
pygame.display.set_mode((64, 64))
while True:
    pygame.event.wait()
"""

with game(SOURCE, *RUN), client() as door:
    try:
        door.call("game.pause")
    except Exception as error:
        print(repr(error))
told = (folder() / "game.stderr").read_text()
tell(not told.strip(), repr(told))
