"""Somebody in front of the hub's pages: a real Chromium that does what lines on standard input say, for stories.

    python -m docs.visit < lines

A line is words with a tab between them, and is answered by a line: `ok` and what was found, or `no` and why not.

    open ADDRESS            fill NAME VALUE         a field of the page's own form
    press SELECTOR          a button or link that leads to another page
    await SELECTOR WORDS    loads the page anew until WORDS stand there, for twenty seconds
    read SELECTOR           picture FILE            of the whole page, PNG
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from urllib.parse import urljoin

from tests.hub.browser import Browser, program

PATIENCE_S = 20.0
_PAUSE_S = 0.5


class Visit:
    """One visit, from the first page to the last."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._address = ""

    def do(self, line: str) -> str:
        """Do what a line says; returns what was found. Raises ValueError: it is no such line; LookupError: in vain."""
        match line.rstrip("\n").split("\t"):
            case ["open", address]:
                self._address = urljoin(self._address, address)
                self._browser.open(self._address)
                return str(self._browser.run("document.title"))
            case ["fill", name, value]:
                field = f"main form [name={json.dumps(name)}]"
                self._browser.run(f"document.querySelector({json.dumps(field)}).value = {json.dumps(value)}")
                return ""
            case ["press", selector]:
                self._text(selector)
                self._browser.submit(f"document.querySelector({json.dumps(selector)}).click()")
                return str(self._browser.run("document.title"))
            case ["await", selector, words]:
                return self._awaited(selector, words)
            case ["read", selector]:
                return self._text(selector)
            case ["picture", file]:
                self._browser.screenshot(Path(file))
                return file
        raise ValueError(f"nobody knows what to do at: {line.strip()}")

    def _text(self, selector: str) -> str:
        script = f"document.querySelector({json.dumps(selector)})?.innerText ?? null"
        found = self._browser.run(script)
        if found is None:
            raise LookupError(f"there is no {selector} at {self._browser.run('location.href')}")
        return " ".join(str(found).split())

    def _awaited(self, selector: str, words: str) -> str:
        until = time.monotonic() + PATIENCE_S
        while words not in (found := self._text(selector)):
            if time.monotonic() > until:
                raise LookupError(f"{selector} says {found!r}")
            time.sleep(_PAUSE_S)
            self._browser.open(str(self._browser.run("location.href")))
        return found


def main() -> int:
    """Do every line; returns 0 where each was well."""
    chromium = program()
    if chromium is None:
        print("no chromium is installed (apt-get install chromium)", flush=True)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    browser = Browser(chromium)
    visit = Visit(browser)
    status = 0
    try:
        for line in sys.stdin:
            try:
                print(f"ok {visit.do(line)}", flush=True)
            except (ValueError, LookupError) as error:
                print(f"no {error}", flush=True)
                status = 1
    finally:
        browser.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
