"""`Role`, `RoleName`: what a caller may do. Each role may also do what the roles below it may."""

from __future__ import annotations

import enum
from typing import Final, Literal, TypeAlias, get_args

RoleName: TypeAlias = Literal["viewer", "operator", "admin"]
ROLE_NAMES: Final[tuple[RoleName, ...]] = get_args(RoleName)
"""Ordered by how much they may do, the least first."""


class Role(enum.IntEnum):
    """Viewers read, operators change, admins evaluate and quit."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def label(self) -> RoleName:
        """The role's name on the wire."""
        return _LABELS[self]

    @classmethod
    def named(cls, name: str) -> Role:
        """The role with this name. Raises: ValueError, which lists the roles."""
        for role, label in _LABELS.items():
            if label == name:
                return role
        raise ValueError(f"role must be 'viewer', 'operator' or 'admin', not {name!r}")


_LABELS: dict[Role, RoleName] = {
    Role.VIEWER: "viewer",
    Role.OPERATOR: "operator",
    Role.ADMIN: "admin",
}
