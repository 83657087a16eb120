"""The demo's authorities and what its people carry: real keys, real signatures, and a few forgeries among them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric import ec

from authority.masking import check_character, mask_name
from authority.records import Order
from authority.repository.federation import Federation
from authority.request import CodeRequest
from authority.store import Authority
from authority.validity import next_midnight
from demo.abroad import Abroad, revoking, with_rows
from demo.people import Person, Specimen
from demo.specimens import forged, repainted
from keys.presentation import present
from keys.trust_list import Use
from keys.verdict import Carrier, CodeIdentity, Colour
from scanner.policy_source import default_policy

HOME = "CN-33"
STRANGER = "CN-46"
"""An honest authority whose keys are not carried here."""
STALE_S = 90
"""Age of the stale presentation; one counts for 60 s."""
SHOP_TEXT = "https://laowang.example/coupons/8?table=12"
ZONES = ("Asia/Shanghai", "Asia/Urumqi")
NEAR_MIDNIGHT_S = 900
"""At midnight phone codes expire and the gate forgets; a demo just before stands in the next zone."""

_ORDER = Order(by="demo", reason="for the demonstration")
_STRETCH_LOG2 = 12
"""Of a random passphrase of 32 bytes, which nobody guesses: stretching it would only cost time."""
_COLOURS = {
    Specimen.YELLOW: Colour.YELLOW,
    Specimen.ALTERED: Colour.YELLOW,
    Specimen.ORANGE: Colour.ORANGE,
    Specimen.GREY: Colour.GREY,
}
_CARRIERS = {Specimen.PAPER: Carrier.PAPER, Specimen.CARD: Carrier.CARD}
_HOLDER_BOUND = frozenset({Specimen.LIVE, Specimen.STALE, Specimen.SCREENSHOT})


def site_zone(now: int) -> str:
    """Return the time zone the demo's site stands in at `now`: one without a midnight close ahead."""
    return next((zone for zone in ZONES if next_midnight(now, ZoneInfo(zone)) - now > NEAR_MIDNIGHT_S), ZONES[0])


@dataclass(frozen=True, slots=True)
class Holding:
    """What one person carries."""

    text: str = field(repr=False)
    """The code, `JKM1:…`, or the shop's text."""
    identity: CodeIdentity | None = None
    holder_key: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)
    """In the phone, where the code is bound to it."""


class Issuing:
    """Two authorities in `folder`, and what they issue. One publishes, the other nobody has heard of."""

    def __init__(self, folder: Path, repository: Path, now: int, zone: str, people: Sequence[Person]) -> None:
        """Make both authorities, and a federation that admits the one and releases to `repository`.

        Raises AuthorityError when the folder cannot be used.
        """
        self._repository = repository
        self._script = people
        self._home, self._stranger = (
            Authority.create(folder / issuer, issuer, passphrase(), now, timezone=zone, stretch_log2=_STRETCH_LOG2)
            for issuer in (HOME, STRANGER)
        )
        self._federation = Federation.create(folder / "federation", passphrase(), now, stretch_log2=_STRETCH_LOG2)
        self._region = self._home.region()
        self._federation.admit(HOME, self._region.add_key(now, order=_ORDER), now, order=_ORDER)
        self._honest_kid = next(key.kid for key in self._home.keys if Use.CODE in key.uses)
        self._stolen_kid = self._home.add_key(Use.CODE, now, order=_ORDER).kid
        self._stolen = False
        self._abroad = Abroad(now)
        for name, content in self._abroad.files():
            self._home.trust_foreign(name, content, now)
        self._holdings: dict[tuple[str, int], Holding] = {}
        self._shown_live: dict[str, str] = {}
        self._people = 0

    def close(self) -> None:
        """Close both authorities' registers."""
        self._federation.close()
        self._home.close()
        self._stranger.close()

    @property
    def root(self) -> bytes:
        """The root that the appliance is to trust."""
        return self._federation.roots[0]

    def issue_round(self, now: int) -> None:
        """Give everybody in the script new documents and codes, and release keys, lists and policy as of `now`."""
        self._shown_live.clear()
        for person in self._script:
            if person.same_code_as is None:
                for index, specimen in enumerate(person.specimens):
                    if specimen is not Specimen.REVOKED_KEY or not self._stolen:  # the thief keeps what was signed
                        self._holdings[person.key, index] = self._make(specimen, person.names[index], now)
        if not self._stolen:
            self._home.revoke_key(self._stolen_kid, Order(by="demo", reason="stolen"), now)
            self._stolen = True
        policy = f'issuer = "{HOME}"\nissued_at = {now}\n'.encode() + with_rows(default_policy())
        self._region.publish(self._repository, self._home.publication(now, policy=policy))
        self._federation.release(self._repository, now)

    def texts(self, person: Person, now: int) -> tuple[str, ...]:
        """Return what `person` shows at `now`, in seconds: presentations are made this moment."""
        return tuple(self._text(person, index, specimen, now) for index, specimen in enumerate(person.specimens))

    def _text(self, person: Person, index: int, specimen: Specimen, now: int) -> str:
        if specimen is Specimen.REPLAYED:
            return self._shown_live[person.same_code_as or person.key]
        holding = self._holdings[person.same_code_as or person.key, index]
        if holding.holder_key is None or specimen is Specimen.SCREENSHOT:
            return holding.text
        live = present(holding.text, holding.holder_key, now - STALE_S if specimen is Specimen.STALE else now)
        self._shown_live[person.key] = live
        return live

    def _make(self, specimen: Specimen, name: str, now: int) -> Holding:
        if specimen is Specimen.SHOP:
            return Holding(SHOP_TEXT)
        foreign = self._abroad.text(specimen, self._people)
        if foreign is not None:
            self._people += 1
            if specimen is Specimen.FRENCH_REVOKED:
                self._home.revoke_foreign("FR", revoking(foreign), now)
            return Holding(foreign)
        genuine = self._issue(specimen, name, now)
        match specimen:
            case Specimen.RED if genuine.identity is not None:
                self._home.set_colour(genuine.identity, Colour.RED, _ORDER, now)
            case Specimen.REVOKED if genuine.identity is not None:
                self._home.revoke(genuine.identity, _ORDER, now)
            case Specimen.FORGED:
                return Holding(forged(genuine.text, ec.generate_private_key(ec.SECP256R1())))
            case Specimen.ALTERED:  # yellow is 1 and green 0: one bit
                return Holding(repainted(genuine.text, Colour.GREEN))
            case _:
                pass
        return genuine

    def _issue(self, specimen: Specimen, name: str, now: int) -> Holding:
        holder_key = ec.generate_private_key(ec.SECP256R1()) if specimen in _HOLDER_BOUND else None
        self._people += 1
        request = CodeRequest(
            name=name,
            document_number=_document_number(self._people),
            carrier=_CARRIERS.get(specimen, Carrier.PHONE),
            colour=_COLOURS.get(specimen),
            order=_ORDER,
            holder_key=None if holder_key is None else holder_key.public_key(),
        )
        match specimen:
            case Specimen.EXPIRED:
                request = replace(request, issued_at=now - 86_400, expires_at=now - 3600)
            case Specimen.NOT_YET_VALID:
                request = replace(request, not_before=now + 3600, expires_at=now + 7200)
            case _:
                pass
        if specimen is Specimen.UNKNOWN_ISSUER:
            code = self._stranger.issue(request, now)
        else:
            kid = self._stolen_kid if specimen is Specimen.REVOKED_KEY else self._honest_kid
            code = self._home.issue(replace(request, signing_key=kid), now)
        return Holding(code.text, code.identity, holder_key)


def masked(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names as phones show them: surname and stars."""
    return tuple(mask_name(name) for name in names)


def passphrase() -> bytes:
    """Return a passphrase for a demonstration, which nobody learns."""
    return secrets.token_hex(32).encode()


def _document_number(person: int) -> str:
    """Invent a resident ID: of a county that does not exist, so that it is nobody's."""
    digits = f"339999{1940 + person // 1000}0307{person % 1000:03d}"
    return digits + check_character(digits)
