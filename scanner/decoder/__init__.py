"""QR codes in a grey picture to texts: the quick look on every frame, harder looks where time is left.

Pictures are hostile input, and both decoders are C and C++: a crafted picture may make them hang or crash. `Decoder`
keeps no state between frames and takes and returns plain values only, so that a worker process can stand in its place.
"""

from __future__ import annotations

from scanner.decoder.chain import Decoder
from scanner.decoder.values import MAX_TEXT, Corners, Decoded
from scanner.decoder.zbar import zbar_missing

__all__ = ["MAX_TEXT", "Corners", "Decoded", "Decoder", "zbar_missing"]
