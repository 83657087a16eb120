import time
from pathlib import Path

import pytest
from typer.core import TyperGroup as Group
from typer.main import get_command

from authority.repository.custodian import Custodian
from authority.repository.federation import Federation
from authority.repository.role_keys import RoleKey
from cli.authority_ceremony import app
from scanner.policy_source import default_policy
from tests.authority.repository.nation import Reader
from tests.cli.desk import Run
from tests.world import ORDER, PASSPHRASE, SmallWorld

WHY = ["--by", "Key office", "--reason", "yearly rotation"]


class Desk:
    """A region's and a federation's folder, the repository between them, and the commands."""

    def __init__(self, world: SmallWorld, run: Run, passphrase_file: Path) -> None:
        self.root = world.root
        self.region, self.repository = world.authority.folder, world.root / "repository"
        self.federation = world.root / "federation"
        self.unlock = ["--passphrase-file", passphrase_file]
        self.run = run

    def found(self) -> None:
        """What `found` does, without the half second of its scrypt."""
        with Federation.create(self.federation, PASSPHRASE, int(time.time()), stretch_log2=4) as made:
            made.release(self.repository, int(time.time()))

    def admit(self) -> None:
        public = self.root / "cn-33.json"
        self.run("role-key", self.region, "--public", public, *self.unlock)
        self.run("admit", self.federation, "--issuer", "CN-33", "--key", public, *WHY, *self.unlock)

    def publish(self, *more: object, status: int = 0) -> dict[str, object]:
        given = ["--to", self.repository, "--release", self.federation, *more, "--json", *self.unlock]
        _, released = self.run("publish", self.region, *given, status=status).objects
        return released


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'version = "2026.1"\n', "nothing was published"),
        (b'issuer = "CN-31"\nissued_at = 1\n' + default_policy(), 'issuer = "CN-33"'),
        (b'issuer = "CN-33"\n' + default_policy(), "issued_at"),
    ],
)
def test_a_policy_that_gates_would_refuse_is_not_published(desk: Desk, text: bytes, words: str) -> None:
    rules = desk.root / "rules.toml"
    rules.write_bytes(text)
    done = desk.run("publish", desk.region, "--to", desk.repository, "--policy", rules, *desk.unlock, status=1)
    assert words in done.err
    assert not desk.repository.exists()


@pytest.fixture
def desk(world: SmallWorld, run: Run, passphrase_file: Path) -> Desk:
    return Desk(world, run, passphrase_file)


def test_from_nothing_to_a_stick_that_an_appliance_reads(desk: Desk) -> None:
    (founded,) = desk.run("found", desk.federation, "--to", desk.repository, "--json", *desk.unlock).objects
    desk.admit()
    rules = desk.root / "rules.toml"
    rules.write_bytes(b'issuer = "CN-33"\nissued_at = 1772600000\n' + default_policy())
    released = desk.publish("--policy", rules)
    assert (released["regions"], released["refused"], released["notes"]) == ({"CN-33": 1}, [], [])
    (desk.root / "stick").mkdir()
    (exported,) = desk.run("export", desk.federation, "--to", desk.root / "stick", "--json").objects
    assert exported["regions"] == ["CN-33"]
    root = (desk.root / "stick" / "checkpoint-trust" / "metadata" / "1.root.json").read_bytes()
    reader = Reader(desk.root / "stick" / "checkpoint-trust", root)
    assert reader.get("policy/CN-33.toml") == rules.read_bytes()
    assert reader.get("status/CN-33/1.cwt") is not None
    shown = desk.run("show", desk.federation, "--json").objects
    assert shown[0] == {"root_sha256": founded["root_sha256"]}
    assert [each.get("role", each.get("region")) for each in shown[1:]] == [
        *("root", "targets", "snapshot", "timestamp", "CN-33")
    ]


def test_the_hourly_task_publishes_lists_and_releases_them(desk: Desk) -> None:
    desk.found()
    desk.admit()
    desk.publish()
    given = ["--to", desk.repository, "--release", desk.federation, *desk.unlock]
    first, second = desk.run("lists", desk.region, *given).out.splitlines()
    assert first.startswith("CN-33: version 2, ")
    assert second.startswith("Release 3 of ")
    assert second.endswith(": CN-33 version 2.")


def test_keys_of_a_region_and_of_the_root_are_rotated_and_the_audit_says_who_ordered_it(desk: Desk) -> None:
    desk.found()
    desk.admit()
    desk.publish()
    public = desk.root / "new.json"
    desk.run("role-key", desk.region, "--public", public, "--new", *WHY, *desk.unlock)
    desk.run("rotate", desk.federation, "--role", "CN-33", "--key", public, *WHY, *desk.unlock)
    words = desk.run("rotate", desk.federation, "--role", "root", *WHY, *desk.unlock).out.splitlines()
    assert words[0].startswith("root, version 2, replaces version 1")
    assert words[-1].startswith("In force with the next release")
    (waiting,) = desk.run("release", desk.federation, "--json", *desk.unlock).objects
    assert "nothing yet under its new key" in str(waiting["notes"])
    assert desk.publish()["notes"] == []
    audit = desk.run("show", desk.federation, "--audit", "--json").objects
    assert [(line["act"], line["subject"]) for line in audit] == [
        *(("found", "root"), ("admit", "CN-33"), ("rotate", "CN-33"), ("rotate", "root"))
    ]
    assert audit[-1]["by"] == "Key office"
    role_keys = [line for line in desk.run("show", desk.region, "--audit", "--json").objects if line["after"] == "role"]
    assert [line["by"] for line in role_keys] == ["authority", "Key office"]


def test_a_region_is_expelled_by_order_and_admitted_again(desk: Desk) -> None:
    desk.found()
    desk.admit()
    desk.publish()
    said = desk.run("expel", desk.federation, "--issuer", "CN-33", *WHY, *desk.unlock).out
    assert "region CN-33 is expelled" in said
    (released,) = desk.run("release", desk.federation, "--json", *desk.unlock).objects
    assert released["regions"] == {}
    desk.admit()
    assert desk.publish()["regions"] == {"CN-33": 2}
    line = desk.run("show", desk.federation, "--audit", "--json").objects[2]
    assert (line["act"], line["subject"], line["by"]) == ("expel", "CN-33", "Key office")
    again = desk.run("expel", desk.federation, "--issuer", "CN-44", *WHY, *desk.unlock, status=1)
    assert "nor an admitted region" in again.err


def test_a_stolen_key_of_a_region_is_taken_away_at_once(desk: Desk) -> None:
    desk.found()
    desk.admit()
    desk.publish()
    public = desk.root / "new.json"
    desk.run("role-key", desk.region, "--public", public, "--new", *WHY, *desk.unlock)
    desk.run("rotate", desk.federation, "--role", "CN-33", "--key", public, *WHY, *desk.unlock)
    keys = desk.run("show", desk.federation, "--json").objects[-1]["keys"]
    assert isinstance(keys, list)
    assert len(keys) == 2
    said = desk.run("rotate", desk.federation, "--role", "CN-33", "--now", *WHY, *desk.unlock).out
    assert "region CN-33 goes on with its newest key alone" in said
    (released,) = desk.run("release", desk.federation, "--json", *desk.unlock).objects
    assert released["regions"] == {}
    assert desk.publish()["regions"] == {"CN-33": 2}


def test_a_region_that_is_left_out_of_a_release_is_named_and_the_status_is_1(desk: Desk) -> None:
    desk.found()
    desk.admit()
    desk.publish()
    (desk.repository / "metadata" / "2.CN-33.json").write_text("{}")
    done = desk.run("release", desk.federation, *desk.unlock, status=1)
    assert done.out.splitlines()[1].startswith("Left out: CN-33, version 2: 2.CN-33.json is no metadata of TUF")
    (record,) = desk.run("release", desk.federation, "--json", *desk.unlock, status=1).objects
    assert record["regions"] == {"CN-33": 1}


def test_another_key_for_a_region_needs_an_order(desk: Desk) -> None:
    public = desk.root / "cn-33.json"
    desk.run("role-key", desk.region, "--public", public, *desk.unlock)
    before = public.read_bytes()
    assert (
        "Who ordered it" in desk.run("role-key", desk.region, "--public", public, "--new", *desk.unlock, status=1).err
    )
    desk.run("role-key", desk.region, "--public", public, *desk.unlock)
    assert public.read_bytes() == before


def test_root_keys_made_on_other_machines_found_a_federation_that_waits_for_them(desk: Desk) -> None:
    anna = desk.root / "anna.json"
    desk.run("ceremony", "key", desk.root / "anna", "--holder", "Anna", "--public", anna, *desk.unlock)
    given = ["--to", desk.repository, "--root-key", anna, "--threshold", "1", *desk.unlock]
    done = desk.run("found", desk.federation, *given).out.splitlines()
    assert done[1:3] == ["root: 1 of 1 keys must sign", f"  new    {RoleKey.from_file(anna)}"]
    assert done[-1].startswith(f"Carry {desk.federation}/drafts/1.root.json to whoever must sign")
    assert not desk.repository.exists()
    (record,) = desk.run("show", desk.federation, "--json").objects[1:]
    assert record == {"draft": "1.root.json", "needs": [1]}


def test_a_ceremony_says_what_is_signed_and_finishes_with_enough_signatures(desk: Desk) -> None:
    publics = []
    for name in ("anna", "bob", "carl"):
        with Custodian.create(desk.root / name, name, PASSPHRASE, 1, order=ORDER, stretch_log2=4) as made:
            publics.append(made.key)
    now = int(time.time())
    with Federation.create(desk.federation, PASSPHRASE, now, root_keys=publics, stretch_log2=4) as federation:
        federation.publish_to(desk.repository)
    carried = desk.root / "1.root.json"
    carried.write_bytes((desk.federation / "drafts" / "1.root.json").read_bytes())
    unsigned = carried.read_bytes()

    def sign(who: str, *more: object, status: int = 0) -> str:
        return desk.run("ceremony", "sign", desk.root / who, carried, *WHY, *more, *desk.unlock, status=status).err

    asked = sign("anna", status=2)
    assert "root: 2 of 3 keys must sign" in asked
    assert "give --yes" in asked
    assert carried.read_bytes() == unsigned
    sign("anna", "--yes")
    finish = ["ceremony", "finish", desk.federation, carried, *WHY, "--yes", *desk.unlock]
    assert "still needed: 1 under root version 1, of bob" in desk.run(*finish, status=1).err
    assert "still lacks signatures" in desk.run("release", desk.federation, *desk.unlock, status=1).err
    sign("bob", "--yes")
    assert "signed by: anna" in desk.run("ceremony", "show", carried).err
    desk.run(*finish)
    desk.run("release", desk.federation, *desk.unlock)
    Reader(desk.repository, (desk.repository / "metadata" / "1.root.json").read_bytes()).refresh()
    desk.run("renew", desk.federation, "--role", "root", *WHY, *desk.unlock)
    assert desk.run("ceremony", "discard", desk.federation, *desk.unlock).out == "2.root.json is dropped.\n"


CEREMONY = ["key", "show", "sign", "finish", "discard"]


@pytest.mark.parametrize("command", CEREMONY)
def test_every_part_of_a_ceremony_has_an_example(command: str, run: Run) -> None:
    assert isinstance(commands := get_command(app), Group)
    assert sorted(commands.commands) == sorted(CEREMONY)
    prose = run("ceremony", command, "--help").out.split("Arguments:")[0]
    assert prose.strip().split("\n\n")[-1].strip().startswith(f"Example: checkpoint authority ceremony {command}")
