"""`objects`: the game's own objects, from what it has exposed. See `stagedoor.live.reach`."""
