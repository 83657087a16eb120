"""The control socket, over a real socket: newest view to every screen, a reply to every command, no one waits."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.reasons import Reason
from scanner.control.address import stand_in
from scanner.control.client import ControlClient, ControlClientError, ProtocolMismatchError
from scanner.control.messages import (
    MAX_LINE,
    Acknowledge,
    Command,
    ConfirmTime,
    Hello,
    Pause,
    Preview,
    Reply,
    UpdateView,
    View,
    WatchPreview,
)
from scanner.control.server import ControlError, ControlServer
from scanner.values import ClockTrust, SiteKind


def view(entries: int) -> View:
    return View(
        now=1_800_000_000,
        clock=ClockTrust.TRUSTED,
        site="East gate",
        site_kind=SiteKind.RESIDENTIAL,
        keys_age=1,
        lists_age=1,
        policy_age=None,
        entries=entries,
        waiting=entries,
        oldest_waiting=None,
        shift=None,
        degraded=(),
        lanes=(),
    )


HELLO = Hello(software="1", device="ab" * 16, language="en")


class Handler:
    def __init__(self) -> None:
        self.commands: list[Command] = []

    def __call__(self, command: Command) -> Reply:
        self.commands.append(command)
        if isinstance(command, ConfirmTime):
            time.sleep(0.3)
        return Reply(id=command.id, ok=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control.sock"


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def server(path: Path, handler: Handler) -> Iterator[ControlServer]:
    server = ControlServer(path, HELLO, handler)
    server.start()
    yield server
    server.stop()


async def first_view(client: ControlClient) -> View:
    async with asyncio.timeout(3):
        async for message in client:
            if isinstance(message, View):
                return message
    raise AssertionError


async def test_a_screen_is_greeted_and_given_the_newest_view(server: ControlServer, path: Path) -> None:
    server.publish(view(1))
    server.publish(view(2))
    await asyncio.sleep(0.1)
    client = ControlClient(path)
    assert await client.connect() == HELLO
    assert (await first_view(client)).entries == 2
    await client.close()


async def test_words_that_cannot_be_encoded_reach_a_screen_bent_and_end_nothing(
    server: ControlServer, path: Path
) -> None:
    server.publish(view(1).model_copy(update={"update": UpdateView(stick="KEY\udcff")}))
    await asyncio.sleep(0.1)
    client = ControlClient(path)
    await client.connect()
    assert (await first_view(client)).update.stick == "KEY?"
    await client.close()


async def test_a_command_gets_its_reply_while_views_go_on(server: ControlServer, path: Path, handler: Handler) -> None:
    client = ControlClient(path)
    await client.connect()

    async def listen() -> None:
        async for _ in client:
            pass

    listening = asyncio.create_task(listen())
    slow = asyncio.create_task(client.send(ConfirmTime(id=0, supervisor="S1", pin="2580")))
    for number in range(20):
        server.publish(view(number))
        await asyncio.sleep(0.01)
    assert (await slow).ok
    assert (await client.send(Acknowledge(id=0, lane="main"))).ok
    assert [type(command) for command in handler.commands] == [ConfirmTime, Acknowledge]
    listening.cancel()
    await client.close()


async def test_a_screen_that_reads_nothing_delays_nobody(server: ControlServer, path: Path) -> None:
    deaf = socket.socket(socket.AF_UNIX)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(os.fspath(path))
    client = ControlClient(path)
    await client.connect()
    seen = 0
    big = view(0).model_copy(update={"site": "x" * 20_000})
    began = time.monotonic()
    for number in range(300):
        server.publish(big.model_copy(update={"entries": number}))
    assert time.monotonic() - began < 2.0
    server.publish(view(999))
    async with asyncio.timeout(3):
        async for message in client:
            seen += 1
            if isinstance(message, View) and message.entries == 999:
                break
    assert seen < 100, "a slow screen is sent what is newest, not everything"
    deaf.close()
    await client.close()


async def test_previews_go_to_those_who_watch_only(server: ControlServer, path: Path) -> None:
    client = ControlClient(path)
    await client.connect()
    seen: list[View | Preview] = []

    async def listen() -> None:
        async for message in client:
            seen.append(message)

    listening = asyncio.create_task(listen())
    preview = Preview(lane="main", width=2, height=1, grey="AAA=", outlines=())
    server.publish_preview(preview)
    await asyncio.sleep(0.1)
    assert seen == []
    assert server.watched == frozenset()
    assert (await client.send(WatchPreview(id=0, lane="main", on=True))).ok
    assert server.watched == {"main"}
    server.publish_preview(preview)
    await asyncio.sleep(0.2)
    assert seen == [preview]
    listening.cancel()
    await client.close()
    await asyncio.sleep(0.1)
    assert server.watched == frozenset()


async def test_nonsense_is_answered_and_a_pin_in_it_never_repeated(server: ControlServer, path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(os.fspath(path))
    await reader.readline()
    writer.write(json.dumps({"type": "override", "id": 1, "pin": "731942", "lane": 5}).encode() + b"\n")
    line = await asyncio.wait_for(reader.readline(), 2)
    assert b'"ok":false' in line
    assert b"731942" not in line
    writer.write(b"\xff\xfe\n")
    assert b'"ok":false' in await asyncio.wait_for(reader.readline(), 2)
    writer.close()


async def test_an_endless_line_ends_the_connection_only(server: ControlServer, path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(os.fspath(path))
    await reader.readline()
    writer.write(b"x" * (MAX_LINE + 10))
    assert await asyncio.wait_for(reader.read(), 3) == b""
    client = ControlClient(path)
    await client.connect()
    await client.close()


def test_the_socket_is_for_its_user_only(server: ControlServer, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_dead_engines_socket_is_replaced_and_a_living_ones_is_not(path: Path, handler: Handler) -> None:
    path.parent.mkdir()
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(os.fspath(path))
    dead.close()
    first = ControlServer(path, HELLO, handler)
    first.start()
    with pytest.raises(ControlError, match="another engine"):
        ControlServer(path, HELLO, handler).start()
    first.stop()
    assert not path.exists()


def test_a_living_engine_too_busy_to_answer_keeps_its_socket(path: Path, handler: Handler) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(os.fspath(path))
        busy.listen(0)
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for one in waiting:
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(os.fspath(path))
        with pytest.raises(ControlError, match="another engine"):
            ControlServer(path, HELLO, handler).start()
        assert path.exists()
        for one in waiting:
            one.close()


async def test_where_the_sockets_folder_is_read_only_screens_find_the_engine_all_the_same(
    path: Path, handler: Handler, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(path))

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("t")))  # a socket's path is short
    server = ControlServer(path, HELLO, handler)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", read_only)
        server.start()
    client = ControlClient(path)
    assert await client.connect() == HELLO
    await client.close()
    server.stop()


def test_a_folder_in_tmp_that_is_not_ours_alone_is_never_used(
    path: Path, handler: Handler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path.parent.mkdir()
    path.touch()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    trap = stand_in(path).parent
    trap.mkdir(mode=0o777)
    trap.chmod(0o777)

    def read_only(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("scanner.control.server._make_way", read_only)
    with pytest.raises(ControlError, match="somebody else's"):
        ControlServer(path, HELLO, handler).start()


def test_a_server_that_cannot_begin_says_so_and_can_be_started_again(
    path: Path, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_more_files(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    server = ControlServer(path, HELLO, handler)
    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "start_unix_server", no_more_files)
        with pytest.raises(ControlError, match="Too many open files"):
            server.start()
    assert not server.serving
    server.start()
    assert server.serving
    server.stop()


def test_a_file_in_the_way_is_left_alone(path: Path, handler: Handler) -> None:
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(ControlError, match="in the way"):
        ControlServer(path, HELLO, handler).start()
    assert path.read_text() == "precious"


async def test_a_screen_says_when_the_engine_has_gone(server: ControlServer, path: Path) -> None:
    client = ControlClient(path)
    await client.connect()
    server.stop()

    async def listen() -> None:
        async for _ in client:
            pass

    with pytest.raises(ControlClientError):
        await asyncio.wait_for(listen(), 3)
    with pytest.raises(ControlClientError, match="no engine answers"):
        await ControlClient(path).connect()


async def test_an_engine_of_another_version_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "s"

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"type":"hello","protocol":99,"software":"9","device":"","language":"en"}\n')

    server = await asyncio.start_unix_server(greet, path)
    with pytest.raises(ProtocolMismatchError):
        await ControlClient(path).connect()
    server.close()


async def test_a_command_while_the_engine_dies_fails_in_words(path: Path) -> None:
    def never(_: Command) -> Reply:
        time.sleep(1.0)
        return Reply(id=0, ok=True)

    server = ControlServer(path, HELLO, never)
    server.start()
    client = ControlClient(path)
    await client.connect()

    async def listen() -> None:
        async for _ in client:
            pass

    listening = asyncio.create_task(listen())
    sending = asyncio.create_task(client.send(Pause(id=0, lane="main", paused=True)))
    await asyncio.sleep(0.1)
    await asyncio.to_thread(server.stop)
    with pytest.raises(ControlClientError):
        await asyncio.wait_for(sending, 5)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


def test_reasons_travel_by_their_code() -> None:
    assert json.loads(json.dumps([Reason.REVOKED])) == ["REVOKED"]
