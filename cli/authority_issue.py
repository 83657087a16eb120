"""`checkpoint authority issue`: a code for one person or for every row of a file, as text, picture or sheet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from authority import qr
from authority.bulk_issue import COLUMNS, Issued
from authority.csv_file import Fault, read_rows
from authority.errors import AuthorityError
from authority.paper.folder import RESULT_FILE, IssueFolder
from authority.paper.sheet import Paper, Print, Sheet, check_ask
from authority.passphrase import refuse_short
from authority.records import Order
from authority.request import CodeRequest, IssuedCode
from cli.authority_changes import given, refuse_two_readers
from cli.authority_codes import ColourName, key_id_of, member
from cli.authority_options import (
    AsJson,
    Folder,
    Moment,
    PassphraseFd,
    PassphraseFile,
    Png,
    Scale,
    draw,
    in_words,
    line,
    now,
    opened,
    passphrase,
    put,
    reported,
)
from cli.errors import fail
from cli.progress import Progress
from keys.key_file import read_private, write_private
from keys.verdict import Carrier, Colour, DocumentType, Group

CarrierName: TypeAlias = Literal["phone", "paper", "card"]
DocumentName: TypeAlias = Literal[
    "resident-id", "passport", "hk-macao-permit", "taiwan-permit", "foreign-permanent-residence", "other"
]
GroupName: TypeAlias = Literal["courier", "medical-staff", "driver", "student", "minor-with-guardian"]

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
    svg: Annotated[Path | None, typer.Option("--svg", help="Draw it into this SVG file too, 62 mm wide.")] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Write a sheet for the printer (HTML); for paper and cards.")
    ] = None,
    paper: Annotated[
        Literal["a6", "a4"] | None, typer.Option(help="A4 has room for four. Default: a6 for one, a4 for a file.")
    ] = None,
    ask: Annotated[str | None, typer.Option(help="Whom to ask and appeal to, as the sheet shall say it.")] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="Issue to every row of this CSV file; - reads standard input.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A new folder for what --from makes.")] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Issue a code: its text on standard output, and a picture or a sheet if you like; or one for each row of a file.

    A phone's code lives until the next midnight and keeps its index when issued again. Paper and cards live 180 days,
    and a re-issue voids the one before. Arguments can be seen by every user of this machine: leave out --name and
    --document to be asked for them.

    The columns of a file are name, document, type, carrier, colour, region, colour_reason, colour_until, group and
    reason; what a row does not say is taken from the options. --out gets result.csv, with the code or the error of each
    row, and the sheets in files for the printer.

    Example: checkpoint authority issue zhejiang --name 张小三 --document 11010519491231002X --png code.png
    """
    pictures = Pictures(png, scale, svg, sheet)
    with reported():
        check_ask(ask)
        common = CodeRequest(
            name="",
            document_number="",
            document_type=DocumentType[member(document_type)],
            carrier=Carrier[member(carrier)],
            colour=None if colour is None else Colour[member(colour)],
            # The rows of a file may have reasons of their own.
            order=None if reason is None and (by is None or source is not None) else Order(by or "", reason or ""),
            region=region,
            colour_reason=colour_reason,
            colour_until=colour_until,
            group=None if group is None else Group[member(group)],
            issued_at=issued_at,
            not_before=not_before,
            expires_at=expires_at,
            signing_key=None if key is None else key_id_of(key),
        )
    if source is not None:
        of_one = (name, document, holder_key, make_holder_key, png, svg, sheet)
        if out is None or any(option is not None for option in of_one):
            fail("--from needs --out, and goes without what is for one code: name, document, keys and pictures", 2)
        refuse_two_readers(source, passphrase_fd)
        with given(source) as stream, opened(folder, passphrase_file, passphrase_fd) as authority:
            batches = authority.issue_all(read_rows(stream, source, COLUMNS), common, by, now)
            into = IssueFolder(out, Print(Paper(paper or "a4"), authority.zone, ask))
            bad = _issue_all(batches, into, out, as_json=as_json)
        raise typer.Exit(1 if bad else 0)
    if out is not None:
        fail("--out is for the codes of a file; name the file with --from", 2)
    if sheet is not None and common.carrier is Carrier.PHONE:
        fail("a phone's code is not printed on a sheet; add --carrier paper or --carrier card", 2)
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        request = replace(
            common,
            name=_told(name, "--name", "Name"),
            document_number=_told(document, "--document", "Document number"),
            holder_key=_holder(holder_key, make_holder_key, holder_passphrase_file),
        )
        try:
            issued = authority.issue(request, now())
        except AuthorityError:
            if make_holder_key is not None:
                make_holder_key.unlink(missing_ok=True)
            raise
        # First the text: it is not lost where a picture cannot be written.
        _tell(issued, pictures, as_json=as_json)
        pictures.draw(issued.text, Print(Paper(paper or "a6"), authority.zone, ask))


@dataclass(frozen=True, slots=True)
class Pictures:
    """What is drawn of one code, and where to."""

    png: Path | None
    scale: int
    svg: Path | None
    sheet: Path | None

    def draw(self, text: str, printing: Print) -> None:
        """Write what is asked for. Whoever has a static code's picture has the code."""
        draw(self.png, text, self.scale)
        if self.svg is not None:
            put(self.svg, qr.svg(text).encode())
        if self.sheet is not None:
            put(self.sheet, printing.file([Sheet.of(text)]).encode())


def _tell(issued: IssuedCode, pictures: Pictures, *, as_json: bool) -> None:
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
                "png": None if pictures.png is None else str(pictures.png),
                "svg": None if pictures.svg is None else str(pictures.svg),
                "sheet": None if pictures.sheet is None else str(pictures.sheet),
            }
        )
        return
    print(issued.text)
    voided = "".join(f"; voids {identity}" for identity in issued.replaced)
    print(
        f"{issued.identity}: {issued.colour.name.lower()}, until {in_words(issued.expires_at)}{voided}", file=sys.stderr
    )


def _issue_all(batches: Iterator[tuple[Issued | Fault, ...]], into: IssueFolder, folder: Path, *, as_json: bool) -> int:
    """Write what becomes of the rows, say how far it is, and return how many are bad."""
    issued = bad = 0
    with Progress(sys.stderr) as progress:
        for batch in batches:
            into.put(batch)
            faults = sum(isinstance(each, Fault) for each in batch)
            bad += faults
            issued += len(batch) - faults
            progress.tell(f"issued {issued:,}" + (f", bad {bad:,}" if bad else ""))
    if as_json:
        line({"folder": str(folder), "issued": issued, "bad": bad})
    else:
        print(f"{issued} codes were issued into {folder}; {bad} rows are bad. {folder / RESULT_FILE} tells about each.")
    return bad


def _told(given: str | None, option: str, what: str) -> str:
    if given is not None:
        return given
    if not sys.stdin.isatty():
        fail(f"{option} is needed, for there is no terminal to ask on", 2)
    return input(f"{what}: ")


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
