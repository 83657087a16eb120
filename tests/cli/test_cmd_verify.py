"""`checkpoint verify`: bytes in, lines out; as a process where that makes a difference, as a call otherwise."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.cmd_verify import read_lines
from keys.numeric_date import LAST_SECOND
from keys.presentation import present
from keys.trust_list import write_jwks
from keys.verifier import MAX_TEXT
from tests.cli.calling import Done, call, run
from tests.keys.realm import DAY, INDEX, NOW, Realm, new_key

AT = "2026-03-04T13:00:00+08:00"
KEYS = ["valid", "reason", "format", "issuer", "kid", "code_id", "colour", "name", "issued_at", "expires_at", "status"]


class Box:
    """A folder with what an appliance trusts."""

    def __init__(self, root: Path) -> None:
        self.realm = Realm(values={INDEX: 3})
        self.trust = root / "trust" / "CN-33.jwks.json"
        self.status = root / "status" / "CN-33" / "7.cwt"
        for file in (self.trust, self.status):
            file.parent.mkdir(parents=True)
        self.trust.write_bytes(write_jwks(self.realm.trusted))
        self.status.write_bytes(self.realm.list_bytes())
        self.root = root

    def run(self, given: bytes | str, *options: str) -> Done:
        return call("verify", *options, given=given.encode() if isinstance(given, str) else given)

    def judge(self, standard_input: bytes | str, *options: str) -> tuple[list[dict[str, object]], int]:
        """Run with trust, status and time given, and read the objects."""
        known = ["--trust", str(self.trust), "--status", str(self.status), "--at", AT, "--json"]
        done = self.run(standard_input, *known, *options)
        assert done.err == b""
        return [json.loads(line) for line in done.out.splitlines()], done.status


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_valid_code_gives_an_object_with_exactly_the_documented_keys(box: Box) -> None:
    verdicts, status = box.judge(box.realm.text() + "\n")
    assert verdicts == [
        {
            "valid": True,
            "reason": None,
            "format": "JKM1",
            "issuer": "CN-33",
            "kid": box.realm.trusted[0].kid.hex(),
            "code_id": f"CN-33/jkm:33/7/{INDEX}",
            "colour": "yellow",
            "name": "张**",
            "issued_at": NOW - 7200,
            "expires_at": NOW + DAY,
            "status": {"uri": "jkm:33/7", "issued_at": NOW - 3600, "value": 3},
        }
    ]
    assert list(verdicts[0]) == KEYS
    assert status == 0


def test_a_process_answers_as_the_call_does(box: Box) -> None:
    known = ["--trust", str(box.trust), "--status", str(box.status), "--at", AT]
    for text, options in ((box.realm.text(), known), ("poster", known), ("poster", [])):
        assert run("verify", *options, given=text.encode()) == call("verify", *options, given=text.encode())


def test_every_line_gets_one_verdict_whatever_is_in_it(box: Box) -> None:
    good = box.realm.text().encode()
    lines = [
        good + b"\n",
        good + b"\r\n",
        b"\n",
        b"\r\n",
        b"\xff\xfe\x00\n",
        b"JKM1:\xff\n",
        good + b"\r\r\n",
        good + b" \n",
        b"\x00" * 100 + b"\n",
        b"JKM1:" + b"0" * 5_000_000 + b"\n",
        b"x" * 5_000_000 + b"\r\n",
        b"https://example.com\n",
        good.replace(b"JKM1", b"HC1") + b"\n",
        good,
    ]
    verdicts, status = box.judge(b"".join(lines))
    reasons = [verdict["reason"] for verdict in verdicts]
    expected = [
        None,
        None,
        "NOT_A_CODE",
        "NOT_A_CODE",
        "NOT_A_CODE",
        "MALFORMED",
        "MALFORMED",
        "MALFORMED",
        "NOT_A_CODE",
    ]
    expected += ["MALFORMED", "NOT_A_CODE", "NOT_A_CODE", "MALFORMED", None]
    assert reasons == expected
    assert all(list(verdict) == KEYS for verdict in verdicts)
    assert status == 1


def test_nothing_to_judge_is_well() -> None:
    assert list(read_lines(io.BytesIO(b""))) == []


@pytest.mark.parametrize("extra", range(-3, 4))
def test_lines_around_the_bound_stay_one_line_each(extra: int) -> None:
    for end in (b"\n", b"\r\n", b""):
        long = b"a" * (4 * MAX_TEXT + extra)
        texts = list(read_lines(io.BytesIO(b"first\n" + long + end)))
        assert len(texts) == 2
        assert texts[0] == "first"
        assert len(texts[1]) > MAX_TEXT
    for end in (b"\n", b"\r\n"):
        texts = list(read_lines(io.BytesIO(b"a" * (4 * MAX_TEXT + extra) + end + b"last")))
        assert len(texts) == 2
        assert texts[1] == "last"


def test_verdicts_come_line_by_line_and_not_at_the_end(box: Box) -> None:
    command = [sys.executable, "-m", "cli.main", "verify", "--trust", str(box.trust), "--status", str(box.status)]
    with subprocess.Popen([*command, "--at", AT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text, word in ((box.realm.text(), b"VALID"), ("poster", b"NOT_A_CODE")):
            process.stdin.write(text.encode() + b"\n")
            process.stdin.flush()
            assert process.stdout.readline().startswith(word)
        process.stdin.close()
        assert process.wait(timeout=20) == 1


def test_without_a_list_a_health_code_is_unknown_and_not_valid(box: Box) -> None:
    done = box.run(box.realm.text(), "--trust", str(box.trust), "--at", AT, "--json")
    (verdict,) = map(json.loads, done.out.splitlines())
    assert (verdict["valid"], verdict["reason"], verdict["status"]) == (False, "STATUS_UNKNOWN", None)
    assert done.status == 1


def test_folders_and_repeated_options_are_taken(box: Box, tmp_path: Path) -> None:
    other = Realm("CN-11")
    (tmp_path / "other.json").write_bytes(write_jwks(other.trusted))
    (tmp_path / "other.cwt").write_bytes(other.list_bytes())
    more = ["--trust", str(tmp_path / "other.json"), "--status", str(tmp_path / "other.cwt")]
    verdicts, status = box.judge(f"{box.realm.text()}\n{other.text()}\n", *more)
    assert [verdict["issuer"] for verdict in verdicts] == ["CN-33", "CN-11"]
    assert status == 0
    whole = box.run(box.realm.text(), "--trust", str(box.root), "--status", str(box.root), "--at", AT)
    assert whole.status == 0


def test_the_time_is_the_one_given(box: Box) -> None:
    phone = new_key()
    text = present(box.realm.text(holder=phone.public_key()), phone, NOW)
    for at, reason in (
        ("2026-03-04T05:00:30Z", None),
        ("2026-03-04T13:00:30.999999+08:00", None),
        ("2026-03-04T05:02:00Z", "PRESENTATION_EXPIRED"),
        ("2027-01-01T00:00:00Z", "EXPIRED"),
        ("2026-03-03T00:00:00Z", "NOT_YET_VALID"),
    ):
        options = ["--trust", str(box.trust), "--at", at, "--json"]
        status = ["--status", str(box.status)] if reason != "NOT_YET_VALID" else []
        (verdict,) = map(json.loads, box.run(text, *options, *status).out.splitlines())
        assert verdict["reason"] == reason


def test_without_a_time_it_is_now(box: Box) -> None:
    done = box.run(box.realm.text(), "--trust", str(box.trust), "--json")
    (verdict,) = map(json.loads, done.out.splitlines())
    assert verdict["reason"] in ("EXPIRED", "NOT_YET_VALID", "KEY_EXPIRED", "STATUS_UNKNOWN")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "say whom to trust"),
        (["--trust", "nowhere"], "trust file nowhere cannot be read: No such file or directory"),
        (["--trust", "{trust}", "--status", "nowhere"], "status list nowhere cannot be read"),
        (["--trust", "{trust}", "--status", "{trust}"], "CBOR"),
        (["--trust", "{status}"], "neither a JWK Set nor a PEM or DER certificate"),
        (["--trust", "{trust}", "--at", "yesterday"], "no RFC 3339 time"),
        (["--trust", "{trust}", "--at", "2026-03-04T13:00:00"], "no RFC 3339 time"),
        (["--trust", "{trust}", "--at", "2026-02-30T13:00:00Z"], "no RFC 3339 time"),
        (["--trust", "{empty}"], "no key and no certificate in"),
    ],
)
def test_what_cannot_be_judged_is_one_clear_sentence(box: Box, tmp_path: Path, options: list[str], words: str) -> None:
    (tmp_path / "empty").mkdir()
    places = {"trust": str(box.trust), "status": str(box.status), "empty": str(tmp_path / "empty")}
    done = box.run(box.realm.text(), *(option.format(**places) for option in options))
    assert done.status == 2
    assert done.out == b""
    message = done.err.decode()
    assert message.startswith("checkpoint verify: ")
    assert words in message
    assert message.count("\n") == 1


def test_a_bad_file_in_a_folder_is_named_and_the_rest_is_judged(box: Box) -> None:
    (box.root / "trust" / "CN-44.jwks.json").write_text("{")
    (box.root / "status" / "CN-33" / "8.cwt").write_bytes(b"")
    done = box.run(box.realm.text(), "--trust", str(box.root), "--status", str(box.root), "--at", AT)
    assert done.status == 0
    assert done.err.decode().count("not believed") == 2
    assert done.out.decode() == (
        f"VALID  JKM1  CN-33  yellow  张**  code CN-33/jkm:33/7/{INDEX}  expires 2026-03-05T05:00:00Z\n"
    )


def test_a_terminal_without_chinese_still_gets_its_line(box: Box) -> None:
    command = [
        sys.executable,
        "-m",
        "cli.main",
        "verify",
        "--trust",
        str(box.trust),
        "--status",
        str(box.status),
        "--at",
        AT,
    ]
    environment = {"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, input=box.realm.text().encode(), capture_output=True, env=environment, check=False, timeout=60
    )
    assert done.returncode == 0
    assert rb"\u5f20**" in done.stdout


def test_the_last_second_of_all_can_be_shown(box: Box) -> None:
    done = box.run(
        box.realm.text(expires_at=LAST_SECOND), "--trust", str(box.trust), "--status", str(box.status), "--at", AT
    )
    assert b"expires 9999-12-31T23:59:59Z" in done.out


def test_verify_loads_no_camera_and_no_screen() -> None:
    heavy = ("cv2", "textual", "numpy", "pydantic", "serial")
    code = f"import sys, cli.cmd_verify; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert done.stdout == b"[]\n"


def test_help_ends_with_an_example() -> None:
    done = call("verify", "--help")
    for word in (b"Example:", b"--trust", b"--status", b"--at", b"--json", b"Exit status"):
        assert word in done.out
