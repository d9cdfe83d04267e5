"""`Engine`: what a stage asks of the framework that its game is made with."""

from __future__ import annotations

from typing import Protocol


class Engine(Protocol):
    """What a game framework does for its stage. Game thread only.

    The stage logs what `hold` and `release` raise, once."""

    name: str
    """The framework and its version: `pygame-ce 2.5.6`."""

    def hold(self) -> bool:
        """Keep the window alive, and let other input wait.

        Called about 60 times a second while the game is held inside its tick. Returns whether the
        player wants to quit, in which case the game must go on."""
        ...

    def release(self) -> None:
        """Give back the input that waited. Called when the game goes on, by a resume or a step."""
        ...

    def quit(self) -> None:
        """Quit in the framework's own way, as if the game's window had been closed."""
        ...
