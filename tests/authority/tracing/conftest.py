"""A real hub, a gate that has joined it, and the authority's process that takes its log in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from authority.tracing.index import Index
from authority.tracing.intake import Intake
from authority.tracing.line import HubLine
from authority.tracing.question import Desk
from authority.tracing.vouching import Vouching
from hub.handover import make_credential
from tests.authority.tracing.sealing_gate import SealingGate
from tests.hub.serving import Serving
from tests.world import NOW, SmallWorld


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Serving]:
    made = Serving(tmp_path)
    yield made
    made.close()


@pytest.fixture
def gate(hub: Serving, world: SmallWorld) -> SealingGate:
    made = SealingGate(world)
    assert hub.enrol(made).status == 201
    return made


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index.open(tmp_path / "tracing" / "index.db")
    yield made
    made.close()


@pytest.fixture
def intake(hub: Serving, world: SmallWorld, index: Index) -> Intake:
    line = HubLine(hub.url, make_credential(hub.parts, "authority"))
    return Intake(world.authority, index, line, lambda: NOW)


@pytest.fixture
def desk(world: SmallWorld, index: Index) -> Desk:
    return Desk(world.authority, index, lambda: NOW)


@pytest.fixture
def vouching(index: Index) -> Vouching:
    return Vouching(index)
