"""`find_paths()`: where in `objects` the things on the screen are."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Generator, Iterator
from itertools import chain
from typing import Final

from stagedoor.live.engines.scene import Node
from stagedoor.live.language.path import Path
from stagedoor.live.reach import members, rules
from stagedoor.live.reach.members import Child, Way
from stagedoor.live.reach.roots import GONE, Roots
from stagedoor.wire.roles import Role
from stagedoor.wire.secrecy import names_secret

DEEPEST: Final = 4
"""The most steps of a path that is found."""
LOOKED_AT: Final = 4000
"""The most values that are looked at: this is a help, and no search of everything."""
AT_ONCE: Final = 64
"""How many values are looked at before the search may pause."""
_PLAIN: Final = (int, float, bool, str, bytes, type(None), complex)


def find_paths(
    roots: Roots, wanted: Collection[object], role: Role
) -> Generator[None, None, dict[int, Path]]:
    """The shortest path that this role may go to each of these objects, by the object's id.

    Those that are not found have none. Yields None where the search may pause.
    """
    missing = {id(one) for one in wanted}
    found: dict[int, Path] = {}
    seen: dict[int, object] = {}
    """What is in it keeps its id."""
    queue: deque[tuple[Path, object]] = deque()

    def meet(path: Path, value: object, *, is_root: bool = False) -> None:
        number = id(value)
        if number in seen or type(value) in _PLAIN:
            return
        seen[number] = value
        if number in missing:
            missing.discard(number)
            found[number] = path
        if len(path.steps) < DEEPEST and not rules.is_leaf(value, is_root=is_root):
            queue.append((path, value))

    for root in roots.exposed():
        if root.is_open(role) and (value := root.value) is not GONE:
            meet(Path(root.name), value, is_root=True)
    looked = 0
    while queue and missing and looked < LOOKED_AT:
        path, value = queue.popleft()
        try:
            for child in _children(value, is_root=not path.steps):
                looked += 1
                if looked % AT_ONCE == 0:
                    yield None
                if looked == LOOKED_AT or not missing:
                    break
                if child is None or child.found.way is not Way.VALUE:
                    continue
                if rules.is_open(child.name, role):
                    meet(path.then(child.step), child.found.value)
        except RuntimeError:
            continue  # it has changed meanwhile
    return found


def path_by_handle(roots: Roots, node: Node, role: Role) -> Path | None:
    """A path to the object of a node that is not found otherwise: `scene["Ball#3"]`.

    None if there is no object, or its text is a secret: the path would be everybody's.
    """
    if node.target is None or names_secret(node.name()) or node.hides_text():
        return None
    return roots.path_on_screen(node.target, role)


def _children(value: object, *, is_root: bool) -> Iterator[Child | None]:
    return chain(members.attributes(value, is_root=is_root), members.items(value))
