"""A pygame game that waits for events, as menus and board games do, can be paused."""

from report import RUN, client, folder, game, tell

SOURCE = """
import pygame
pygame.init()
screen = pygame.display.set_mode((64, 64))
while pygame.event.wait().type != pygame.QUIT:
    screen.fill("red")
    pygame.display.flip()
"""

with game(SOURCE, *RUN), client() as door:
    try:
        told = door.call("game.pause")
    except Exception as error:
        tell(False, f"{error!r}; its stderr: {(folder() / 'game.stderr').read_text()!r}")
tell(told["paused"], told)
