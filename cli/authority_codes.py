"""`checkpoint authority issue`, `present`, `set-colour`, `revoke`: what happens to people's codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer
from cryptography.hazmat.primitives.asymmetric import ec

from authority.codes import read_identity, registered_code
from authority.records import Order, RegisteredCode
from authority.register import Register
from cli.authority_options import (
    AsJson,
    At,
    By,
    Folder,
    PassphraseFd,
    PassphraseFile,
    Png,
    Scale,
    Why,
    draw,
    line,
    now,
    opened,
    passphrase,
    reported,
)
from cli.errors import fail
from keys.key_file import read_private
from keys.presentation import present as present_code
from keys.verdict import Colour

ColourName: TypeAlias = Literal["green", "yellow", "orange", "red", "grey"]
CarrierName: TypeAlias = Literal["phone", "paper", "card"]
DocumentName: TypeAlias = Literal[
    "resident-id", "passport", "hk-macao-permit", "taiwan-permit", "foreign-permanent-residence", "other"
]
GroupName: TypeAlias = Literal["courier", "medical-staff", "driver", "student", "minor-with-guardian"]
Code = Annotated[str, typer.Argument(help="Which code: its code_id, or list and index, such as 1/7.")]

_HOLDER = "Passphrase of the holder's key"


def present(
    code: Annotated[str, typer.Argument(help="The JKM1 text; - reads it from standard input.")],
    *,
    holder_key: Annotated[Path, typer.Option(help="The phone's key, made by issue --make-holder-key.")],
    at: At = None,
    png: Png = None,
    scale: Scale = 8,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Show a code as its holder's phone would: the JKP1 text, good for a minute.

    Example: checkpoint authority present - --holder-key phone.pem --png live.png < code.txt
    """
    text = sys.stdin.readline().rstrip("\r\n") if code == "-" else code
    moment = now() if at is None else at
    with reported():
        private = read_private(holder_key, passphrase(passphrase_file, passphrase_fd, what=_HOLDER))
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            fail(f"{holder_key} holds no P-256 key, which a phone's is")
        try:
            shown = present_code(text, private, moment)
        except ValueError as error:
            fail(f"this cannot be presented: {error}")
    draw(png, shown, scale)
    if as_json:
        line({"presentation": shown, "presented_at": moment, "png": None if png is None else str(png)})
    else:
        print(shown)


def set_colour(
    folder: Folder,
    code: Code,
    colour: Annotated[ColourName, typer.Argument(help="The new colour.")],
    *,
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Give a person another colour, on every code of theirs; gates learn of it from the next lists.

    Example: checkpoint authority set-colour zhejiang 1/7 red --by "Officer Li" --reason "contact of case 12"
    """
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        identity = authority.identity(code)
        changed = authority.set_colour(identity, Colour[member(colour)], Order(by=by, reason=reason), now())
    for each in changed:
        if as_json:
            line({"code_id": str(each), "colour": colour})
        else:
            print(f"{each} is {colour} from the next lists on.")


def revoke(
    folder: Folder,
    code: Code,
    *,
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Revoke one code, for good; the person's other codes stay.

    Example: checkpoint authority revoke zhejiang 1/7 --by "Officer Li" --reason "phone reported stolen"
    """
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        identity = authority.identity(code)
        authority.revoke(identity, Order(by=by, reason=reason), now())
    if as_json:
        line({"code_id": str(identity), "revoked": True})
    else:
        print(f"{identity} is revoked from the next lists on.")


def registered(register: Register, code: str) -> tuple[str, RegisteredCode]:
    """Return a code's whole id and what the register knows of it. Raises RequestError, UnknownCodeError."""
    issuer = register.setting("issuer")
    identity = read_identity(issuer, code)
    return str(identity), registered_code(register, issuer, identity)


def key_id_of(text: str) -> bytes:
    """Read a key id of 16 hexadecimal digits, or end the command."""
    try:
        kid = bytes.fromhex(text)
    except ValueError:
        kid = b""
    if len(kid) != 8:
        fail(f"{text!r} is no key id, which has 16 hexadecimal digits; authority show lists them", 2)
    return kid


def member(name: str) -> str:
    """Return the name of an enum's member that an option's word stands for."""
    return name.upper().replace("-", "_")
