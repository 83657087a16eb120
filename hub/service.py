"""The hub as one web application: its parts put together, and their lives begun and ended."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI

from hub import api, problems
from hub.cosigner import Cosigner
from hub.enrolment import Enrolment, Offer
from hub.housekeeping import Housekeeping
from hub.ingest import Ingest
from hub.limits import Limits
from hub.pages import site as pages
from hub.repository import Repository
from hub.settings import Settings
from hub.storage import open_database
from hub.storage.session import Database


@dataclass(frozen=True, slots=True)
class Parts:
    """What the hub is made of."""

    settings: Settings
    database: Database
    cosigner: Cosigner
    ingest: Ingest
    enrolment: Enrolment
    repository: Repository
    offer: Offer
    clock_ms: Callable[[], int]

    def close(self) -> None:
        """Let go of the storage."""
        self.database.close()


def wall_clock_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def open_parts(settings: Settings, clock_ms: Callable[[], int] = wall_clock_ms) -> Parts:
    """Open everything a hub works with. Raises SetupError, StorageError."""
    settings.checked()
    folder = Path(settings.folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    repository = Repository(Path(settings.repository))
    offer = Offer(settings.public_url, settings.pin(), repository.root_sha256())
    cosigner = Cosigner.load_or_create(folder)
    database = open_database(settings.database, folder)
    return Parts(
        settings=settings,
        database=database,
        cosigner=cosigner,
        ingest=Ingest(database, cosigner, clock_ms, ZoneInfo(settings.timezone), settings.entries_a_day),
        enrolment=Enrolment(database, clock_ms),
        repository=repository,
        offer=offer,
        clock_ms=clock_ms,
    )


def make_app(parts: Parts) -> FastAPI:
    """Make the web application; it closes `parts` when it ends."""

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        chores = Housekeeping(parts.database, parts.settings.retention, parts.clock_ms)
        chores.start()
        try:
            yield
        finally:
            chores.stop()
            parts.close()

    app = FastAPI(
        title=api.TITLE,
        version="1",
        summary=api.SUMMARY,
        lifespan=living,
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # served to people who are logged in, by the pages
    )
    app.add_middleware(Limits, secure=parts.settings.secure, clock_ms=parts.clock_ms)
    problems.install(app)
    app.include_router(api.router(parts))
    pages.install(app, parts)
    return app
