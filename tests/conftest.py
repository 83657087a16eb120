"""What every test takes for granted."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import re
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

# A background job of a shell ignores Ctrl-C, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that does much else may take long for any one example; what is judged by the clock is marked `alone`.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

TOP = Path(__file__).resolve().parent.parent
MARKS = ("alone", "soak")
NEW_OBJECTS = 20_000


@cache
def names(module: Path, mark: str) -> bool:
    """Whether a module's text has the word of a mark."""
    return re.search(rf"\b{mark}\b", module.read_text("utf-8")) is not None


@cache
def is_all_soak(module: Path) -> bool:
    """Whether a module says of itself, at its top, that all of it is a long run."""
    return re.search(r"^pytestmark = pytest\.mark\.soak\b", module.read_text("utf-8"), re.MULTILINE) is not None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out modules that have nothing for this run: to import them all costs each process many seconds."""
    if collection_path.suffix != ".py":
        return None
    chosen = config.getoption("markexpr")
    terms = [] if re.search(r"\bor\b|[()]", chosen) else chosen.split(" and ")
    wanted = [mark for mark in MARKS if mark in terms]
    unwanted = "not soak" in terms
    nothing = any(not names(collection_path, mark) for mark in wanted) or (unwanted and is_all_soak(collection_path))
    return True if nothing else None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let no mark come from elsewhere: a run of that mark would leave the test out without a word."""
    for mark in MARKS:
        if item.get_closest_marker(mark) is not None and not names(item.path, mark):
            raise pytest.UsageError(f"{item.nodeid} is marked {mark}, but its module does not say so")


def import_ahead(config: pytest.Config) -> None:
    """Import the modules that will be collected, each of several workers from another one on.

    In a fresh clone all have to be compiled. Workers that go in one order all compile the same module at the same time;
    so each finds most of them done by another. What cannot be imported is told when it is collected.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return
    chosen = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    found = sorted({path for each in chosen for path in ([each] if each.is_file() else each.rglob("test_*.py"))})
    modules = [path for path in found if not pytest_ignore_collect(path, config)]
    first = len(modules) * int(worker.removeprefix("gw")) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for path in modules[first:] + modules[:first]:
        with contextlib.suppress(Exception):
            importlib.import_module(".".join(path.relative_to(TOP).with_suffix("").parts))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Search what collecting made, which all lives till the end, for rubbish neither now nor ever again.

    Python would look at it all, some hundred thousand objects, whenever a quarter as many are new: a fifth of the time
    of the tests of screens. `gc.unfreeze` gives it back to whoever wants to look at everything.
    """
    gc.disable()
    try:
        import_ahead(session.config)
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(NEW_OBJECTS, 20, 20)
