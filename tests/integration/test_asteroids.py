"""examples/asteroids.py: its world by its rules, and the game as a process of its own."""

import json
import math
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run
from program import EXAMPLES, PATIENCE
from pygame import Vector2

from stagedoor.client import connect

sys.path.append(str(EXAMPLES))
from asteroids_world import (
    HEIGHT,
    ROCKS,
    WIDTH,
    Body,
    Controls,
    Kind,
    Rock,
    World,
    autopilot,
    offset,
)

FRAME = 1 / 60
GAME = EXAMPLES / "asteroids.py"


def empty_world(seed: int = 1) -> World:
    """A world with a ship that can be hit, and one still rock far away, so that no wave comes."""
    world = World(seed)
    world.ship.shield = 0.0
    world.rocks = [rock_at(Vector2(5, 5), "small")]
    return world


def rock_at(pos: Vector2, kind: Kind = "big") -> Rock:
    return Rock(pos, Vector2(), ROCKS[kind].radius, kind=kind)


def pass_time(world: World, seconds: float, controls: Controls | None = None) -> None:
    for _ in range(round(seconds / FRAME)):
        world.update(FRAME, controls or Controls())


# The rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "pieces", "points"),
    [("big", ["medium"] * 2, 20), ("medium", ["small"] * 2, 50), ("small", [], 100)],
)
def test_a_rock_that_is_hit_breaks_and_scores(kind: Kind, pieces: list[Kind], points: int) -> None:
    world = empty_world()
    far = world.rocks[0]
    rock = rock_at(Vector2(200, 200), kind)
    world.rocks.append(rock)
    world.bullets.append(Body(Vector2(200, 200), Vector2(), radius=2.0, life=1.0))
    world.update(FRAME, Controls())
    assert [left.kind for left in world.rocks if left is not far] == pieces
    assert rock not in world.rocks
    assert world.bullets == []
    assert world.score == points


def test_one_bullet_breaks_one_rock() -> None:
    world = empty_world()
    world.rocks += [rock_at(Vector2(200, 200)), rock_at(Vector2(200, 200))]
    world.bullets.append(Body(Vector2(200, 200), Vector2(), radius=2.0, life=1.0))
    world.update(FRAME, Controls())
    assert [rock.kind for rock in world.rocks].count("big") == 1


def test_a_fast_bullet_does_not_jump_over_a_small_rock_in_a_slow_frame() -> None:
    world = empty_world()
    world.rocks.append(rock_at(Vector2(200, 200), "small"))
    world.bullets.append(Body(Vector2(150, 200), Vector2(560, 0), radius=2.0, life=1.0))
    world.update(0.2, Controls())
    assert world.score == 100


@pytest.mark.parametrize(
    ("start", "vel", "end"),
    [
        ((WIDTH - 1, 50), (60, 0), (59, 50)),
        ((1, 50), (-60, 0), (WIDTH - 59, 50)),
        ((50, HEIGHT - 1), (0, 60), (50, 59)),
        ((50, 1), (0, -60), (50, HEIGHT - 59)),
    ],
    ids=["right", "left", "bottom", "top"],
)
def test_what_leaves_on_one_side_comes_back_on_the_other(
    start: tuple[float, float], vel: tuple[float, float], end: tuple[float, float]
) -> None:
    body = Body(Vector2(start), Vector2(vel))
    body.move(1.0)
    assert body.pos == Vector2(end)


def test_the_shortest_way_leads_over_an_edge() -> None:
    assert offset(Vector2(10, 10), Vector2(WIDTH - 10, HEIGHT - 10)) == Vector2(-20, -20)
    assert offset(Vector2(100, 100), Vector2(130, 90)) == Vector2(30, -10)


def test_a_rock_hits_the_ship_across_an_edge() -> None:
    world = empty_world()
    world.rocks = [rock_at(Vector2(WIDTH - 10, 300))]
    world.ship.pos = Vector2(10, 300)
    world.update(FRAME, Controls())
    assert not world.ship.alive
    assert world.lives == 2


def test_a_shield_protects_the_ship_while_it_lasts() -> None:
    world = empty_world()
    world.rocks.append(rock_at(Vector2(world.ship.pos)))
    world.ship.shield = 0.5
    pass_time(world, 0.4)
    assert (world.ship.alive, world.lives) == (True, 3)
    pass_time(world, 0.3)
    assert (world.ship.alive, world.lives) == (False, 2)


def test_the_next_ship_comes_after_a_moment_with_a_shield() -> None:
    world = empty_world()
    world.rocks.append(rock_at(Vector2(world.ship.pos), "small"))
    world.update(FRAME, Controls())
    assert not world.ship.alive
    pass_time(world, 2.0)
    assert world.ship.alive
    assert world.ship.shield > 0


def test_without_lives_the_game_is_over_and_a_new_one_begins() -> None:
    world = empty_world()
    world.lives, world.score = 1, 990
    world.rocks.append(rock_at(Vector2(world.ship.pos)))
    world.update(FRAME, Controls())
    assert world.over
    assert world.message == "GAME OVER"
    pass_time(world, 4.5)
    assert not world.over
    assert (world.lives, world.score) == (3, 0)


def test_waves_grow() -> None:
    world = World(1)
    sizes = []
    for wave in (1, 2, 3):
        pass_time(world, 2.0)
        assert world.wave == wave
        sizes.append(len(world.rocks))
        world.rocks.clear()
    assert sizes == [4, 5, 6]


def test_ten_thousand_points_are_an_extra_ship() -> None:
    world = empty_world()
    world.score = 9_990
    world.rocks.append(rock_at(Vector2(200, 200)))
    world.bullets.append(Body(Vector2(200, 200), Vector2(), radius=2.0, life=1.0))
    world.update(FRAME, Controls())
    assert (world.score, world.lives) == (10_010, 4)


def test_thrust_pushes_the_way_the_ship_points_and_turning_turns_it() -> None:
    world = empty_world()
    pass_time(world, 0.5, Controls(thrust=True))
    assert world.ship.vel.y < -80  # it points up
    assert math.isclose(world.ship.vel.x, 0, abs_tol=1e-6)
    pass_time(world, 0.5, Controls(turn=1))
    assert math.isclose(world.ship.angle, -90 + world.ship.turning / 2)


def test_firing_takes_time_to_reload_and_bullets_do_not_fly_for_ever() -> None:
    world = empty_world()
    pass_time(world, 0.5, Controls(fire=True))
    assert len(world.bullets) == 3
    pass_time(world, 1.0)
    assert world.bullets == []


@pytest.mark.parametrize("count", [0, -1, 101])
def test_spawn_refuses_a_bad_count_and_adds_nothing(count: int) -> None:
    world = empty_world()
    with pytest.raises(ValueError, match=f"count must be from 1 to 100, not {count}"):
        world.spawn("big", count)
    assert len(world.rocks) == 1


def test_spawn_adds_away_from_the_ship_and_stops_at_what_the_world_holds() -> None:
    world = empty_world()
    world.rocks.clear()
    assert [world.spawn("small", 100) for _ in range(5)] == [100, 200, 300, 400, 500]
    assert all(offset(rock.pos, world.ship.pos).length() >= 150 for rock in world.rocks)
    with pytest.raises(ValueError, match="the world holds 500"):
        world.spawn("small")


def test_the_same_seed_makes_the_same_game() -> None:
    def play() -> list[object]:
        world = World(42)
        for _ in range(1200):
            world.update(FRAME, autopilot(world))
        return [world.score, *((rock.kind, *rock.pos) for rock in world.rocks)]

    assert play() == play()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_autopilot_survives_and_clears_waves(seed: int) -> None:
    world = World(seed)
    for _ in range(90 * 60):
        world.update(FRAME, autopilot(world))
        assert not world.over
    assert world.wave >= 3
    assert world.score > 5_000


@pytest.mark.slow
def test_a_crowded_world_stays_within_its_bounds() -> None:
    world = World(5)
    for _ in range(5):
        world.spawn("big", 100)
    for _ in range(300):
        world.update(FRAME, autopilot(world))
    assert len(world.sparks) <= 600
    for rock in world.rocks:
        assert 0 <= rock.pos.x <= WIDTH
        assert 0 <= rock.pos.y <= HEIGHT


# The game ----------------------------------------------------------------------------------------


def test_it_stops_by_itself_after_the_seconds_it_was_given(run: Run, tmp_path: Path) -> None:
    game = run(GAME, "--headless", "--seconds", "3", "--port", "0")
    game.wait_for(r"^asteroids: the stage door is open at ws://127\.0\.0\.1:\d+/$")
    assert game.wait() == 0
    assert len(game.lines) == 1
    assert not list((tmp_path / "runtime").rglob("*.json"))


def test_without_a_display_it_says_so_and_runs(run: Run) -> None:
    game = run(GAME, "--seconds", "0.5", "--port", "0")
    assert game.wait() == 0
    if sys.platform.startswith("linux"):
        assert "no display" in game.lines[0]


def test_disabled_it_just_runs(run: Run) -> None:
    game = run(GAME, "--headless", "--seconds", "0.5", STAGEDOOR="0")
    assert game.wait() == 0
    assert game.lines == []


@pytest.mark.skipif("sys.platform == 'win32'", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_ends_it_quietly(run: Run) -> None:
    game = run(GAME, "--headless", "--port", "0")
    game.wait_for("the stage door is open")
    game.interrupt()
    assert game.wait() == 0
    assert len(game.lines) == 1


def test_a_screenshot_shows_the_game(run: Run, tmp_path: Path) -> None:
    import pygame

    file = tmp_path / "last frame.png"
    arguments = ("--headless", "--seconds", "2.5", "--seed", "3", "--screenshot", file)
    assert run(GAME, *arguments, STAGEDOOR="0").wait() == 0
    picture = pygame.image.load(file)
    assert picture.get_size() == (WIDTH, HEIGHT)
    shades = {picture.get_at((x, y))[:3] for x in range(0, WIDTH, 3) for y in range(0, HEIGHT, 3)}
    assert len(shades) > 100
    assert any(sum(shade) > 600 for shade in shades), "no bright line anywhere"


def test_calls_reach_the_running_game(run: Run, env: dict[str, str]) -> None:
    game = run(GAME, "--headless", "--port", "0", "--seed", "1")
    url = game.wait_for(r"open at (\S+)$")[1]

    def run_verb(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "stagedoor", *arguments, "--to", url]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE)

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return run_verb("call", *arguments)

    before = json.loads(call("status").stdout)
    assert before.keys() == {"score", "lives", "wave", "rocks", "thrust", "pilot", "fps"}
    assert before["pilot"] == "autopilot"
    assert json.loads(call("spawn", "kind=small", "count=100").stdout) >= 100
    assert json.loads(call("status").stdout)["rocks"] > 20
    assert json.loads(call("add_lives", "count=2").stdout) >= 4
    assert json.loads(call("set_thrust", "value=400").stdout) == 240
    assert json.loads(call("status").stdout)["thrust"] == 400
    assert json.loads(run_verb("set", "world.ship.thrust", "500").stdout) == 500
    assert json.loads(run_verb("get", "world.ship.thrust").stdout) == 500
    (world,) = json.loads(run_verb("tree").stdout)
    assert {"ship", "rocks", "score"} <= {node["name"] for node in world["children"]}
    assert len(json.loads(run_verb("set", "world.rocks[0].pos", "[10, 20]").stdout)) == 2
    assert json.loads(call("clear_rocks").stdout) > 0
    assert call("restart").returncode == 0
    refused = call("spawn", "count=0")
    assert refused.returncode == 1
    assert "count must be from 1 to 100, not 0" in refused.stderr
    assert call("spawn", "kind=huge").returncode == 1
    assert game.process.poll() is None


def test_the_lines_of_the_readme_that_reach_into_it_do(
    run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    readme = (EXAMPLES.parent / "README.md").read_text()
    block = readme.partition("Reach into it: ")[2].partition("```console\n")[2].partition("```")[0]
    lines = [line.partition("bin/stagedoor ")[2] for line in block.splitlines()]
    assert len(lines) == 4
    game = run(GAME, "--headless", "--port", "0", "--seed", "1")
    url = game.wait_for(r"open at (\S+)$")[1]
    for line in (*lines, "get world.ship.thrust"):
        command = [sys.executable, "-m", "stagedoor", *shlex.split(line), "--to", url]
        done = subprocess.run(
            command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
        )
        assert (done.returncode, done.stderr) == (0, ""), line
    assert json.loads(done.stdout) == 400
    assert (tmp_path / "shot.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_tuned_live_goes_back_into_the_source(
    run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "game"
    folder.mkdir()
    for name in ("asteroids.py", "asteroids_world.py", "pyproject.toml"):
        shutil.copy(EXAMPLES / name, folder)
    world = folder / "asteroids_world.py"
    source = world.read_text()
    game = run(folder / "asteroids.py", "--headless", "--port", "0", "--seed", "1")
    url = game.wait_for(r"open at (\S+)$")[1]

    def tweak(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "stagedoor", "tweak", *words, "--to", url]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE)

    listed = {one["name"]: one["value"] for one in json.loads(tweak().stdout)}
    assert listed == {"ship.thrust": 240.0, "ship.turning": 260.0, "bullet.speed": 560.0}
    refused = tweak("ship.thrust=1001")
    assert (refused.returncode, "from 0 to 1000 pixels/s²" in refused.stderr) == (1, True)
    for word in ("ship.thrust=400", "bullet.speed=700"):
        assert tweak(word).returncode == 0
    assert tweak("--keep", "fast").returncode == 0
    assert '"ship.thrust" = 400.0' in (folder / "stagedoor-presets.toml").read_text()
    assert tweak("--reset").returncode == 0
    assert json.loads(tweak("ship.thrust").stdout)[0]["value"] == 240.0
    assert tweak("--load", "fast").returncode == 0
    assert json.loads(tweak("ship.thrust").stdout)[0]["value"] == 400.0
    plan = json.loads(tweak("--save").stdout)
    assert (plan["written"], world.read_text()) == (False, source)
    done = json.loads(tweak("--save", "--yes").stdout)
    assert (done["written"], sorted(done["names"])) == (True, ["bullet.speed", "ship.thrust"])
    assert world.read_text() == source.replace(
        "    thrust: float = 240.0", "    thrust: float = 400.0"
    ).replace("BULLET_SPEED = 560.0", "BULLET_SPEED = 700.0")
    assert json.loads(tweak("--save").stdout)["diff"] == ""
    assert game.process.poll() is None


def test_what_is_watched_is_told_while_the_game_is_paused(
    run: Run, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    game = run(GAME, "--headless", "--port", "0", "--seed", "1")
    url = game.wait_for(r"open at (\S+)$")[1]
    watched = {"paths": ["world.ship", "world.rocks"], "depth": 2}
    with connect(url, timeout=PATIENCE) as client:
        client.call("game.pause")
        state = client.call("objects.save", path="world")
        with client.subscribe("objects", hz=30, filter=watched) as news:
            first = next(iter(news)).value
            thrust = {node["path"]: node for node in first["nodes"]}["world.ship.thrust"]
            assert (first["snapshot"], thrust["value"]) == (True, 240.0)
            client.call("tweaks.set", name="ship.thrust", value=100)
            values: dict[str, object] = {}
            while "world.ship.thrust" not in values:
                values |= next(iter(news)).value["values"]
            assert values["world.ship.thrust"] == 100.0
        [found] = client.call("objects.search", root="world", name="thrust")["found"]
        assert found["path"] == "world.ship.thrust"
        loaded = client.call("objects.load", path="world", values=state["values"])
        assert loaded["left"] == []
        assert client.call("objects.get", path="world.ship.thrust")["value"] == 240.0
