"""Which library is asked about a type, and when."""

import subprocess
import sys

import pytest

from stagedoor.live import values

NOT_IMPORTED = """
import sys
from stagedoor.live import values
try:
    values.encode(object())
except TypeError:
    pass
values.encode(range(2))
print(*sorted({"numpy", "pygame"} & set(sys.modules)))
"""


def test_no_library_is_imported_for_what_is_not_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOT_IMPORTED], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_a_class_that_lies_about_its_module_is_not_known() -> None:
    class Strange:
        __module__ = 5  # type: ignore[assignment]

    with pytest.raises(TypeError, match="is not known to JSON"):
        values.encode(Strange())
