"""`Engine`: what a stage asks of the framework that its game is made with."""

from __future__ import annotations

from typing import Protocol


class Engine(Protocol):
    """What a game framework does for its stage. Game thread only.

    What `hold` and `release` raise is logged, once."""

    name: str
    """The framework and its version: `pygame-ce 2.5.6`."""

    def hold(self) -> bool:
        """Called about 60 times a second while the game is held inside its tick: keeps the window
        alive, lets other input wait. True: somebody wants to quit, so the game must go on."""
        ...

    def release(self) -> None:
        """The game goes on, by a resume or a step: gives back the input that waited."""
        ...

    def quit(self) -> None:
        """The framework's own way to quit, as if the game's window had been closed."""
        ...
