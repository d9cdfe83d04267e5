"""`tweaks`: values of the game that clients tune while it runs.

`registry.Tweaks` has what the game offers, `tweak.Tweak` is one of them. `presets` keeps sets of
values in a file, and `saving` writes what was tuned into the source. `methods` serves all of it.
"""
