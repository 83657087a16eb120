"""A folder of specimens for `checkpoint verify`: a health code and other issuers' credentials, and whom to believe.

    codes.txt        five good codes, one text a line: a health code, French, Japanese, New Zealand's, Californian
    refused.txt      four that must not pass: repainted, revoked, altered, and a card by a stranger's key
    NAME.png         each as a QR code, to be shown to a camera
    published/       trust, status lists and foreign trust, as the authority publishes them

The issuers are made for the folder and vouch for nobody; of their private keys nothing is left.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from authority import qr
from authority.records import Order
from authority.request import CodeRequest
from authority.store import Authority
from demo.abroad import Abroad, revoking
from demo.issuing import HOME, ZONES, passphrase
from demo.people import Specimen
from demo.specimens import repainted
from keys.verdict import Carrier, Colour

CODES: Final = "codes.txt"
REFUSED: Final = "refused.txt"
PUBLISHED: Final = "published"
_ORDER: Final = Order(by="demo", reason="a specimen")
_PAPER_S: Final = 30 * 86_400
_ABROAD: Final = {
    "french": Specimen.FRENCH,
    "japanese": Specimen.JAPANESE,
    "new-zealand": Specimen.NEW_ZEALAND,
    "californian": Specimen.CALIFORNIAN,
}


@dataclass(frozen=True, slots=True)
class Specimens:
    """Texts by name, in the order in which they are written."""

    good: Mapping[str, str]
    refused: Mapping[str, str]


def write(folder: Path, now: int) -> Specimens:
    """Write a folder of specimens as of `now`, seconds since 1970 UTC. Raises OSError, AuthorityError."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="checkpoint-specimens-") as private:
        made = _make(Path(private), folder / PUBLISHED, now)
    for name, texts in ((CODES, made.good), (REFUSED, made.refused)):
        (folder / name).write_text("".join(f"{text}\n" for text in texts.values()), encoding="utf-8")
        for which, text in texts.items():
            (folder / f"{which}.png").write_bytes(qr.png(text, scale=4))
    return made


def _make(private: Path, published: Path, now: int) -> Specimens:
    abroad, strangers = Abroad(now), Abroad(now)
    home = Authority.create(private / HOME, HOME, passphrase(), now, timezone=ZONES[0], stretch_log2=4)
    try:
        for name, content in abroad.files():
            home.trust_foreign(name, content, now)
        request = CodeRequest(
            name="张小三",
            document_number="11010519491231002X",
            carrier=Carrier.PAPER,
            colour=Colour.YELLOW,
            order=_ORDER,
            expires_at=now + _PAPER_S,
        )
        code = home.issue(request, now)
        good = {"health-code": code.text, **dict(_texts(abroad))}
        revoked = abroad.text(Specimen.FRENCH_REVOKED, len(good)) or ""
        home.revoke_foreign("FR", revoking(revoked), now)
        home.publish(published, now)
    finally:
        home.close()
    return Specimens(
        good,
        {
            "health-code-repainted": repainted(code.text, Colour.GREEN),
            "french-revoked": revoked,
            "japanese-altered": good["japanese"].replace("SUZUKI", "SUZUKA"),
            "californian-by-a-stranger": dict(_texts(strangers))["californian"],
        },
    )


def _texts(abroad: Abroad) -> Iterator[tuple[str, str]]:
    for number, (name, specimen) in enumerate(_ABROAD.items(), start=1):
        yield name, abroad.text(specimen, number) or ""
