"""Finding the engine, and finding it again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scanner.control.messages import PROTOCOL_VERSION, Acknowledge
from scanner.ui.link import JITTER, LONGEST_PAUSE_S, EngineLink, pause_after
from scanner.ui.scene import Absence, Outage
from tests.scanner.ui.conftest import OpenScreen
from tests.scanner.ui.golden import screen_text

OTHER_HELLO = (
    f'{{"type":"hello","protocol":{PROTOCOL_VERSION + 1},"software":"9","device":"00","language":"en"}}\n'.encode()
)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_grow_to_a_limit_and_vary(failures: int, chance: float) -> None:
    pause = pause_after(failures, chance)
    assert 0 < pause <= LONGEST_PAUSE_S * (1 + JITTER) + 1e-9
    assert pause_after(failures, 0) < pause_after(failures, 1)
    assert pause_after(failures, chance) <= pause_after(failures + 1, chance)


async def test_a_command_without_an_engine_gets_no_reply(tmp_path: Path) -> None:
    link = EngineLink(tmp_path / "none.sock", lambda _: None, lambda _: None, lambda _: None)
    assert await link.send(Acknowledge(id=0, lane="main")) is None


async def serve_once(path: Path, line: bytes) -> asyncio.Server:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line)
        await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(greet, path)


async def first_outage(path: Path) -> Outage:
    outages: asyncio.Queue[Outage] = asyncio.Queue()
    link = EngineLink(path, lambda _: None, lambda _: None, outages.put_nowait)
    task = asyncio.create_task(link.follow())
    try:
        return await asyncio.wait_for(outages.get(), 5)
    finally:
        task.cancel()


async def test_another_version_of_the_protocol_is_told_from_a_missing_engine(tmp_path: Path) -> None:
    path = tmp_path / "c.sock"
    async with await serve_once(path, OTHER_HELLO):
        assert (await first_outage(path)).absence is Absence.MISMATCH


async def test_a_server_that_is_no_engine_is_no_engine(tmp_path: Path) -> None:
    path = tmp_path / "c.sock"
    for line in (b"HTTP/1.1 400 Bad Request\r\n", b"", b"\xff\xfe\n", b'{"type":"view"}\n', b"x" * 300_000):
        async with await serve_once(path, line):
            assert (await first_outage(path)).absence is Absence.GONE
        path.unlink(missing_ok=True)


async def test_the_screen_says_that_the_versions_differ(tmp_path: Path, open_screen: OpenScreen) -> None:
    line = OTHER_HELLO
    async with await serve_once(tmp_path / "control.sock", line), open_screen() as screen:
        words = screen.scene.say("mismatch")
        await screen.until(lambda: words[:12] in screen_text(screen.app))
