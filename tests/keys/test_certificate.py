"""Certificates of foreign signers: read or refused, whatever stands in them, and issued by whom they say."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from demo.foreign_issuers import new_key
from keys import der
from keys.certificate import is_issued_by, read_certificate
from keys.errors import DerError
from keys.jwk import write_base64url
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verifier import Verifier
from tests.keys.realm import NOW

NAME = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP")])
AUTHORITY_KEY = rsa.generate_private_key(65537, 2048)
SHA256, SHA512 = hashes.SHA256(), hashes.SHA512()


def certified(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    digest: hashes.HashAlgorithm = SHA256,
    pss: padding.PSS | None = None,
    *,
    authority: bool = False,
) -> bytes:
    """A certificate of `key` under the authority's."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.datetime.fromtimestamp(NOW - 99, datetime.UTC))
        .not_valid_after(datetime.datetime.fromtimestamp(NOW + 99, datetime.UTC))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return builder.sign(AUTHORITY_KEY, digest, rsa_padding=pss).public_bytes(Encoding.DER)


AUTHORITY = read_certificate(certified(AUTHORITY_KEY, authority=True))
SIGNER_KEY = new_key()


def pss(digest: hashes.HashAlgorithm, salt: int) -> padding.PSS:
    return padding.PSS(padding.MGF1(digest), salt)


# Elements as trees: a tag, and its content as bytes or as further elements.
Tree = tuple[int, "bytes | list[Tree]"]
STRANGE: tuple[Tree | None, ...] = (
    None,  # left out
    (der.SEQUENCE, b""),
    (der.SEQUENCE, b"\x30\x00"),
    (der.SET, b""),
    (der.OID, b""),
    (der.OID, b"\x2a"),
    (der.INTEGER, b"\xff" * 40),
    (der.BIT_STRING, b""),
    (der.OCTET_STRING, b"\x30\x00"),
    (der.UTC_TIME, b"x"),
    (0x05, b""),
    (0xA0, b""),
    (0xA0, b"\x30\x00"),
    (0xA3, b"\x30\x02\x30\x00"),
)


def tree(data: bytes) -> Tree:
    element = der.read(data)
    if not element.tag & 0x20:
        return element.tag, element.content
    inside = der.members(element, element.tag)
    return element.tag, [tree(each.whole) for each in inside]


def written(element: Tree) -> bytes:
    content = element[1] if isinstance(element[1], bytes) else b"".join(map(written, element[1]))
    length = len(content).to_bytes(2, "big")
    return bytes((element[0], 0x82)) + length + content


def changed(element: Tree) -> Iterator[bytes]:
    """Every writing of `element` in which one element, at any depth, is something strange."""
    tag, content = element
    if isinstance(content, bytes):
        return
    for place, inside in enumerate(content):
        before, after = b"".join(map(written, content[:place])), b"".join(map(written, content[place + 1 :]))
        instead = [b"" if strange is None else written(strange) for strange in STRANGE]
        for each in (*instead, *changed(inside)):
            yield written((tag, before + each + after))


@pytest.mark.parametrize("scheme", [None, pss(SHA256, 32)], ids=["PKCS #1", "PSS"])
def test_whatever_stands_in_a_certificate_it_is_read_or_refused_and_none_is_issued_by_an_authority_that_did_not(
    scheme: padding.PSS | None,
) -> None:
    genuine = certified(SIGNER_KEY, SHA256, scheme)
    assert is_issued_by(read_certificate(genuine), AUTHORITY)
    refused = 0
    for data in changed(tree(genuine)):
        try:
            certificate = read_certificate(data)
        except DerError:
            refused += 1
            continue
        issued = is_issued_by(certificate, AUTHORITY)
        assert not issued or certificate.signed == read_certificate(genuine).signed
    assert refused > 100


def test_a_seal_whose_certificate_has_a_key_of_no_algorithm_is_malformed() -> None:
    """Anybody can write it: nothing of it is proved when its certificate is read."""
    body, *rest = tree(certified(SIGNER_KEY))[1]
    fields = list(body[1])
    assert isinstance(fields[6][1], list)
    fields[6] = (der.SEQUENCE, [(der.SEQUENCE, b""), fields[6][1][1]])
    certificate = written((der.SEQUENCE, [(body[0], fields), *rest]))
    seal = {
        "data": {"hdr": {"is": "JPN", "t": "icao.vacc", "v": 1}, "msg": {}},
        "sig": {"alg": "ES256", "cer": write_base64url(certificate), "sigvl": "AA"},
    }
    verdict = Verifier(TrustList(()), StatusLists()).verify(json.dumps(seal), NOW)
    assert verdict.reason is Reason.MALFORMED


@pytest.mark.parametrize(("digest", "salt"), [(SHA256, 32), (SHA256, 20), (SHA256, 222), (SHA512, 64), (SHA512, 0)])
def test_a_certificate_signed_by_pss_is_verified_by_the_digest_and_the_salt_that_it_names(
    digest: hashes.HashAlgorithm, salt: int
) -> None:
    certificate = read_certificate(certified(SIGNER_KEY, digest, pss(digest, salt)))
    assert is_issued_by(certificate, AUTHORITY)
    stranger = rsa.generate_private_key(65537, 1024)
    assert not is_issued_by(certificate, read_certificate(certified(stranger, authority=True)))
