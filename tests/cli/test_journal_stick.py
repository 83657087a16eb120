"""`checkpoint journal export`, `receipt`, `head` and `erased`: the log by stick, as people do it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanner.journal.database import Erasure
from scanner.journal.detail import Erased
from scanner.journal.files import journal_path
from scanner.journal.verify import verify
from scanner.sync.inbox import LeftExport, LeftReceipt, take
from scanner.sync.membership import Membership, write_membership
from scanner.sync.wire import WireError, decode_upload, unframe
from tests.cli.calling import Done, call
from tests.scanner.journal.logs import DEVICE, edit, make_log, open_journal
from tests.scanner.sync.hub_server import WITNESS, HonestHub


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An appliance with 70 entries and a stick."""
    from keys.key_file import write_device_key  # noqa: PLC0415

    state = tmp_path / "state"
    make_log(state, 70)
    write_device_key(state / "device.key", DEVICE.key)
    (tmp_path / "config.toml").write_text('[state]\nfolder = "state"\n')
    (tmp_path / "stick").mkdir()
    return tmp_path


def journal(place: Path, command: str, *more: str) -> Done:
    return call("journal", command, *more, "--config", str(place / "config.toml"))


def hub_of(place: Path) -> HonestHub:
    """A hub that has taken in what is on the stick."""
    hub = HonestHub(DEVICE.public_key)
    for file in sorted((place / "stick" / "checkpoint-log").glob("*.log")):
        for body in unframe(file.read_bytes()):
            assert hub.take(decode_upload(body)).status == 200
    return hub


def test_a_stick_carries_what_nobody_holds_and_its_receipt_ends_that(place: Path) -> None:
    done = journal(place, "export", str(place / "stick"), "--json")
    assert done.status == 0, done.err
    name = f"{DEVICE.id.hex()}-0-70.log"
    assert json.loads(done.out) == {"file": str(place / "stick" / "checkpoint-log" / name), "from": 0, "to": 70}
    hub = hub_of(place)
    assert len(hub.entries) == 70
    assert all(hub.sealed)
    assert take(place / "state") == (LeftExport(0, 70),)
    write_membership(place / "state", Membership("http://127.0.0.1:1", None, WITNESS.public_key(), "East gate"))
    assert hub.cosigned is not None
    (place / "stick" / "a.receipt").write_text(hub.cosigned, "utf-8")
    assert journal(place, "receipt", str(place / "stick" / "a.receipt")).status == 0
    (left,) = take(place / "state")
    assert isinstance(left, LeftReceipt)
    with open_journal(place / "state") as opened:
        opened.keep_cosigned(left.note, WITNESS.public_key(), 1)
    assert b"Nothing waits" in journal(place, "export", str(place / "stick")).out


def test_the_same_stick_twice_and_any_part_again_change_nothing(place: Path) -> None:
    for start in ("0", "30", "0"):
        assert journal(place, "export", str(place / "stick"), "--from", start).status == 0
    assert len(hub_of(place).entries) == 70


@pytest.mark.parametrize("why", ["no_hub", "stranger", "other_history", "no_note"])
def test_a_receipt_that_proves_nothing_is_refused(place: Path, why: str) -> None:
    assert journal(place, "export", str(place / "stick")).status == 0
    note = hub_of(place).cosigned or ""
    take(place / "state")
    witness = DEVICE.public_key if why == "stranger" else WITNESS.public_key()
    if why != "no_hub":
        write_membership(place / "state", Membership("http://127.0.0.1:1", None, witness, "East gate"))
    if why == "other_history":
        edit(journal_path(place / "state"), "UPDATE entry SET nodes = zeroblob(length(nodes)) WHERE seq = 63")
    (place / "receipt").write_text("hello" if why == "no_note" else note, "utf-8")
    done = journal(place, "receipt", str(place / "receipt"))
    assert done.status == 1
    assert done.err
    assert take(place / "state") == ()


def test_an_altered_entry_is_exported_and_told(place: Path) -> None:
    edit(journal_path(place / "state"), "UPDATE entry SET body = CAST(body || x'00' AS BLOB) WHERE seq = 5")
    done = journal(place, "export", str(place / "stick"))
    assert done.status == 1
    assert b"entry 5" in done.err


def test_a_head_for_somebody_to_keep_proves_the_log_later(place: Path) -> None:
    done = journal(place, "head")
    assert verify(journal_path(place / "state"), DEVICE.public_key, done.out.decode()).ok


def test_links_on_a_stick_lead_no_write_astray(place: Path) -> None:
    treasure, below = place / "treasure", place / "stick" / "checkpoint-log"
    treasure.write_text("mine")
    below.mkdir()
    (below / f"{DEVICE.id.hex()}-0-70.log").symlink_to(treasure)
    assert journal(place, "export", str(place / "stick")).status == 0
    assert treasure.read_text() == "mine"
    assert len(hub_of(place).entries) == 70
    other = place / "other"
    other.mkdir()
    (other / "checkpoint-log").symlink_to(below)
    done = journal(place, "export", str(other), "--from", "0")
    assert done.status == 1
    assert b"link" in done.err


def test_no_stick_is_said_before_anything_is_written(place: Path) -> None:
    assert b"mount" in journal(place, "export", str(place / "elsewhere")).err
    assert not (place / "elsewhere").exists()


def test_what_was_erased_is_told_with_its_time(place: Path) -> None:
    assert b"Nothing" in journal(place, "erased").out
    with open_journal(place / "state") as opened:
        opened.note_erasure(Erasure(1_700_000_000, Erased.SEALED, 0, 70, 66))
    assert b"2023-11-14 22:13:20Z  sealed" in journal(place, "erased").out
    assert json.loads(journal(place, "erased", "--json").out)["count"] == 66


@pytest.mark.parametrize("cut", [1, 3, 4, 100])
def test_a_file_that_was_cut_is_no_export(place: Path, cut: int) -> None:
    assert journal(place, "export", str(place / "stick")).status == 0
    (file,) = (place / "stick" / "checkpoint-log").glob("*.log")
    with pytest.raises(WireError):
        unframe(file.read_bytes()[:-cut])
