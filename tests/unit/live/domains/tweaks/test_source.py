"""`find()` and `replaced()`: literals in sources. Each case is a source, and what is found."""

from __future__ import annotations

import pytest

from stagedoor.live.domains.tweaks.files import Refused
from stagedoor.live.domains.tweaks.source import Place, find, replaced

GLOBAL = Place("x", None)
OF_CLASS = Place("x", ("A",))
OF_OBJECT = Place("x", ("A",), of_object=True)


@pytest.mark.parametrize(
    ("place", "source", "value", "after"),
    [
        (GLOBAL, "x = 240.0\n", 300.5, "x = 300.5\n"),
        (GLOBAL, "x: float = 240\n", 300.0, "x: float = 300\n"),
        (GLOBAL, "x: float = 240\n", 0.5, "x: float = 0.5\n"),
        (GLOBAL, "x = 240.0\n", 300.0, "x = 300.0\n"),
        (GLOBAL, "x = -9.8  # down\n", 9.8, "x = 9.8  # down\n"),
        (GLOBAL, "x = 1_000\n", -5, "x = -5\n"),
        (GLOBAL, "x = True\n", False, "x = False\n"),
        (GLOBAL, 'x = "a"\n', "it's", 'x = "it\'s"\n'),
        (GLOBAL, 'x = "a"\n', 'say "a"', "x = 'say \"a\"'\n"),
        (GLOBAL, "x = 'a'\n", 'b\n\x1b"', "x = 'b\\n\\x1b\"'\n"),
        (GLOBAL, 'x = """a\nb"""\ny = 1\n', "c", 'x = "c"\ny = 1\n'),
        (GLOBAL, 'é = "ünï"; x = 1; z = "ß"\n', 2, 'é = "ünï"; x = 2; z = "ß"\n'),
        (GLOBAL, "\ufeffx = 1\r\ny = 2\r\n", 3, "\ufeffx = 3\r\ny = 2\r\n"),
        (GLOBAL, "y = 2\r\nx = (\r\n  1\r\n)\r\n", 3, "y = 2\r\nx = (\r\n  3\r\n)\r\n"),
        (GLOBAL, "y = '\x0c\u2028'\nx = 1\n", 3, "y = '\x0c\u2028'\nx = 3\n"),
        (GLOBAL, "y = " + "+".join(["z"] * 1500) + "\nx = 1", 3,
         "y = " + "+".join(["z"] * 1500) + "\nx = 3"),
        (GLOBAL, "x: int\nx = 1", 3, "x: int\nx = 3"),
        (GLOBAL, "def f():\n  x = 5\nclass A:\n  x = 6\nx = 1\n", 3,
         "def f():\n  x = 5\nclass A:\n  x = 6\nx = 3\n"),
        (GLOBAL, "try:\n  x = 1\nfinally: pass\n", 3, "try:\n  x = 3\nfinally: pass\n"),
        (OF_CLASS, "class A:\n  x: float = 1.0\nx = 2.0\n", 3.0,
         "class A:\n  x: float = 3.0\nx = 2.0\n"),
        (OF_CLASS, "class A:\n  x: int = field(default=1, repr=False)\n", 2,
         "class A:\n  x: int = field(default=2, repr=False)\n"),
        (OF_OBJECT,
         "class A:\n  def __init__(self):\n    self.x = 1\n  def f(self): self.x = 0\n", 2,
         "class A:\n  def __init__(self):\n    self.x = 2\n  def f(self): self.x = 0\n"),
        (OF_OBJECT, "class A:\n  def restart(this):\n    this.x: int = 1\n    self.x = 7\n", 2,
         "class A:\n  def restart(this):\n    this.x: int = 2\n    self.x = 7\n"),
        (OF_OBJECT, "class A:\n  x = 1\n  def f(self):\n    self.x += 1\n", 2,
         "class A:\n  x = 2\n  def f(self):\n    self.x += 1\n"),
        (Place("x", ("A", "B")), "class A:\n  class B:\n    x = 1\nclass B:\n  x = 5\n", 2,
         "class A:\n  class B:\n    x = 2\nclass B:\n  x = 5\n"),
        (Place("x", ("f", "<locals>", "A")), "def f():\n  class A:\n    x = 1\n", 2,
         "def f():\n  class A:\n    x = 2\n"),
    ],
)  # fmt: skip
def test_a_literal_is_replaced_where_it_stands_and_nothing_else(
    place: Place, source: str, value: bool | int | float | str, after: str
) -> None:
    found = find(source.encode(), place)
    assert found is not None
    assert replaced(source.encode(), {found: value}).decode() == after
    again = find(after.encode(), place)
    assert again is not None
    assert again.value == value


@pytest.mark.parametrize(
    ("place", "source", "why"),
    [
        (GLOBAL, "x = 2 * 120\n", "computed in line 1"),
        (GLOBAL, "x = y\n", "computed in line 1"),
        (GLOBAL, "x = None\n", "computed"),
        (GLOBAL, "x = b'a'\n", "computed"),
        (GLOBAL, "x = 1j\n", "computed"),
        (GLOBAL, "x = -True\n", "computed"),
        (GLOBAL, "x = --1\n", "computed"),
        (GLOBAL, "x = f'a'\n", "computed"),
        (GLOBAL, "x = 'a' 'b'\n", "put together from several texts"),
        (GLOBAL, "x = [1]\n", "computed"),
        (GLOBAL, "x, y = 1, 2\n", "computed"),
        (GLOBAL, "x = y = 1\n", "computed"),
        (GLOBAL, "x = 1\nx = 2\n", "several places: lines 1, 2"),
        (GLOBAL, "if a:\n  x = 1\nelse:\n  x = 2\n", "several places: lines 2, 4"),
        (GLOBAL, "x = 1\nx += 2\n", "several places: lines 1, 2"),
        (GLOBAL, "x = 1\nfor x in y: pass\n", "several places"),
        (GLOBAL, "x = 1\nfrom y import x\n", "several places"),
        (GLOBAL, "import x\n", "computed"),
        (GLOBAL, "x = 1\ndef x(): pass\n", "several places"),
        (GLOBAL, "x = 1\ndel x\n", "several places"),
        (GLOBAL, "x = 1\nif (x := 2): pass\n", "several places"),
        (GLOBAL, "x = \n", "does not parse"),
        (GLOBAL, "x = 1\0\n", "does not parse"),
        (GLOBAL, "# coding: latin-1\nx = 1\n", "written in iso-8859-1"),
        (GLOBAL, "# coding: nonsense\nx = 1\n", "does not parse"),
        (GLOBAL, "x = " + "(" * 5000 + "1" + ")" * 5000, "does not parse"),
        (OF_CLASS, "x = 1\n", "no class A now"),
        (OF_CLASS, "class A:\n  x = 1\nclass A:\n  x = 1\n", "several places: lines 1, 3"),
        (OF_CLASS, "def A(): pass\n", "defined in several places"),
        (OF_CLASS, "class A:\n  x = field(default_factory=int)\n", "computed"),
        (OF_OBJECT, "class A:\n  x = 1\n  def __init__(self): self.x = 1\n", "several places"),
        (OF_OBJECT, "class A:\n  def __init__(self, x=1): self.x = x\n", "computed in line 2"),
        (OF_OBJECT, "class A:\n  def __init__(self): self.x, self.y = 1, 2\n", "computed"),
        (OF_OBJECT, "class A:\n  def f(self): self.x = 1\n  def g(self): self.x = 1\n", "several"),
    ],
)  # fmt: skip
def test_what_is_computed_or_ambiguous_is_refused_with_the_reason(
    place: Place, source: str, why: str
) -> None:
    with pytest.raises(Refused) as caught:
        find(source.encode(), place)
    assert why in caught.value.text


@pytest.mark.parametrize(
    ("place", "source"),
    [
        (GLOBAL, "y = 1\n"),
        (GLOBAL, "x: int\n"),
        (GLOBAL, "def f():\n  global x\n  x = 1\n"),
        (OF_CLASS, "class A:\n  def __init__(self): self.x = 1\n"),
        (OF_OBJECT, "class A:\n  def f(self, other): other.x = 1\n"),
        (OF_OBJECT, "class A:\n  def f(): x = 1\n"),
    ],
)
def test_what_is_not_assigned_here_is_not_found(place: Place, source: str) -> None:
    assert find(source.encode(), place) is None
