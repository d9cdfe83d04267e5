"""A method may return what the engine has for a vector."""

from report import LOOP, PYGAME, client, game, tell

METHOD = """
@stage.rpc
def position():
    return pygame.Vector2(1, 2)
"""

with game(PYGAME + METHOD + LOOP), client() as door:
    try:
        answer = door.position()
    except Exception as error:
        tell(False, repr(error))
tell(answer is not None, answer)
