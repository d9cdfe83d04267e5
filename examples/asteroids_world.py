"""The world of asteroids.py, its rules, and an autopilot.

Nothing here knows about windows, keys or stage doors. Lengths are in pixels, times in seconds, and
angles in degrees: 0 is right, 90 is down.
"""

import math
import random
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pygame import Vector2

WIDTH, HEIGHT = 960, 640
BULLET_SPEED = 560.0
BULLET_LIFE, RELOAD = 0.9, 0.16
MOST_ROCKS, MOST_SPARKS = 500, 600

Kind = Literal["big", "medium", "small"]
Color = tuple[int, int, int]


class Rules(NamedTuple):
    """What a kind of rock is like. A rock that is hit breaks into two of `pieces`."""

    radius: float
    speed: float
    points: int
    pieces: Kind | None
    color: Color


ROCKS: dict[Kind, Rules] = {
    "big": Rules(46, 55, 20, "medium", (150, 140, 255)),
    "medium": Rules(25, 85, 50, "small", (110, 170, 255)),
    "small": Rules(12, 125, 100, None, (110, 225, 255)),
}


@dataclass(eq=False)
class Body:
    """Anything that flies. If it leaves the world on one side, it comes back on the other."""

    pos: Vector2
    vel: Vector2
    radius: float = 0.0
    life: float = math.inf

    def move(self, dt: float) -> None:
        self.pos += self.vel * dt
        self.pos.update(self.pos.x % WIDTH, self.pos.y % HEIGHT)
        self.life -= dt


@dataclass(eq=False)
class Ship(Body):
    radius: float = 11.0
    angle: float = -90.0
    thrust: float = 240.0
    turning: float = 260.0
    alive: bool = True
    burning: bool = False
    shield: float = 2.0
    reload: float = 0.0

    @property
    def heading(self) -> Vector2:
        return Vector2(1, 0).rotate(self.angle)


@dataclass(eq=False)
class Rock(Body):
    kind: Kind = "big"
    spin: float = 0.0
    angle: float = 0.0
    shape: list[Vector2] = field(default_factory=list)


@dataclass(eq=False)
class Spark(Body):
    color: Color = (255, 255, 255)


class Controls(NamedTuple):
    """What the pilot does: `turn` from -1 (left) to 1 (right)."""

    turn: float = 0.0
    thrust: bool = False
    fire: bool = False


def offset(start: Vector2, end: Vector2) -> Vector2:
    """The shortest way from one place to another in a world whose edges meet."""
    way = end - start
    return Vector2(
        (way.x + WIDTH / 2) % WIDTH - WIDTH / 2, (way.y + HEIGHT / 2) % HEIGHT - HEIGHT / 2
    )


def touch(one: Body, other: Body) -> bool:
    reach = one.radius + other.radius
    return offset(one.pos, other.pos).length_squared() < reach * reach


class World:
    """The whole game. Equal seeds, controls and steps make equal games."""

    def __init__(self, seed: int | None = None) -> None:
        self.random = random.Random(seed)
        self.ship = Ship(Vector2(), Vector2())
        self.restart()

    def restart(self) -> None:
        """Begin a new game."""
        self.rocks: list[Rock] = []
        self.bullets: list[Body] = []
        self.sparks: list[Spark] = []
        self.score = 0
        self.lives = 3
        self.wave = 0
        self.waiting = 0.0  # seconds until the next wave, ship or game
        self.shake = 0.0
        self.say("")
        self.launch()

    @property
    def over(self) -> bool:
        return self.lives == 0

    def say(self, message: str, seconds: float = 2.0) -> None:
        """Show a line in the middle of the screen."""
        self.message, self.message_left = message, seconds

    def launch(self) -> None:
        """Put a new ship in the middle, with a shield for its first two seconds."""
        ship = self.ship
        ship.pos, ship.vel = Vector2(WIDTH / 2, HEIGHT / 2), Vector2()
        ship.angle, ship.alive, ship.shield = -90.0, True, 2.0

    def spawn(self, kind: Kind, count: int = 1) -> int:
        """Let rocks drift in from the edges; returns how many rocks there are now."""
        if not 1 <= count <= 100:
            raise ValueError(f"count must be from 1 to 100, not {count}")
        if len(self.rocks) + count > MOST_ROCKS:
            raise ValueError(f"{len(self.rocks)} + {count} rocks: the world holds {MOST_ROCKS}")
        for _ in range(count):
            place = self._place_at_edge()
            while offset(place, self.ship.pos).length() < 150:
                place = self._place_at_edge()
            self._add_rock(kind, place)
        return len(self.rocks)

    def update(self, dt: float, controls: Controls) -> None:
        """Let `dt` seconds pass. The steps are so short that no bullet jumps over a rock."""
        steps = math.ceil(min(dt, 0.25) * 60)
        for _ in range(steps):
            self._step(min(dt, 0.25) / steps, controls)

    def _step(self, dt: float, controls: Controls) -> None:
        self.shake = max(0.0, self.shake - dt)
        self.message_left -= dt
        if self.ship.alive:
            self._fly(dt, controls)
        for body in (*self.rocks, *self.bullets, *self.sparks):
            body.move(dt)
        for rock in self.rocks:
            rock.angle += rock.spin * dt
        for bullet in self.bullets:
            hit = next((rock for rock in self.rocks if touch(bullet, rock)), None)
            if hit:
                bullet.life = 0.0
                self._break(hit)
        self.bullets = [bullet for bullet in self.bullets if bullet.life > 0]
        self.sparks = [spark for spark in self.sparks if spark.life > 0]
        if self.ship.alive and self.ship.shield <= 0:
            crash = next((rock for rock in self.rocks if touch(self.ship, rock)), None)
            if crash:
                self._break(crash)
                self._lose_ship()
        self._go_on(dt)

    def _fly(self, dt: float, controls: Controls) -> None:
        ship = self.ship
        ship.angle += max(-1.0, min(1.0, controls.turn)) * ship.turning * dt
        ship.burning = controls.thrust
        if ship.burning:
            ship.vel += ship.heading * ship.thrust * dt
            flame = ship.heading.rotate(self.random.uniform(155, 205)) * 130
            self._spark(ship.pos + ship.heading * -10, ship.vel + flame, 0.3, (255, 130, 50))
        ship.vel *= 1 - 0.4 * dt
        ship.move(dt)
        ship.shield -= dt
        ship.reload -= dt
        if controls.fire and ship.reload <= 0:
            ship.reload = RELOAD
            nose = ship.pos + ship.heading * 16
            shot = ship.vel + ship.heading * BULLET_SPEED
            self.bullets.append(Body(nose, shot, radius=2.0, life=BULLET_LIFE))

    def _go_on(self, dt: float) -> None:
        """Begin the next wave, ship or game, each after a moment."""
        if self.ship.alive and self.rocks:
            return
        if self.waiting <= 0:
            self.waiting = 4.0 if self.over else 1.5
            if self.ship.alive:
                self.say(f"WAVE {self.wave + 1}")
        self.waiting -= dt
        if self.waiting > 0:
            return
        if self.over:
            self.restart()
        elif not self.ship.alive:
            self.launch()
        else:
            self.wave += 1
            self.spawn("big", min(3 + self.wave, 12))

    def _break(self, rock: Rock) -> None:
        rules = ROCKS[rock.kind]
        self.rocks.remove(rock)
        self.shake = max(self.shake, rules.radius / 400)
        if (self.score + rules.points) // 10_000 > self.score // 10_000:
            self.lives += 1
            self.say("EXTRA SHIP")
        self.score += rules.points
        self._burst(rock, int(10 + rules.radius), rules.color)
        if rules.pieces:
            for side in (-1, 1):
                vel = rock.vel.rotate(side * self.random.uniform(25, 60)) * 1.1
                self._add_rock(rules.pieces, rock.pos + vel * 0.1, vel)

    def _lose_ship(self) -> None:
        self.ship.alive = self.ship.burning = False
        self.lives -= 1
        self.shake, self.waiting = 0.4, 0.0
        self._burst(self.ship, 80, (255, 210, 140))
        if self.over:
            self.say("GAME OVER", 4.0)

    def _add_rock(self, kind: Kind, pos: Vector2, vel: Vector2 | None = None) -> None:
        rules, chance = ROCKS[kind], self.random
        if vel is None:
            vel = Vector2(rules.speed * chance.uniform(0.6, 1.4), 0).rotate(chance.uniform(0, 360))
        corners = 9 + int(rules.radius / 8)
        shape = [
            Vector2(rules.radius * chance.uniform(0.72, 1.2), 0).rotate(360 / corners * corner)
            for corner in range(corners)
        ]
        spin = chance.uniform(-60, 60)
        self.rocks.append(Rock(pos, vel, rules.radius, kind=kind, spin=spin, shape=shape))

    def _place_at_edge(self) -> Vector2:
        if self.random.random() < WIDTH / (WIDTH + HEIGHT):
            return Vector2(self.random.uniform(0, WIDTH), 0)
        return Vector2(0, self.random.uniform(0, HEIGHT))

    def _burst(self, body: Body, count: int, color: Color) -> None:
        for _ in range(count):
            out = Vector2(self.random.uniform(15, 190), 0).rotate(self.random.uniform(0, 360))
            self._spark(body.pos, body.vel * 0.5 + out, self.random.uniform(0.3, 1.1), color)

    def _spark(self, pos: Vector2, vel: Vector2, life: float, color: Color) -> None:
        if len(self.sparks) < MOST_SPARKS:
            self.sparks.append(Spark(Vector2(pos), vel, life=life, color=color))


# The autopilot -----------------------------------------------------------------------------------


def autopilot(world: World) -> Controls:
    """Shoot at the most dangerous rock, and flee from it if it is too near."""
    ship = world.ship
    if not world.rocks:
        return Controls()
    target = min(world.rocks, key=lambda rock: _danger(ship, rock))
    aim = way = offset(ship.pos, target.pos)
    for _ in range(3):  # where the rock will be when a bullet gets there
        aim = way + (target.vel - ship.vel) * (aim.length() / BULLET_SPEED)
    error = (math.degrees(math.atan2(aim.y, aim.x)) - ship.angle + 180) % 360 - 180
    distance = max(1.0, aim.length())
    on_target = abs(error) < math.degrees(math.atan(target.radius * 0.8 / distance))
    in_range = distance < BULLET_SPEED * BULLET_LIFE
    slow = ship.vel.length() < 70
    flee = _danger(ship, target) < 0.9 and abs(error) > 100
    approach = slow and abs(error) < 20 and distance > 260
    return Controls(error / 8, flee or approach, on_target and in_range)


def _danger(ship: Ship, rock: Rock) -> float:
    """How dangerous a rock is: the seconds until it is nearest, and more if it will miss the ship.
    The smaller the number, the more dangerous the rock."""
    way, closing = offset(ship.pos, rock.pos), rock.vel - ship.vel
    when = max(0.0, min(4.0, -way.dot(closing) / max(1.0, closing.length_squared())))
    miss = (way + closing * when).length() - rock.radius - ship.radius
    return when + max(0.0, miss) / 60
