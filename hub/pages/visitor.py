"""Who is asking for a page: the login behind the cookie, what they may do, whether a form is really ours."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from fastapi import Request

from hub import passwords
from hub.pages import words
from hub.storage import people
from hub.storage.people import Person, Role
from hub.storage.session import Database

NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""What a line that somebody typed into a form consists of: no storage or log takes everything else alike."""

RENEW = "renew"
"""In an address: the page renews itself."""


class PageError(Exception):
    """A page is refused; becomes a page that says so."""

    def __init__(self, status: int, words: str) -> None:
        """`words`: the key of the heading; where there is more to say, `<key>_help`."""
        super().__init__(words)
        self.status = status
        self.words = words


class LoginNeededError(Exception):
    """Nobody is logged in; the browser is sent to the login page."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody in front of a browser."""

    person: Person | None
    token: str
    """Of the login, empty without."""
    language: str
    now_ms: int
    path: str
    query: tuple[tuple[str, str], ...] = ()
    """What stands behind the path, in its order."""

    @property
    def renews(self) -> bool:
        """Whether the page asks for itself again every minute, with nobody's hand."""
        return (RENEW, "1") in self.query

    @property
    def other_way(self) -> str:
        """Return the address of the same page that renews itself where this one does not, and the reverse."""
        rest = [one for one in self.query if one[0] != RENEW]
        return f"{self.path}?{urlencode(rest if self.renews else [*rest, (RENEW, '1')])}"

    @property
    def form(self) -> str:
        """What each of our forms sends back."""
        return passwords.form_token(self.token)

    def may(self, role: str) -> bool:
        """Whether the visitor has at least this role; for templates, by its name."""
        return self.person is not None and self.person.role >= Role[role]

    def named(self) -> Person:
        """Return who it is. Raises LoginNeededError."""
        if self.person is None:
            raise LoginNeededError
        return self.person


def cookie_name(*, secure: bool) -> str:
    """Name the login's cookie; with https, one that no other host can set."""
    return "__Host-checkpoint" if secure else "checkpoint"


def browser_cookie(*, secure: bool) -> str:
    """Name the cookie that a browser is known by once somebody has logged in with it; it opens nothing."""
    return f"{cookie_name(secure=secure)}-known"


def recognise(request: Request, database: Database, now_ms: int, *, secure: bool) -> Visitor:
    """Find out who asks. Raises StorageError."""
    query = tuple(request.query_params.multi_items())
    token = request.cookies.get(cookie_name(secure=secure), "")
    person = None
    if token:
        with database.read() as session:
            found = people.logged_in(session, token, now_ms)
        if found is not None:
            person, stale = found
            if stale and (RENEW, "1") not in query:  # a page that nobody looks at keeps no login alive
                with database.write() as session:
                    people.used(session, token, now_ms)
    language = words.chosen("" if person is None else person.language, request.headers.get("accept-language", ""))
    return Visitor(person, token if person is not None else "", language, now_ms, request.url.path, query)


def require(visitor: Visitor, role: Role) -> Person:
    """Return who it is, if they may. Raises LoginNeededError, PageError."""
    person = visitor.named()
    if person.role < role:
        raise PageError(403, "forbidden")
    return person


def check_form(request: Request, visitor: Visitor, sent: str) -> None:
    """Raise PageError unless a form was sent from a page of ours, in this login.

    A browser says where a form comes from; one that does not says so by neither header, and the token alone counts.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    strange = site not in {None, "same-origin"} or (
        origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    )
    if strange or not hmac.compare_digest(sent.encode(), visitor.form.encode()):
        raise PageError(403, "stale_form")
