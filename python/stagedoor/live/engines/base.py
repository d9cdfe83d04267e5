"""`Engine`: what a stage asks of the framework that its game is made with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from stagedoor.live.engines.inputs import Input
    from stagedoor.live.engines.picture import Picture, Window

Ability = Literal[
    "scale", "picture", "keys", "polled", "pointer", "text", "gamepad", "scene", "quit"
]
"""What an engine may be able to do: make time pass faster or slower, give the game's picture, press
keys, also for a game that asks which are pressed, move and click the pointer, type text, move a
gamepad, find what is on the screen, quit as if the window was closed."""


class Engine(Protocol):
    """What a game framework does for its stage. Game thread only.

    The stage logs what `hold` and `release` raise, once."""

    name: str
    """The framework and its version: `pygame-ce 2.5.6`."""

    @property
    def can(self) -> frozenset[Ability]:
        """What works in this game. Any thread may ask."""
        ...

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

    def send(self, inputs: Sequence[Input]) -> None:
        """Do what a player would do, in this order. The game sees it in its next frame.

        What is pressed stays so until it is released by another input. A held game gets it when it
        goes on. Raises CannotSendError if the game cannot get it. Then what is released is released
        all the same."""
        ...

    def window(self) -> Window | None:
        """The game's window; None if it has none, or if that is not known."""
        ...

    def picture(self) -> Picture | None:
        """What the game shows. It takes less than a millisecond.

        None: the picture can be read only when the game is about to show it, which is done the next
        time; ask again in the next frame. Raises NoPictureError."""
        ...
