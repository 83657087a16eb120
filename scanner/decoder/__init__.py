"""QR codes in a grey picture to texts: the quick look on every frame, harder looks where time is left.

Pictures are hostile input, and the decoders are C and C++: a crafted picture may make them hang or crash. So the
engine decodes in processes of their own: `process` starts them, `worker` is what they run, `wire` what they say,
`confine` what they give up. For files there is `Decoder`, in the caller's own process.

`Decoder` and `zbar_missing` are loaded when asked for: the quick worker, which comes through here, starts in tens of
milliseconds because it loads no OpenCV and no numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.decoder.values import MAX_TEXT, Corners, Decoded

if TYPE_CHECKING:
    from scanner.decoder.chain import Decoder
    from scanner.decoder.zbar import zbar_missing

__all__ = ["MAX_TEXT", "Corners", "Decoded", "Decoder", "zbar_missing"]


def __getattr__(name: str) -> object:
    """Load what was asked for (PEP 562)."""
    if name == "Decoder":
        from scanner.decoder.chain import Decoder  # noqa: PLC0415

        return Decoder
    if name == "zbar_missing":
        from scanner.decoder.zbar import zbar_missing  # noqa: PLC0415

        return zbar_missing
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
