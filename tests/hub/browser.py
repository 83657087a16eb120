"""A real Chromium without a screen, spoken to over a pipe (`--remote-debugging-pipe`): no driver, no port."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode
from pathlib import Path
from typing import Any


def program() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One tab."""

    def __init__(self, program: str, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        self._folder = tempfile.mkdtemp(prefix="checkpoint-browser-")
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()

        command = [
            *("bash", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "bash", program),
            *("--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--no-first-run", "--disable-dev-shm-usage", "--force-color-profile=srgb"),
            *(f"--user-data-dir={self._folder}", f"--window-size={width},{height}", "about:blank"),
        ]
        self._process = subprocess.Popen(
            command,
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._rest = b""
        self._number = 0
        self.console: list[str] = []
        """What the page complained about, such as a breach of its content policy."""
        pages = [one for one in self._say("Target.getTargets")["targetInfos"] if one["type"] == "page"]
        attached = self._say("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)
        self._session: str | None = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._say(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._say("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        self._loaded = False
        self._say("Page.navigate", url=url)
        self._wait()

    def run(self, script: str) -> Any:
        found = self._say("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def submit(self, script: str) -> None:
        """Run a script that leads to another page, and wait for that."""
        self._loaded = False
        self.run(script)
        self._wait()

    def resize(self, width: int, height: int = 800) -> None:
        """Be as wide as this, in CSS pixels; a window itself is never as narrow as a phone."""
        self._say(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self._say("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode={"Tab": 9}[key])

    def set_cookie(self, url: str, name: str, value: str) -> None:
        self._say("Network.setCookie", url=url, name=name, value=value, httpOnly=True, sameSite="Strict")

    def screenshot(self, path: Path) -> None:
        metrics = self._say("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": metrics["width"], "height": min(metrics["height"], 2000), "scale": 1}
        path.write_bytes(b64decode(self._say("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
        os.close(self._out)
        os.close(self._in)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while not self._loaded:
            assert time.monotonic() < deadline
            self._hear()

    def _say(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            found = self._hear()
            if found.get("id") == self._number:
                assert "error" not in found, found
                result: dict[str, Any] = found["result"]
                return result

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._in, 1 << 20)
            assert piece, "the browser has gone"
            self._rest += piece
        text, self._rest = self._rest.split(b"\0", 1)
        found: dict[str, Any] = json.loads(text)
        if found.get("method") == "Page.loadEventFired":
            self._loaded = True
        if found.get("method") == "Log.entryAdded":
            self.console.append(found["params"]["entry"]["text"])
        return found
