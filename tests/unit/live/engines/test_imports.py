"""`stagedoor.live.engines.imports`: modules are patched when they are loaded, and are as before."""

import importlib
import importlib.util
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from stagedoor.live.engines.imports import ImportHook, Patch, merged

Install = Callable[[dict[str, Patch]], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install patches, in a world with the package `frame_work` and its module `inner`."""
    package = tmp_path / "frame_work"
    package.mkdir()
    (package / "__init__.py").write_text("from frame_work.inner import value\n")
    (package / "inner.py").write_text("value = 1\ncount = globals().get('count', 0) + 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    hooks: list[ImportHook] = []

    def make(patches: dict[str, Patch]) -> None:
        hooks.append(ImportHook(patches))
        hooks[-1].install()

    yield make
    for hook in hooks:
        hook.remove()
        assert hook not in sys.meta_path
    for name in [name for name in sys.modules if name.startswith("frame_work")]:
        del sys.modules[name]


def add_ten(module: ModuleType) -> None:
    vars(module)["value"] += 10


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_a_module_is_patched_before_anyone_sees_it(install: Install) -> None:
    install({"frame_work.inner": add_ten})
    assert load("frame_work").value == 11  # what its own package took from it
    assert load("frame_work.inner").value == 11
    assert load("frame_work.inner").count == 1


def test_a_module_that_is_loaded_already_is_patched_at_once(install: Install) -> None:
    inner = load("frame_work.inner")
    install({"frame_work.inner": add_ten})
    assert inner.value == 11


def test_a_module_does_not_show_that_it_was_patched(install: Install) -> None:
    plain = load("frame_work.inner")
    expected = {"type": type(plain.__loader__), "origin": plain.__spec__.origin}
    for name in ("frame_work.inner", "frame_work"):
        del sys.modules[name]
    install({"frame_work.inner": add_ten})
    inner = load("frame_work.inner")
    assert type(inner.__loader__) is expected["type"]
    assert inner.__spec__.loader is inner.__loader__
    assert inner.__spec__.origin == expected["origin"]
    assert "exec_module" not in vars(inner.__loader__)


def test_looking_for_a_module_loads_and_patches_nothing(install: Install) -> None:
    patched: list[ModuleType] = []
    install({"frame_work": patched.append, "frame_work_nowhere": patched.append})
    assert importlib.util.find_spec("frame_work") is not None
    assert importlib.util.find_spec("frame_work_nowhere") is None
    assert patched == []
    load("frame_work")
    assert [module.__name__ for module in patched] == ["frame_work"]


def test_a_module_that_is_loaded_again_is_patched_again(install: Install) -> None:
    install({"frame_work.inner": add_ten})
    inner = load("frame_work.inner")
    assert importlib.reload(inner).value == 11
    assert inner.count == 2


def test_a_module_that_cannot_be_loaded_raises_what_it_raises(
    install: Install, tmp_path: Path
) -> None:
    (tmp_path / "frame_work" / "inner.py").write_text("raise OSError('no such device')")
    install({"frame_work.inner": add_ten})
    with pytest.raises(OSError, match="no such device"):
        load("frame_work")


def test_a_patch_that_fails_leaves_the_module_as_it_is_and_is_logged(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(module: ModuleType) -> None:
        raise AttributeError("Clock")

    install({"frame_work.inner": fail})
    with caplog.at_level(logging.ERROR, "stagedoor"):
        assert load("frame_work").value == 1
    assert "does not understand this frame_work.inner" in caplog.text
    assert "AttributeError: Clock" in caplog.text


def test_patches_of_several_for_a_module_are_applied_in_their_order() -> None:
    done: list[object] = []

    def patch(what: str) -> Patch:
        return lambda module: done.append((what, module))

    both = merged({"a": patch("1"), "b": patch("2")}, {"c": patch("3")}, {"a": patch("4")})
    assert list(both) == ["a", "b", "c"]
    module = ModuleType("a")
    both["a"](module)
    assert done == [("1", module), ("4", module)]
