"""Which known name somebody meant: `did_you_mean()`, and `similar()`, which it asks. Pure."""

from collections.abc import Iterable

MOST = 3
"""The most names that are suggested."""
SHORTEST_PART = 3
"""The fewest characters of a name that others are suggested for because they contain it."""
_LONGEST = 100
"""Longer names are taken by their beginnings."""
_COMPARED = 16
"""How many names are compared letter by letter: those that begin and end most alike."""
_LETTERS = 40
"""So many letters of them."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name, as in `; did you mean spawn or span?`. It is
    empty if no known name is similar."""
    found = similar(name, known)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def similar(name: str, known: Iterable[str]) -> list[str]:
    """The known names that are most like this one, the best first.

    Upper and lower case are alike, and so are `-` and `_`. The last part of a name with dots stands
    for the whole: `heal` is like `player.heal`. If no name is similar as a whole, those are that
    contain this one.
    """
    import difflib  # only after a mistake

    names = {_plain(one): one for one in sorted(known, reverse=True) if one != name}
    wanted = _plain(name)
    same = [one for plain, one in names.items() if plain.rpartition(".")[2] == wanted]
    likely = sorted(names, key=lambda plain: _common_ends(plain, wanted), reverse=True)
    begins = {plain[:_LETTERS]: names[plain] for plain in reversed(likely[:_COMPARED])}
    near = difflib.get_close_matches(wanted[:_LETTERS], begins, MOST)
    close = [begins[plain] for plain in near]
    found = list(dict.fromkeys([*sorted(same), *close]))
    if not found and len(wanted) >= SHORTEST_PART:
        found = sorted(one for plain, one in names.items() if wanted in plain)
    return found[:MOST]


def _common_ends(one: str, other: str) -> int:
    """How many letters two names have in common, from their beginnings and from their ends."""
    shorter = min(len(one), len(other))
    begin = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    rest = shorter - begin
    return begin + next((at for at in range(rest) if one[-1 - at] != other[-1 - at]), rest)


def _plain(name: str) -> str:
    return name[:_LONGEST].casefold().lstrip("-").replace("-", "_")
