import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority.errors import FolderError, RepositoryError
from authority.repository.role_keys import RoleKey, RoleKeys


@given(st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=60))
def test_a_public_half_survives_its_file(tmp_path_factory: pytest.TempPathFactory, public: bytes, holder: str) -> None:
    path = tmp_path_factory.getbasetemp() / "public.json"
    try:
        key = RoleKey(public, holder)
    except RepositoryError:
        assert not holder.strip() or not holder.isprintable()
        return
    path.write_bytes(key.to_file())
    assert RoleKey.from_file(path) == key
    assert RoleKey.of_tuf(key.as_tuf()) == key


def alter(fields: dict[str, object], **changes: object) -> bytes:
    return json.dumps({**fields, **changes}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"keyid": "00" * 32},
        {"keytype": "rsa"},
        {"scheme": "ecdsa-sha2-nistp256"},
        {"keyval": {"public": "00"}},
        {"keyval": {"public": 7}},
        {"keyval": []},
        {"holder": "Anna\n(0011aabbccdd)"},
        {"holder": "x" * 61},
    ],
)
def test_what_is_no_public_half_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    path = tmp_path / "public.json"
    path.write_bytes(alter(json.loads(RoleKey(bytes(32), "Anna").to_file()), **changes))
    with pytest.raises(RepositoryError):
        RoleKey.from_file(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"[" * 4000, b" " * 5000])
def test_another_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "public.json"
    path.write_bytes(content)
    with pytest.raises(RepositoryError, match=r"public\.json"):
        RoleKey.from_file(path)


def test_a_key_file_under_anothers_name_signs_nothing(tmp_path: Path) -> None:
    keys = RoleKeys(tmp_path, b"passphrase")
    first, second = keys.make("Anna"), keys.make("Bob")
    (tmp_path / f"role-{first.key_id}.pem").replace(tmp_path / f"role-{second.key_id}.pem")
    with pytest.raises(FolderError, match="does not belong"):
        RoleKeys(tmp_path, b"passphrase").signer(second.key_id)
