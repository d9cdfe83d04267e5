"""docs/protocol.md is what docs/generate.py makes of the code."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_current() -> None:
    page = runpy.run_path(str(DOCS / "generate.py"))["page"]()
    assert (DOCS / "protocol.md").read_text() == page, "run: STAGEDOOR=1 python docs/generate.py"
