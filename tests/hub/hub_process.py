"""Hubs as processes of their own, for tests that kill them: `python -m tests.hub.hub_process SETTINGS [BYTES]`.

Every line on standard input starts a hub, forked off with everything loaded, so that a hundred can be killed in a
minute; its process id and port come back as a line. BYTES: as large as any of its files may grow, as on a full disk.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time

import psycopg_pool  # noqa: F401 - loaded once, here
import uvicorn

from hub import server
from hub.service import make_app, open_parts
from hub.settings import Settings


def serve(settings: Settings) -> None:
    running = uvicorn.Server(uvicorn.Config(make_app(open_parts(settings)), **(server.options(settings) | {"port": 0})))

    def announce() -> None:
        while not running.started:
            time.sleep(0.002)
        print(os.getpid(), running.servers[0].sockets[0].getsockname()[1], flush=True)

    threading.Thread(target=announce, daemon=True).start()
    running.run()


def main() -> None:
    settings = Settings.from_text(sys.argv[1])
    if len(sys.argv) > 2:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve(settings)
            os._exit(0)


if __name__ == "__main__":
    main()
