"""The game with a stage: callers are answered in `tick()`."""

from functools import partial

from game import Game

import stagedoor

game = Game()
stage = stagedoor.start("benchmark", port=0)
stage.rpc(game.add)
game.run(partial(stage.tick, game.frame), stage.port, stage._hub.keys.tokens.operator)
