"""Five visitors' credentials, by test issuers of our own: two French, Japanese, New Zealand's, and a Californian card.

One of the French is revoked; whoever publishes the home region's lists says so. The issuers' keys, and the rules that
the site takes vaccinations by, are published by the demo's home region like any other region's foreign trust.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives.serialization import Encoding

from demo.foreign_issuers import CardIssuer, CertificateIssuer, PassIssuer, SealIssuer, person, vaccination
from demo.people import Specimen
from keys import eu_dcc
from keys.hash_list import HashKind, hashes_of
from keys.json_bounded import JsonValue

RULES = "entry"
POLICY_ROWS = """
[[foreign]]
formats = ["HC1", "VDS-NC", "SHC"]
issuers = ["FR", "JPN", "https://california.example/issuer"]
rules = "entry"
residential = "accept"
workplace = "accept"
highway = "accept"
subway = "refer"
public_venue = "accept"

[[foreign]]
formats = ["NZCP"]
issuers = ["did:web:nzcp.example"]
rules = ""
residential = "accept"
workplace = "accept"
highway = "accept"
subway = "refer"
public_venue = "accept"

"""
_LAST_DOSE_DAYS = 60
_FIRST_DOSE_DAYS = 90


class Abroad:
    """Four foreign issuers at `now`, seconds since 1970 UTC."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._france = CertificateIssuer("FR", now)
        self._signer = self._france.certificate()
        self._japan = SealIssuer("JPN", "JP", now)
        self._authority = self._japan.authority()
        self._sealer = self._japan.signer(self._authority)
        self._zealand = PassIssuer("did:web:nzcp.example", now)
        self._california = CardIssuer("https://california.example/issuer")

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the files that a region publishes to have them believed: name and content."""
        yield "france.der", self._signer
        yield "japan.der", self._authority.public_bytes(Encoding.DER)
        yield "new-zealand.jwks.json", _json({"keys": [self._zealand.jwk()]})
        yield "california.jwks.json", _json({"keys": [self._california.jwk(iss=self._california.url)]})
        yield f"{RULES}.rules.json", _json([_two_doses()])

    def text(self, specimen: Specimen, number: int) -> str | None:
        """Return the text of visitor `number`'s credential; None for a specimen that is none of these."""
        born = f"{1970 + number % 30}-06-30"
        first, last = self._day(_FIRST_DOSE_DAYS), self._day(_LAST_DOSE_DAYS)
        match specimen:
            case Specimen.FRENCH:
                return self._french("Martin", "Claire", born, number)
            case Specimen.FRENCH_REVOKED:
                return self._french("Moreau", "Luc", born, number)
            case Specimen.JAPANESE:
                return self._japan.text(self._japan.data("SUZUKI  HANA", born, (first, last), number), self._sealer)
            case Specimen.NEW_ZEALAND:
                return self._zealand.text(self._zealand.claims("Walker", "Aroha", born, number))
            case Specimen.CALIFORNIAN:
                doses = {first: "208", last: "208"}
                card = self._california.payload("Rivera", "Maria", born, doses, self._now - 86_400)
                return self._california.text(card)
            case _:
                return None

    def _french(self, family: str, given: str, born: str, number: int) -> str:
        dose = vaccination(self._day(_LAST_DOSE_DAYS), ci=f"URN:UVCI:01:FR:SPECIMEN{number}#S")
        return self._france.text(self._signer, {**person(family, given, born), "v": [dose]})

    def _day(self, ago: int) -> str:
        return (datetime.datetime.fromtimestamp(self._now, datetime.UTC).date() - datetime.timedelta(ago)).isoformat()


def revoking(text: str) -> Mapping[HashKind, list[bytes]]:
    """Return by what a list of revoked certificates names the French one in `text`: in every way there is."""
    return {kind: [digest] for kind, digest in hashes_of(eu_dcc.read(text)).items()}


def with_rows(policy: bytes) -> bytes:
    """Return a policy file with the rows that say what these credentials mean at the demo's gate."""
    head, mark, tail = policy.partition(b"# One table a reason")
    return head + POLICY_ROWS.encode() + mark + tail


def _two_doses() -> JsonValue:
    return {
        "Identifier": "VR-CN-0001",
        "Type": "Acceptance",
        "Country": "CN",
        "Version": "1.0.0",
        "Engine": "CERTLOGIC",
        "CertificateType": "Vaccination",
        "Description": [
            {"lang": "en", "desc": "Two doses, the last one at least 14 and at most 270 days ago."},
            {"lang": "zh-CN", "desc": "须接种两剂，最后一剂距今不少于14天、不超过270天。"},
            {"lang": "zh-TW", "desc": "須接種兩劑，最後一劑距今不少於14天、不超過270天。"},
        ],
        "ValidFrom": "2020-01-01T00:00:00Z",
        "ValidTo": "2099-12-31T00:00:00Z",
        "Logic": {
            "and": [
                {">=": [{"var": "payload.v.0.dn"}, 2]},
                {
                    "not-after": [
                        {"plusTime": [{"var": "payload.v.0.dt"}, 14, "day"]},
                        {"plusTime": [{"var": "external.validationClock"}, 0, "day"]},
                        {"plusTime": [{"var": "payload.v.0.dt"}, 270, "day"]},
                    ]
                },
            ]
        },
    }


def _json(document: JsonValue) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
