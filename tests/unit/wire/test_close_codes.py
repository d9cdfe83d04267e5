"""Close codes: Python's names and Rust's are the same, and stand in one place each."""

import ast
import re
from pathlib import Path

import pytest

from stagedoor.wire import close_codes

ROOT = Path(__file__).parents[3]
OURS = {name: code for name, code in vars(close_codes).items() if name.isupper()}
CONSTANT = re.compile(r"const (\w+): u16 = (\d+);")


def in_rust(file: str) -> dict[str, int]:
    """The constants of a source."""
    text = (ROOT / "crates" / file).read_text()
    return {name: int(code) for name, code in CONSTANT.findall(text)}


RFC = in_rust("protocol/src/close_code.rs")
GATE = in_rust("server/src/gate/close_code.rs")


def test_a_code_of_the_rfc_has_the_name_and_number_of_the_protocol_crate() -> None:
    shared = {name: code for name, code in OURS.items() if code < 4000}
    assert shared
    assert shared.items() <= RFC.items()


def test_what_the_gate_sends_has_the_name_and_number_of_the_gate() -> None:
    assert GATE
    assert GATE.items() <= OURS.items()


@pytest.mark.parametrize("folder", ["python", "crates/server/src", "crates/bindings/src"])
def test_no_number_of_ours_stands_in_other_code(folder: str) -> None:
    ours = {code for code in OURS.values() if code >= 4000}
    files = [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.rs")]
    found = {file.name for file in files if ours & set(numbers(file))}
    assert found == {"python": {"close_codes.py"}, "crates/server/src": {"close_code.rs"}}.get(
        folder, set()
    )


def numbers(file: Path) -> list[int]:
    """The whole numbers in a source, without its comments and texts."""
    text = file.read_text()
    if file.suffix == ".py":
        constants = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
        return [node.value for node in constants if isinstance(node.value, int)]
    code = re.sub(r"//.*|\"[^\"\n]*\"", "", text)
    return [int(number) for number in re.findall(r"\b\d{4}\b", code)]
