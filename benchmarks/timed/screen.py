"""A picture of 1280 x 720: what it takes of the game's thread, and of the thread that encodes it.

The game's thread: all ticks from the call to the answer, less what as many idle ticks take. A drawn
picture is of lines and circles, and a noisy one of random colours: as large as a file can be.
"""

import json
import os
import random
import sys
from statistics import median
from time import perf_counter, sleep
from typing import Any

os.environ |= {"STAGEDOOR": "1", "SDL_VIDEODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}

import pygame
from tests.unit.live.callers import Caller

from benchmarks.costs import SCREEN
from benchmarks.timed.readers import FRAME
from stagedoor.live.stage import Stage

SIZE = (1280, 720)
SHOTS: dict[str, tuple[str, dict[str, Any]]] = {
    "drawn, png": ("drawn", {"format": "png"}),
    "noisy, png": ("noisy", {"format": "png"}),
    "noisy, jpeg": ("noisy", {"format": "jpeg"}),
    "noisy, jpeg, 640 wide": ("noisy", {"format": "jpeg", "width": 640}),
}


def main() -> None:
    found: dict[str, list[float]] = {}
    for what, (seconds, encoding, _) in captures(3 if "--quick" in sys.argv else 15).items():
        game, own = SCREEN[what]
        found[game], found[own] = seconds, encoding
    print(json.dumps(found))


def captures(rounds: int) -> dict[str, tuple[list[float], list[float], list[float]]]:
    """For each kind of picture: nanoseconds of the game's thread, nanoseconds of the encoding
    thread, and bytes of the file, in each round."""
    stage = Stage.start("bench", port=0)
    screen = pygame.display.set_mode(SIZE)
    drawings = {"drawn": drawn(), "noisy": noisy()}
    found: dict[str, tuple[list[float], list[float], list[float]]] = {}
    with Caller(stage, max_size=None) as caller:
        for _ in range(rounds):
            for what, (drawing, params) in SHOTS.items():
                screen.blit(drawings[drawing], (0, 0))
                pygame.display.flip()
                each = found.setdefault(what, ([], [], []))
                for figures, figure in zip(each, capture(stage, caller, params), strict=True):
                    figures.append(figure)
    stage.close()
    return found


def capture(stage: Stage, caller: Caller, params: dict[str, Any]) -> tuple[float, float, float]:
    idle = median(tick(stage) for _ in range(20))
    caller.send("screen.capture", **params)
    sleep(FRAME)  # until it is there
    spent = ticks = 0.0
    while True:
        spent += tick(stage)
        ticks += 1
        try:
            answer = json.loads(caller.client.recv(timeout=FRAME))
        except TimeoutError:
            continue
        break
    result = answer["result"]
    size = len(result["data"]) * 3 // 4
    return max(0.0, spent - ticks * idle) * 1e9, result["encoding"] * 1e9, size


def tick(stage: Stage) -> float:
    began = perf_counter()
    stage.tick(FRAME)
    return perf_counter() - began


def drawn() -> pygame.Surface:
    surface = pygame.Surface(SIZE)
    numbers = random.Random(1)
    for _ in range(60):
        at = (numbers.randrange(SIZE[0]), numbers.randrange(SIZE[1]))
        colour = [numbers.randrange(256) for _ in range(3)]
        pygame.draw.circle(surface, colour, at, numbers.randrange(10, 60), 2)
        pygame.draw.line(surface, colour, at, (numbers.randrange(SIZE[0]), at[1]), 3)
    return surface


def noisy() -> pygame.Surface:
    data = random.Random(1).randbytes(3 * SIZE[0] * SIZE[1])
    return pygame.image.frombytes(data, SIZE, "RGB").convert(24)


if __name__ == "__main__":
    main()
