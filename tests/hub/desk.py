"""Somebody in front of the hub's pages: a browser without scripts, and a hub with one person of each role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from hub import passwords
from hub.storage import people
from hub.storage.people import Role
from tests.hub.serving import Answer, Serving

PASSWORD = "correct horse"


class Desk:
    """Somebody's browser without scripts: a cookie, and forms as they stand in pages."""

    def __init__(self, hub: Serving, language: str = "en") -> None:
        self.hub = hub
        self.language = language
        self.cookie = ""

    def get(self, path: str) -> Answer:
        return self.hub.ask("GET", path, headers=self._headers())

    def post(self, path: str, token: str | None = None, origin: str | None = None, **fields: str) -> Answer:
        form = fields | ({"form": self.form()} if token is None else {"form": token})
        headers = self._headers() | {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self.hub.url if origin is None else origin,
        }
        answer = self.hub.ask("POST", path, urlencode(form).encode(), headers)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer

    def form(self) -> str:
        return passwords.form_token(self.cookie.partition("=")[2])

    def log_in(self, name: str, password: str = PASSWORD) -> Answer:
        return self.post("/login", name=name, password=password)

    def _headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie, "Accept-Language": self.language}


@contextmanager
def staffed_hub(folder: Path, setting: str = "sqlite") -> Iterator[Serving]:
    """A hub on a socket whose people are called as their roles; passwords are stretched less than elsewhere."""
    patch = pytest.MonkeyPatch()
    patch.setattr(passwords, "STRETCH_LOG2", 4)
    made = Serving(folder, setting)
    with made.parts.database.write() as session:
        for role in Role:
            people.put(session, role.name.lower(), role, passwords.stretched(PASSWORD))
    try:
        yield made
    finally:
        made.close()
        patch.undo()
