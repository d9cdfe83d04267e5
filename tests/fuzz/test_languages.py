"""What clients write in the languages: paths, selectors, conditions."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.target import Target

from stagedoor.live.language.condition import parse_condition
from stagedoor.live.language.path import parse_path
from stagedoor.live.language.selector import parse_selector
from stagedoor.live.language.tokens import SyntaxFault

PARSERS: tuple[Callable[[str], object], ...] = (parse_path, parse_selector, parse_condition)
PIECES = [
    "world", "rocks", ".", ".", "[", "]", "{", "}", "(", ")", "3", "-1", "0x1f", "1.5e3", ",", "@",
    "#", "*", ":", "=", "==", "<", ">=", "!=", "~", " ", " ", '"a b"', "'c'", '"\\u00e9"', "None",
    "True", "and", "or", "not", "len(", "find(", "é", "_x", "\n", '"', "'", "\\", "\x00", "\u202e",
    "€",
]  # fmt: skip

GOOD = [
    "world", ".rocks", "[3]", "[-1]", '["a b"]', "{@0x1f}", "[(1, 'x')]", '."q r"', "{None}",
    " > 3", " == 'x'", " and ", " or ", "not ", "len(world)", "Enemy", "[hp<10]", "#start", " ",
]  # fmt: skip


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for parse in PARSERS:
        try:
            tree = parse(text)
        except SyntaxFault as fault:
            check_fault(fault, text)
        else:
            assert parse(str(tree)) == tree, "its text is that tree again"


def check_fault(fault: SyntaxFault, text: str) -> None:
    assert fault.text == text
    assert 0 <= fault.position <= len(text)
    said, line, caret = str(fault).split("\n")
    assert said.startswith("expected ")
    assert (line + said).isprintable()
    assert len(line) < 100
    assert caret.strip() == "^"
    assert len(caret) <= len(line) + 1


def make(chance: Random) -> bytes:
    pieces = chance.choices(chance.choice([PIECES, GOOD]), k=chance.randrange(1, 12))
    return "".join([*chance.choice([["world"], []]), *pieces]).encode()


def test_whatever_is_written_is_parsed_or_refused_with_its_place() -> None:
    Target("languages").run(make, check, 3000)
