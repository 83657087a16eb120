import os
from pathlib import Path

import pytest

from authority.errors import PassphraseError
from authority.passphrase import ask_passphrase, passphrase_from_descriptor, passphrase_from_file, refuse_short


def private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    "content", [b"open sesame", b"open sesame\n", b"open sesame\r\n", b"open sesame\nsecond line\n"]
)
def test_the_first_line_of_a_file_counts(tmp_path: Path, content: bytes) -> None:
    assert passphrase_from_file(private(tmp_path / "p", content)) == b"open sesame"


def test_blanks_belong_to_the_passphrase(tmp_path: Path) -> None:
    assert passphrase_from_file(private(tmp_path / "p", b" two  words \n")) == b" two  words "


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 2000])
def test_an_empty_or_endless_passphrase_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PassphraseError):
        passphrase_from_file(private(tmp_path / "p", content))


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = private(tmp_path / "p", b"open sesame")
    path.chmod(0o640)
    with pytest.raises(PassphraseError, match="chmod 600") as caught:
        passphrase_from_file(path)
    assert "sesame" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PassphraseError, match="nothing-here"):
        passphrase_from_file(tmp_path / "nothing-here")


def test_an_inherited_descriptor_hands_it_over_in_pieces() -> None:
    reader, writer = os.pipe()
    for piece in (b"open ", b"ses", b"ame\n"):
        os.write(writer, piece)
    os.close(writer)
    assert passphrase_from_descriptor(reader) == b"open sesame"
    os.close(reader)


def test_a_descriptor_that_is_not_open_is_named() -> None:
    with pytest.raises(PassphraseError, match="descriptor 987"):
        passphrase_from_descriptor(987)


def test_without_a_terminal_nobody_is_asked() -> None:
    with pytest.raises(PassphraseError, match="no terminal"):
        ask_passphrase("Passphrase", new=False)


@pytest.mark.parametrize(("passphrase", "short"), [("7 chars", True), ("8 chars!", False), ("一二三四五六七", True)])
def test_a_new_passphrase_is_measured_in_characters(passphrase: str, short: bool) -> None:
    if short:
        with pytest.raises(PassphraseError, match="at least 8"):
            refuse_short(passphrase.encode())
    else:
        refuse_short(passphrase.encode())
