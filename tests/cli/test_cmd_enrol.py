"""`checkpoint enrol` as a supervisor runs it, against a hub on a socket and before a camera."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from demo.guard import PINS, ROLES
from demo.virtual_camera import VirtualCamera
from keys.update import pinned_digest
from scanner.journal.device import device_id
from scanner.staff import Staff
from scanner.sync.membership import NAME, read_membership
from scanner.sync.offer import Offer, write_offer
from scanner.values import Role
from tests.cli.calling import Done, call
from tests.keys.update.servers import self_signed
from tests.scanner.journal.logs import DEVICE
from tests.scanner.sync.hub_server import WITNESS, Answer, HonestHub, Served, problem, served
from tests.world import SmallWorld

TOKEN = bytes(range(16))
SUPERVISOR = next(number for number, role in ROLES.items() if role is Role.SUPERVISOR)


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Desk:
    folder: Path
    world: SmallWorld
    line: Served
    offer: Offer

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def enrol(self, *more: str, text: str | None = None) -> Done:
        code = write_offer(self.offer) if text is None else text
        arguments = ["enrol", "-", "--yes", "--config", str(self.folder / "config.toml"), *more]
        return call(*arguments, given=code.encode() + b"\n")


def let_in(root: str, request: dict[str, str]) -> Answer:
    """Redeem the token as the agreement says."""
    raw = urlsafe_b64decode(request["public_key"] + "=")
    signed = f"checkpoint enrolment\n{request['token']}\n{request['public_key']}".encode()
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(urlsafe_b64decode(request["proof"] + "=="), signed)
    except InvalidSignature:
        return problem(401, "the proof does not hold")
    if request["token"] != base64url(TOKEN):
        return problem(410, "token spent", detail="this token is used or expired; make a new one")
    answer = {
        "device": device_id(Ed25519PublicKey.from_public_bytes(raw)).hex(),
        "site": "East gate",
        "lanes": ["main"],
        "repository": "/repository/",
        "root_sha256": root,
        "hub_key": base64url(WITNESS.public_key().public_bytes_raw()),
    }
    return Answer(201, json.dumps(answer).encode(), "application/json")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = SmallWorld(tmp_path, "CN-33", int(time.time()))
    world.found()
    world.release(world.now - 60)
    shutil.rmtree(world.kept)
    text = f'[trust]\nfolder = "{world.kept}"\n[state]\nfolder = "{tmp_path / "state"}"\n'
    (tmp_path / "config.toml").write_text(text + "[[lane]]\n[lane.camera]\nsource = 'camera.mjpeg'\n")
    (tmp_path / "state").mkdir(mode=0o700)
    assert world.federation is not None
    root = hashlib.sha256(world.federation.roots[0]).digest()
    pem = self_signed(tmp_path)
    key = x509.load_pem_x509_certificate(pem.read_bytes()).public_key()
    pin = sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    with served(HonestHub(DEVICE.public_key), pem) as line:
        line.enrol, line.repository = partial(let_in, root.hex()), world.repository
        yield Desk(tmp_path, world, line, Offer(line.url, pin, root, TOKEN))


def test_joining_pins_the_hub_and_the_root_and_the_next_update_comes_from_there(desk: Desk) -> None:
    done = desk.enrol()
    assert done.status == 0, done.err
    assert b"East gate" in done.out
    joined = read_membership(desk.state)
    assert joined is not None
    assert (joined.url, joined.pin, joined.site) == (desk.line.url, desk.offer.pin, "East gate")
    assert joined.witness.public_bytes_raw() == WITNESS.public_key().public_bytes_raw()
    assert pinned_digest(desk.world.kept) == desk.offer.root_sha256
    assert (desk.state / "device.key").stat().st_mode & 0o777 == 0o600
    update = call("update", "--config", str(desk.folder / "config.toml"))
    assert update.status == 0, update.err
    assert b"newer status list" in update.out


def test_a_hub_with_another_certificate_gets_nothing(desk: Desk) -> None:
    desk.offer = Offer(desk.line.url, bytes(32), desk.offer.root_sha256, TOKEN)
    done = desk.enrol()
    assert done.status == 1
    assert b"another key" in done.err
    assert desk.line.seen == []
    assert not (desk.state / NAME).exists()


def test_a_spent_token_is_said_in_the_hubs_words(desk: Desk) -> None:
    desk.offer = Offer(desk.line.url, desk.offer.pin, desk.offer.root_sha256, bytes(16))
    done = desk.enrol()
    assert done.status == 1
    assert b"make a new one" in done.err


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("device", "00" * 16),
        ("root_sha256", "00" * 32),
        ("hub_key", "A" * 42),
        ("repository", "https://elsewhere.example/"),
        ("lanes", [1]),
    ],
)
def test_an_answer_that_is_not_for_this_appliance_is_not_believed(desk: Desk, key: str, value: object) -> None:
    honest = desk.line.enrol
    assert honest is not None

    def lie(request: dict[str, str]) -> Answer:
        return Answer(201, json.dumps({**json.loads(honest(request).body), key: value}).encode(), "application/json")

    desk.line.enrol = lie
    assert desk.enrol().status == 1
    assert not (desk.state / NAME).exists()
    assert pinned_digest(desk.world.kept) is None


def test_where_there_is_staff_a_supervisor_must_allow_it(desk: Desk) -> None:
    staff = Staff.open(desk.state)
    for number, role in ROLES.items():
        staff.add(number, role, PINS[number])
    code = write_offer(desk.offer)
    guard = next(number for number, role in ROLES.items() if role is Role.GUARD)
    config = ("--config", str(desk.folder / "config.toml"), "--yes")
    assert b"--supervisor" in call("enrol", code, *config).err
    for number, pin in ((guard, PINS[guard]), (SUPERVISOR, "00000000")):
        done = call("enrol", code, *config, "--supervisor", number, "--pin-stdin", given=pin.encode() + b"\n")
        assert done.status == 1
        assert desk.line.seen == []
    time.sleep(1.1)  # a wrong PIN makes the next one wait
    done = call("enrol", code, *config, "--supervisor", SUPERVISOR, "--pin-stdin", given=PINS[SUPERVISOR].encode())
    assert done.status == 0, done.err


def test_the_camera_reads_the_code(desk: Desk) -> None:
    feed = VirtualCamera(desk.folder / "camera.mjpeg")
    feed.start()
    try:
        feed.show(write_offer(desk.offer))
        done = call("enrol", "--camera", "--yes", "--json", "--config", str(desk.folder / "config.toml"))
    finally:
        feed.stop()
    assert done.status == 0, done.err
    assert json.loads(done.out)["site"] == "East gate"


def test_a_code_that_is_none_changes_nothing(desk: Desk) -> None:
    done = desk.enrol(text="JKM1:ABC")
    assert done.status == 1
    assert b"JKE1" in done.err
    assert list(desk.state.iterdir()) == []
