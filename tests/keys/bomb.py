"""A zip bomb, made from one piece: compressing what it inflates to would take every run of the suite a second."""

from __future__ import annotations

import zlib

_MIB = 1 << 20


def zip_bomb(mebibytes: int) -> bytes:
    """A zlib stream that inflates to so many MiB of zeros."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    piece = packer.compress(bytes(_MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.flush()
    checksum = zlib.adler32(bytes(mebibytes * _MIB))
    return b"\x78\xda" + piece * mebibytes + end + checksum.to_bytes(4, "big")
