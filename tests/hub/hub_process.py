"""Hubs as processes of their own, for tests that kill them: `python -m tests.hub.hub_process SETTINGS [BYTES]`.

Every line on standard input is a port, and starts a hub there, forked off with everything loaded, so that a hundred can
be killed in a minute; its process id comes back as a line, long before it serves. One that cannot start tries again, as
under systemd. BYTES: as large as any of its files may grow, as on a full disk.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from contextlib import suppress

import psycopg_pool  # noqa: F401 - loaded once, here
import uvicorn

from hub import server
from hub.errors import HubError
from hub.service import make_app, open_parts
from hub.settings import Settings


def serve(settings: Settings, port: int) -> None:
    while True:
        try:
            parts = open_parts(settings)
        except HubError:
            time.sleep(0.02)
            continue
        with suppress(SystemExit):  # somebody's line has the port for a moment, or the database went away meanwhile
            uvicorn.Server(uvicorn.Config(make_app(parts), **(server.options(settings) | {"port": port}))).run()
            return


def main() -> None:
    settings = Settings.from_text(sys.argv[1])
    if len(sys.argv) > 2:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for port in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve(settings, int(port))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
