"""A real PostgreSQL of its own: in a temporary folder, by an unprivileged user, reached by a socket in that folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import psycopg


def programs() -> Path | None:
    """Find the folder with `initdb` and `postgres`; Debian keeps them off the path."""
    found = shutil.which("initdb")
    if found is not None and shutil.which("postgres") is not None:
        return Path(found).parent
    there = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return there[-1].parent if there else None


class Cluster:
    """One server; PostgreSQL refuses to run as root, which therefore lends it another user."""

    def __init__(self, programs: Path, *, fsync: bool, below: Path | None = None, settings: Sequence[str] = ()) -> None:
        """Make and start it. Without `fsync` it survives a killed process and no power cut: enough for most tests.

        `below`: the disk that its folder is made on; `settings`: more of PostgreSQL's own, each `name=value`.
        """
        self._fsync = "on" if fsync else "off"
        self._programs = programs
        self._numbers = count()
        self._settings = [part for each in settings for part in ("-c", each)]
        self.folder = Path(tempfile.mkdtemp(prefix="checkpoint-pg-", dir=below))
        self._user: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._user = nobody.pw_uid
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "hub", "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [
            str(self._programs / "postgres"),
            *("-D", str(self.folder / "data"), "-k", str(self.folder)),
            *(
                "-c",
                f"fsync={self._fsync}",
                "-c",
                "listen_addresses=",
                "-c",
                "max_connections=60",
                "-c",
                "log_min_messages=fatal",
            ),
            *self._settings,
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, user=self._user, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """End every process of the cluster at once, in the middle of whatever each is doing.

        Each of PostgreSQL's processes leads a session of its own, and would otherwise end in some order of its own. The
        server is halted first, so that it can neither start nor tell any.
        """
        if self._process is not None and self._process.poll() is None:
            server = self._process.pid
            os.kill(server, signal.SIGSTOP)
            children = Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split()
            for each in [*map(int, children), server]:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self._process.wait()
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def new_database(self) -> str:
        """Make an empty database; returns its address."""
        name = f"hub{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def emptied_database(self) -> str:
        """Empty the one database that short tests share, which is far quicker than a new one; returns its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.url("postgres")

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://hub@/{name}?host={self.folder}"

    def close(self) -> None:
        """End the server and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            check=True,
            capture_output=True,
            cwd=self.folder,
        )
