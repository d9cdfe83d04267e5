"""Asteroids, a small game with a stage door in it.

    python examples/asteroids.py              # arrows and space; if you do nothing, it plays itself
    stagedoor call spawn kind=big count=3     # in a second terminal, while the game runs
    stagedoor set world.ship.thrust 400
    stagedoor tweak ship.thrust=400
    stagedoor type Ada                        # the name of the player

The stage door adds the function `open_door` and the line with `stage.tick` in `play`. Everything
else is the game: the picture is below, and the world, its rules and the autopilot are in
asteroids_world.py.
"""

import argparse
import math
import os
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import pygame
from pygame import Vector2

import asteroids_world
import stagedoor
from asteroids_world import HEIGHT, ROCKS, WIDTH, Body, Color, Controls, Kind, World, autopilot


@dataclass
class Status:
    """What `stagedoor call status` shows."""

    score: int
    lives: int
    wave: int
    rocks: int
    thrust: float
    pilot: Literal["autopilot", "player"]
    fps: float


class Game:
    """A world, the pilot of its ship, and the clock that sets its pace."""

    def __init__(self, seed: int | None = None, headless: bool = False) -> None:
        self.world = World(seed)
        self.headless = headless
        self.clock = pygame.time.Clock()
        self.name = ""  # of the player, who types it
        self.untouched = math.inf  # seconds since the player last pressed a key

    @property
    def pilot(self) -> Literal["autopilot", "player"]:
        return "autopilot" if self.headless or self.untouched > 8 else "player"

    def controls(self, dt: float) -> Controls:
        keys = pygame.key.get_pressed()
        left, right = keys[pygame.K_LEFT], keys[pygame.K_RIGHT]
        thrust, fire = keys[pygame.K_UP], keys[pygame.K_SPACE]
        self.untouched = 0.0 if left or right or thrust or fire else self.untouched + dt
        if self.pilot == "autopilot":
            return autopilot(self.world)
        return Controls(right - left, thrust, fire)


def open_door(game: Game, port: int | None) -> "stagedoor.Stage":
    """Start the stage, and give it the methods that reach into this game."""
    stage = stagedoor.start("asteroids", port=port)
    world = game.world
    stage.expose("world", world, methods=["restart"])  # stagedoor tree world

    @stage.rpc
    def spawn(kind: Kind = "big", count: int = 1) -> int:
        """Add rocks to the world, 1 to 100 at a time. Returns how many there are now."""
        rocks = world.spawn(kind, count)
        world.say(f"{count} {kind} FROM THE DOOR".upper())
        return rocks

    @stage.rpc(role="viewer")
    def status() -> Status:
        """How the game is going."""
        return Status(
            score=world.score,
            lives=world.lives,
            wave=world.wave,
            rocks=len(world.rocks),
            thrust=world.ship.thrust,
            pilot=game.pilot,
            fps=round(game.clock.get_fps(), 1),
        )

    @stage.rpc
    def add_lives(count: int = 1) -> int:
        """Give the player 1 to 10 more lives. Returns how many there are now."""
        if not 1 <= count <= 10:
            raise ValueError(f"count must be from 1 to 10, not {count}")
        world.lives += count
        return world.lives

    @stage.rpc
    def set_thrust(value: float) -> float:
        """Set how hard the ship's engine pushes: 0 to 1000 pixels/s². Returns what it was."""
        if not 0 <= value <= 1000:
            raise ValueError(f"value must be from 0 to 1000, not {value}")
        before, world.ship.thrust = world.ship.thrust, value
        return before

    @stage.rpc
    def clear_rocks() -> int:
        """Remove all rocks, so that the next wave comes. Returns how many there were."""
        count = len(world.rocks)
        world.rocks.clear()
        return count

    @stage.rpc
    def restart() -> None:
        """Begin a new game."""
        world.restart()

    stage.tweak("ship.thrust", world.ship, "thrust", low=0, high=1000, step=10, unit="pixels/s²")
    stage.tweak("ship.turning", world.ship, "turning", low=0, high=720, step=10, unit="°/s")
    stage.tweak(
        "bullet.speed", asteroids_world, "BULLET_SPEED", low=100, high=2000, unit="pixels/s"
    )
    stage.node("ship", world.ship, rect=frame_of, visible=lambda ship: ship.alive)
    stage.node("rock", each=lambda: world.rocks, rect=frame_of)
    stage.node("new-game", text="NEW GAME", rect=NEW_GAME, tags=["button"])
    stage.node("name", text=lambda: game.name, rect=NAME)

    stage.watch("rocks", lambda: len(world.rocks), description="In the world.", history=600)
    stage.watch("score", lambda: world.score, description="Points of the player.", history=600)
    stage.watch("fps", lambda: round(game.clock.get_fps(), 1), history=600)
    return stage


def frame_of(body: Body) -> tuple[float, float, float, float]:
    """Where a body is on the screen: left, top, width and height."""
    radius = body.radius
    return body.pos.x - radius, body.pos.y - radius, 2 * radius, 2 * radius


def play(args: argparse.Namespace) -> None:
    """Run the game until it is closed, or until its time is over."""
    pygame.display.init()
    pygame.display.set_caption("Asteroids")
    picture = Picture(pygame.display.set_mode((WIDTH, HEIGHT)))
    game = Game(args.seed, args.headless)
    stage = open_door(game, args.port)
    if stage.enabled:
        print(f"asteroids: the stage door is open at {stage.url}", flush=True)
    end = pygame.time.get_ticks() + args.seconds * 1000
    try:
        while pygame.time.get_ticks() < end and not wants_to_quit(game):
            dt = stage.tick(game.clock.tick(60) / 1000)  # callers are answered here
            game.world.update(dt, game.controls(dt))
            auto = game.pilot == "autopilot"
            hint = "AUTOPILOT   ARROWS AND SPACE TO FLY" if auto else ""
            picture.draw(game.world, hint, game.name or "TYPE YOUR NAME")
            pygame.display.flip()
    finally:
        stage.close()
        if args.screenshot:
            pygame.image.save(picture.window, args.screenshot)
        pygame.quit()


def wants_to_quit(game: Game) -> bool:
    """Handle the events. Returns whether the player wants to quit."""
    quits = False
    for event in pygame.event.get():
        if event.type == pygame.MOUSEBUTTONDOWN and NEW_GAME.collidepoint(event.pos):
            game.world.restart()
        if event.type == pygame.TEXTINPUT:
            letters = (letter for letter in event.text.upper() if letter in LETTERS)
            game.name = (game.name + "".join(letters))[:12]
        if event.type == pygame.KEYDOWN and event.key == pygame.K_BACKSPACE:
            game.name = game.name[:-1]
        escapes = event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE
        quits = quits or escapes or event.type == pygame.QUIT
    return quits


# The picture -------------------------------------------------------------------------------------

HULL = [Vector2(16, 0), Vector2(-12, -10), Vector2(-7, 0), Vector2(-12, 10)]
WHITE, HUD, SHOT = (225, 245, 255), (95, 215, 190), (255, 235, 150)
NEW_GAME = pygame.Rect(24, HEIGHT - 44, 65, 24)  # a button
NAME = pygame.Rect(WIDTH - 160, HEIGHT - 44, 136, 24)

# Each letter consists of strokes between the points of a grid that is 3 wide and 5 high. For "L",
# "000424", the pen goes from (0, 0) to (0, 4) to (2, 4). A space lifts the pen.
LETTERS = {
    "A": "0401102124 0323", "B": "0010211202 12231404 0004", "C": "20000424",
    "D": "00102123140400", "E": "20000424 0212", "F": "200004 0212", "G": "2000042422 1222",
    "H": "0004 2024 0222", "I": "1014", "J": "20240403", "K": "0004 200224", "L": "000424",
    "M": "0400122024", "N": "04002420", "O": "10212314030110", "P": "0400202202",
    "Q": "10212314030110 1324", "R": "0400202202 0224", "S": "20100112231404", "T": "0020 1014",
    "U": "00042420", "V": "001420", "W": "0004122420", "X": "0024 2004", "Y": "001220 1214",
    "Z": "00200424", "0": "0004242000", "1": "0110 1014 0424", "2": "002022020424",
    "3": "00202404 0222", "4": "000222 2024", "5": "200002222404", "6": "200004242202",
    "7": "002024", "8": "0004242000 0222", "9": "220200202404",
}  # fmt: skip


class Picture:
    """Draws a world as a vector screen would: bright lines that glow and fade."""

    def __init__(self, window: pygame.Surface) -> None:
        self.window = window
        self.lines = pygame.Surface(window.get_size())
        self.afterglow = pygame.Surface((WIDTH // 4, HEIGHT // 4))
        sky = random.Random(7)
        self.stars = [
            (sky.randrange(WIDTH), sky.randrange(HEIGHT), sky.randrange(30, 170))
            for _ in range(140)
        ]

    def draw(self, world: World, hint: str, name: str) -> None:
        self.lines.fill((0, 0, 0))
        for spark in world.sparks:
            light = min(1.0, spark.life * 2)
            red, green, blue = (int(part * light) for part in spark.color)
            tail = spark.pos - spark.vel * 0.04
            pygame.draw.line(self.lines, (red, green, blue), spark.pos, tail, 2)
        for rock in world.rocks:
            color = ROCKS[rock.kind].color
            self._outline(rock.shape, rock.pos, rock.angle, rock.radius, color, fill=(7, 7, 20))
        for bullet in world.bullets:
            pygame.draw.line(self.lines, SHOT, bullet.pos, bullet.pos - bullet.vel * 0.02, 3)
        self._ship(world)
        self._hud(world, hint, name)
        self._show(world.shake)

    def _ship(self, world: World) -> None:
        ship = world.ship
        if not ship.alive:
            return
        self._outline(HULL, ship.pos, ship.angle, 16, WHITE)
        if ship.burning:
            flame = [Vector2(-9, -5), Vector2(-14 - world.random.uniform(2, 14), 0), Vector2(-9, 5)]
            self._outline(flame, ship.pos, ship.angle, 30, (255, 150, 60))
        if ship.shield > 0 and (ship.shield > 0.7 or ship.shield * 10 % 2 < 1):
            pygame.draw.aacircle(self.lines, (60, 130, 160), ship.pos, 24, 1)

    def _hud(self, world: World, hint: str, name: str) -> None:
        self._text(str(world.score), (24, 22), 5.5, HUD)
        for life in range(min(world.lives, 12)):
            self._outline([point * 0.6 for point in HULL], Vector2(33 + life * 19, 66), -90, 0, HUD)
        self._text("NEW GAME", (NEW_GAME.x + 8, NEW_GAME.y + 8), 2.0, HUD)
        corners = "topleft", "topright", "bottomright", "bottomleft", "topleft"
        self._polyline([Vector2(getattr(NEW_GAME, corner)) for corner in corners], HUD)
        wave = f"WAVE {world.wave}"
        self._text(wave, (WIDTH - 24 - _text_width(wave, 3.5), 22), 3.5, HUD)
        self._text(hint, ((WIDTH - _text_width(hint, 2.5)) / 2, HEIGHT - 34), 2.5, (60, 130, 120))
        self._text(name, (NAME.right - _text_width(name, 2.5), NAME.y + 10), 2.5, HUD)
        if world.message_left > 0:
            left = (WIDTH - _text_width(world.message, 8)) / 2
            self._text(world.message, (left, HEIGHT * 0.28), 8, WHITE)

    def _show(self, shake: float) -> None:
        """Show the lines with the glow of this frame and the fading glow of the last ones."""
        glow = pygame.transform.smoothscale(self.lines, self.afterglow.get_size())
        self.afterglow.fill((200, 200, 200), special_flags=pygame.BLEND_RGB_MULT)
        self.afterglow.fill((2, 2, 2), special_flags=pygame.BLEND_RGB_SUB)
        self.afterglow.blit(glow, (0, 0), special_flags=pygame.BLEND_RGB_MAX)
        soft = pygame.transform.box_blur(pygame.transform.box_blur(self.afterglow, 2), 3)
        self.window.fill((5, 6, 16))
        for x, y, light in self.stars:
            self.window.set_at((x, y), (light, light, light + 40))
        wide = pygame.transform.smoothscale(soft, self.window.get_size())
        swing = (shake * random.uniform(-14, 14), shake * random.uniform(-14, 14))
        for layer in (wide, wide, self.lines):
            self.window.blit(layer, swing, special_flags=pygame.BLEND_RGB_ADD)

    def _outline(
        self,
        shape: Iterable[Vector2],
        pos: Vector2,
        angle: float,
        radius: float,
        color: Color,
        fill: Color | None = None,
    ) -> None:
        """Draw a closed shape. Near an edge of the world it is also seen at the opposite edge."""
        turned = [point.rotate(angle) for point in shape]
        for place in _copies(pos, radius * 1.3):
            points = [point + place for point in turned]
            if fill:
                pygame.draw.polygon(self.lines, fill, points)
            self._polyline([*points, points[0]], color)

    def _text(self, text: str, pos: tuple[float, float], size: float, color: Color) -> None:
        for column, letter in enumerate(text):
            corner = Vector2(pos[0] + column * size * 3.2, pos[1])
            for stroke in LETTERS.get(letter, "").split():
                points = [Vector2(int(x), int(y)) for x, y in zip(*[iter(stroke)] * 2, strict=True)]
                self._polyline([corner + point * size for point in points], color)

    def _polyline(self, points: Sequence[Vector2], color: Color) -> None:
        for start, end in pairwise(points):
            pygame.draw.aaline(self.lines, color, start, end, 2)


def _text_width(text: str, size: float) -> float:
    return len(text) * size * 3.2 - size * 1.2


def _copies(pos: Vector2, reach: float) -> Iterator[Vector2]:
    for x in (pos.x - WIDTH, pos.x, pos.x + WIDTH):
        for y in (pos.y - HEIGHT, pos.y, pos.y + HEIGHT):
            if -reach <= x <= WIDTH + reach and -reach <= y <= HEIGHT + reach:
                yield Vector2(x, y)


# The command line --------------------------------------------------------------------------------


def has_display() -> bool:
    needs_server = sys.platform.startswith(("linux", "freebsd"))
    return not needs_server or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ


def main() -> None:
    parser = argparse.ArgumentParser(description="Asteroids, with a stage door in it.")
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after this time")
    parser.add_argument(
        "--port", type=int, help="of the stage door (default: 8787 or the next free one)"
    )
    parser.add_argument("--headless", action="store_true", help="no window: the autopilot plays")
    parser.add_argument("--seed", type=int, help="equal seeds make equal rocks")
    parser.add_argument("--screenshot", metavar="FILE", help="save the last frame as a PNG")
    args = parser.parse_args()
    if not args.headless and not has_display():
        print("asteroids: there is no display here, so it runs without a window", flush=True)
        args.headless = True
    if args.headless:
        os.environ["SDL_VIDEODRIVER"] = "dummy"
    try:
        play(args)
    except KeyboardInterrupt:
        pass
    except pygame.error as error:
        sys.exit(f"asteroids: {error}; --headless runs it without a window")


if __name__ == "__main__":
    main()
