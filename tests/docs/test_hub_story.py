"""`docs/hub-story.sh` as a newcomer runs it: hub, pages, gate, stick, an edited byte and the end of the box."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.docs.test_two_regions import ROOT, working_in
from tests.hub.browser import program

SCRIPT = ROOT / "docs" / "hub-story.sh"


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_everybody_arrives_once_an_edited_byte_is_objected_to_and_the_box_ends_in_order(tmp_path: Path) -> None:
    if program() is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    folder = tmp_path / "hub story"
    done = subprocess.run([SCRIPT, folder], capture_output=True, text=True, timeout=560, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the hub answers 409: The log contradicts the one that is known" in done.stdout
    assert "Everything was as expected: 6 passed" in done.stdout
    assert not working_in(folder)
