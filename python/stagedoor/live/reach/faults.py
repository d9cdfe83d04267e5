"""What is told when a path leads nowhere, or may not be gone."""

from __future__ import annotations

from stagedoor.wire.roles import Role


class ReachFault(Exception):  # noqa: N818 (it is the caller's path that is at fault)
    """A path does not lead to a value for this caller. Its text says up to where it does."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Missing(ReachFault):
    """There is nothing at the path."""


class Closed(ReachFault):
    """The path leads where it may not go. `needs`: the role that may; None: nobody may. `is_code`:
    code of the game would have to run, for who asks for that."""

    def __init__(self, reason: str, needs: Role | None, *, is_code: bool = False) -> None:
        super().__init__(reason)
        self.needs = needs
        self.is_code = is_code


class Misfit(ReachFault):
    """A value cannot be put there. The text says what was expected."""


class Raised(ReachFault):
    """Code of the game has raised when it was asked to run. `error` is what it raised."""

    def __init__(self, reason: str, error: BaseException) -> None:
        super().__init__(reason)
        self.error = error
