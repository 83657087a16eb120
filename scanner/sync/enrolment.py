"""Joining a hub: the device's key never leaves the box; its public half and the token do, to the pinned hub only."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.journal.device import Device
from scanner.sync.errors import HubDoubtedError
from scanner.sync.line import GRACE_S, SILENCE_S, HubLine
from scanner.sync.membership import REPOSITORY, Membership
from scanner.sync.offer import Offer

_Lane = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,16}$")]


class Joined(BaseModel):
    """What the hub answers (201). Read strictly; unknown keys are left alone, for newer hubs."""

    model_config = ConfigDict(strict=True, frozen=True)

    device: str = Field(pattern=r"^[0-9a-f]{32}$")
    site: str = Field(max_length=80)
    lanes: list[_Lane] = Field(max_length=16)
    repository: str
    root_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    hub_key: str = Field(pattern=r"^[A-Za-z0-9_-]{43}=?$")


def join(offer: Offer, device: Device, software: str, timezone: str) -> tuple[Joined, Membership]:
    """Redeem the offer's token for this device; the same may be asked again within the token's time.

    `timezone`: of the site, by whose days the hub counts its people.

    Raises HubError: no line, refused (410: the token is used or has expired), or an answer that is not for this
    device and root.
    """
    token, public = _base64url(offer.token), _base64url(device.public_key.public_bytes_raw())
    proof = device.key.sign(f"checkpoint enrolment\n{token}\n{public}".encode())
    told = {"software": software, "timezone": timezone}
    body = {"token": token, "public_key": public, "proof": _base64url(proof), **told}
    line = HubLine(offer.url, offer.pin, now=time.time, silence_s=SILENCE_S, grace_s=GRACE_S)
    try:
        headers = {"Content-Type": "application/json"}
        answer = line.exchange("POST", f"{line.base}/v1/enrolments", json.dumps(body).encode(), headers)
    finally:
        line.close()
    joined = _read(answer.body, offer, device)
    return joined, Membership(offer.url, offer.pin, _key(joined.hub_key), joined.site)


def _read(body: bytes, offer: Offer, device: Device) -> Joined:
    try:
        joined = Joined.model_validate_json(body)
    except ValidationError as error:
        raise HubDoubtedError(f"{offer.url} answers with something else: {error.error_count()} fields") from None
    if not joined.site.isprintable():
        raise HubDoubtedError(f"{offer.url} gives this place a name that cannot be shown")
    if joined.device != device.id.hex():
        raise HubDoubtedError(f"{offer.url} enrolled {joined.device}, which is not this appliance")
    if joined.root_sha256 != offer.root_sha256.hex():
        raise HubDoubtedError(f"{offer.url} names another trust root than the code that was shown")
    if joined.repository.strip("/") != REPOSITORY:
        raise HubDoubtedError(f"{offer.url} keeps its repository at {joined.repository!r}; update this appliance")
    return joined


def _key(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(text.rstrip("=") + "="))
    except (ValueError, Base64Error):
        raise HubDoubtedError("the hub's key is none") from None


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
