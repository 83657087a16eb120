"""`checkpoint authority issue`, `present`, `set-colour`, `revoke`: what happens to people's codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from authority.codes import read_identity, registered_code
from authority.errors import AuthorityError
from authority.passphrase import refuse_short
from authority.records import Order, RegisteredCode
from authority.register import Register
from authority.request import CodeRequest
from cli.authority_options import (
    AsJson,
    At,
    By,
    Folder,
    Moment,
    PassphraseFd,
    PassphraseFile,
    Png,
    Scale,
    Why,
    draw,
    in_words,
    line,
    now,
    opened,
    passphrase,
    reported,
)
from cli.errors import fail
from keys.key_file import read_private, write_private
from keys.presentation import present as present_code
from keys.verdict import Carrier, Colour, DocumentType, Group

ColourName: TypeAlias = Literal["green", "yellow", "orange", "red", "grey"]
CarrierName: TypeAlias = Literal["phone", "paper", "card"]
DocumentName: TypeAlias = Literal[
    "resident-id", "passport", "hk-macao-permit", "taiwan-permit", "foreign-permanent-residence", "other"
]
GroupName: TypeAlias = Literal["courier", "medical-staff", "driver", "student", "minor-with-guardian"]
Code = Annotated[str, typer.Argument(help="Which code: its code_id, or list and index, such as 1/7.")]

_HOLDER = "Passphrase of the holder's key"


def issue(
    folder: Folder,
    *,
    name: Annotated[
        str | None, typer.Option(help="Full name; the code shows surname and stars. Asked for if not given.")
    ] = None,
    document: Annotated[
        str | None, typer.Option(help="Full document number; the code shows its last two characters. Asked for too.")
    ] = None,
    document_type: DocumentName = "resident-id",
    carrier: CarrierName = "phone",
    colour: Annotated[ColourName | None, typer.Option(help="Default: the person's; green for a new person.")] = None,
    region: Annotated[str | None, typer.Option(help="GB/T 2260 prefix; default: the whole issuing region.")] = None,
    colour_reason: Annotated[int | None, typer.Option(help="Code from the authority's published table.")] = None,
    colour_until: Annotated[
        int | None, typer.Option(help="Day number since 1970 when the colour is due to end.")
    ] = None,
    group: GroupName | None = None,
    issued_at: Moment = None,
    not_before: Moment = None,
    expires_at: Moment = None,
    key: Annotated[str | None, typer.Option(help="Sign with this key id instead of the newest.")] = None,
    holder_key: Annotated[
        Path | None, typer.Option(help="Bind the code to this key: a public PEM, or a key made here.")
    ] = None,
    make_holder_key: Annotated[
        Path | None, typer.Option(help="Make a key for the phone in this file and bind the code to it.")
    ] = None,
    holder_passphrase_file: PassphraseFile = None,
    by: Annotated[str | None, typer.Option("--by", help="Who ordered the colour, where it is a change.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why.")] = None,
    png: Png = None,
    scale: Scale = 8,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Issue a code: its text on standard output, and a PNG if you like.

    A phone's code lives until the next midnight and keeps its index when issued again. Paper and cards live 180 days,
    and a re-issue voids the one before. Arguments can be seen by every user of this machine: leave out --name and
    --document to be asked for them.

    Example: checkpoint authority issue zhejiang --name 张小三 --document 11010519491231002X --png code.png
    """
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        request = CodeRequest(
            name=_told(name, "--name", "Name"),
            document_number=_told(document, "--document", "Document number"),
            document_type=DocumentType[_member(document_type)],
            carrier=Carrier[_member(carrier)],
            colour=None if colour is None else Colour[_member(colour)],
            order=_order(by, reason),
            region=region,
            colour_reason=colour_reason,
            colour_until=colour_until,
            group=None if group is None else Group[_member(group)],
            holder_key=_holder(holder_key, make_holder_key, holder_passphrase_file),
            issued_at=issued_at,
            not_before=not_before,
            expires_at=expires_at,
            signing_key=None if key is None else key_id_of(key),
        )
        try:
            issued = authority.issue(request, now())
        except AuthorityError:
            if make_holder_key is not None:
                make_holder_key.unlink(missing_ok=True)
            raise
    draw(png, issued.text, scale)
    if as_json:
        line(
            {
                "code": issued.text,
                "code_id": str(issued.identity),
                "colour": issued.colour.name.lower(),
                "kid": issued.kid.hex(),
                "issued_at": issued.issued_at,
                "expires_at": issued.expires_at,
                "replaced": [str(identity) for identity in issued.replaced],
                "png": None if png is None else str(png),
            }
        )
        return
    print(issued.text)
    voided = "".join(f"; voids {identity}" for identity in issued.replaced)
    print(
        f"{issued.identity}: {issued.colour.name.lower()}, until {in_words(issued.expires_at)}{voided}", file=sys.stderr
    )


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
        changed = authority.set_colour(identity, Colour[_member(colour)], Order(by=by, reason=reason), now())
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


def _member(name: str) -> str:
    return name.upper().replace("-", "_")


def _told(given: str | None, option: str, what: str) -> str:
    if given is not None:
        return given
    if not sys.stdin.isatty():
        fail(f"{option} is needed, for there is no terminal to ask on", 2)
    return input(f"{what}: ")


def _order(by: str | None, reason: str | None) -> Order | None:
    if by is None and reason is None:
        return None
    return Order(by=by or "", reason=reason or "")


def _holder(given: Path | None, to_make: Path | None, passphrase_file: Path | None) -> ec.EllipticCurvePublicKey | None:
    """Return the public half of the phone's key: of a public PEM, of a key file of ours, or of one made now."""
    if given is not None and to_make is not None:
        fail("give --holder-key or --make-holder-key, not both", 2)
    if to_make is not None:
        secret = passphrase(passphrase_file, None, what=_HOLDER, new=True)
        refuse_short(secret)
        made = ec.generate_private_key(ec.SECP256R1())
        write_private(to_make, made, secret)
        return made.public_key()
    if given is None:
        return None
    try:
        content = given.read_bytes()
        public = load_pem_public_key(content) if b"-----BEGIN PUBLIC KEY-----" in content else None
    except OSError as error:
        fail(f"{given} cannot be read: {error.strerror}")
    except (ValueError, UnsupportedAlgorithm):
        fail(f"{given} is no public key in PEM")
    if public is None:
        public = read_private(given, passphrase(passphrase_file, None, what=_HOLDER)).public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        fail(f"{given} holds no P-256 key, which a phone's is")
    return public
