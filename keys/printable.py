"""Words of strangers, made fit for terminals, logs and screens."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return `text` with what would steer a terminal, or cannot be encoded, spelt out as `\x1b` or `\udcff`.

    Names in hostile files, and names of such files, end up in messages: they must not move a cursor, and a lone
    surrogate must not break whoever writes the message as UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
