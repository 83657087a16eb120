"""The conversation with the hub, a piece at a time: agree on what it has, then hand over a batch under a head.

What the hub says is believed only as far as it can be held against our own tree and its key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.cosignature import CosignedHead, read_cosigned
from keys.errors import TreeHeadError
from scanner.journal.device import Device
from scanner.sync.errors import HubDoubtedError, HubRefusedError, OtherHistoryError, TooLargeError
from scanner.sync.history import Breach, GoOn, compare
from scanner.sync.outbox import Outbox, open_outbox
from scanner.sync.wire import MAX_ENTRIES, KnownHead, Receipt, encode_upload

LEAST: Final = 1
"""Entries in the smallest batch."""
CONTRADICTIONS: Final = 4
"""How often in a row the hub may correct where we begin."""


class Hub(Protocol):
    """What we ask of a hub; `scanner.sync.client.HubClient` is one."""

    def known(self) -> KnownHead:
        """Ask how much of this log the hub has. Raises HubError."""

    def upload(self, body: bytes) -> Receipt:
        """Hand over an upload. Raises HubError."""


class BreachError(Exception):
    """The hub's history and ours cannot both be true."""

    def __init__(self, breach: Breach, words: str) -> None:
        super().__init__(f"{breach.value} ({words})")
        self.breach = breach


@dataclass(frozen=True, slots=True)
class Step:
    """What one piece of conversation brought."""

    size: int
    """How many entries the log had when it was looked at."""
    held: int
    """How many of them the hub holds now, by its own word, proved where there is a cosignature."""
    forgotten: int = 0
    """How many entries it had acknowledged and has lost; they are sent again."""


class Exchange:
    """The conversation of one appliance with one hub. Not for several threads."""

    def __init__(
        self,
        hub: Hub,
        state: Path,
        device: Device,
        witness: Ed25519PublicKey,
        keep: Callable[[str, CosignedHead], None],
    ) -> None:
        """`keep` is given each head that the hub has cosigned and that is proved to be ours, to make it durable."""
        self._hub = hub
        self._state = state
        self._device = device
        self._witness = witness
        self._keep = keep
        self._held: int | None = None
        """How many entries the hub holds; None: it has to be asked."""
        self._limit = MAX_ENTRIES
        self._corrections = 0
        self.altered: int | None = None
        """The first entry met so far that is not what was written."""

    @property
    def held(self) -> int | None:
        """How many entries the hub has been heard to hold, in this process; None before, and while it is in doubt."""
        return self._held

    def meet(self) -> Step:
        """Ask what the hub has, and hold it against our log. Raises HubError, BreachError and JournalError."""
        self._held = None
        known = self._hub.known()
        with open_outbox(self._state, self._device) as outbox:
            if known.cosigned is None:
                if known.size == 0:
                    found = self._place(outbox, 0, outbox.root(0), None)
                elif known.size > outbox.size:
                    raise BreachError(Breach.CUT, f"it has {known.size}, we have {outbox.size}")
                else:
                    found = GoOn(known.size, max(0, outbox.durable - known.size))
            else:
                cosigned = self._own(known.cosigned, known.size)
                found = self._place(outbox, known.size, cosigned.head.root, None)
                if known.size > outbox.durable:
                    self._keep(known.cosigned, cosigned)
            self._held = found.start
            return Step(outbox.size, found.start, found.forgotten)

    def send(self) -> Step:
        """Hand over the next batch, after `meet`. Raises HubError, BreachError and JournalError."""
        if self._held is None:
            return self.meet()
        start = self._held
        with open_outbox(self._state, self._device) as outbox:  # closed again before anybody is waited for
            size = outbox.size
            if start >= size:
                return Step(size, start)
            batch = outbox.batch(start, self._limit)
            root = outbox.root(batch.stop)
        if self.altered is None:
            self.altered = batch.altered
        self._held = None  # until it has answered, nobody knows
        try:
            receipt = self._hub.upload(encode_upload(batch.upload))
        except OtherHistoryError as error:
            self._corrections += 1
            if self._corrections > CONTRADICTIONS:
                raise HubDoubtedError(f"the hub contradicts itself: {error}") from None
            with open_outbox(self._state, self._device) as outbox:
                found = self._place(outbox, error.size, error.root, start, f"; {error}")
            self._held = found.start
            return Step(size, found.start, found.forgotten)
        except HubRefusedError as error:
            self._held = start
            if self._smaller(error, len(batch.upload.entries)):
                return Step(size, start)
            raise
        cosigned = self._own(receipt.cosigned, batch.stop)
        if cosigned.head.root != root or receipt.durable_to < batch.stop:
            words = f"it acknowledges {receipt.durable_to} entries, and not the {batch.stop} that it was sent"
            raise HubDoubtedError(f"the hub's receipt does not hold: {words}")
        self._keep(receipt.cosigned, cosigned)
        self._held = batch.stop
        self._corrections = 0
        self._limit = min(MAX_ENTRIES, self._limit * 2)
        return Step(size, batch.stop)

    def _own(self, note: str, size: int) -> CosignedHead:
        """Return a head of ours over `size` entries that the hub has cosigned. Raises HubDoubtedError."""
        try:
            cosigned = read_cosigned(note, self._device.public_key, self._witness)
        except TreeHeadError as error:
            raise HubDoubtedError(f"the hub's word does not hold: {error}") from None
        if cosigned.head.size != size:
            words = f"a head over {cosigned.head.size} entries where one over {size} is due"
            raise HubDoubtedError(f"the hub's word does not hold: {words}")
        return cosigned

    def _place(self, outbox: Outbox, size: int, root: bytes, sent_from: int | None, said: str = "") -> GoOn:
        """Find where to go on from; `said`: the hub's own words for a refusal. Raises BreachError."""
        found = compare(
            size,
            root,
            size=outbox.size,
            pruned=outbox.pruned,
            durable=outbox.durable,
            root=outbox.root,
            sent_from=sent_from,
        )
        if isinstance(found, Breach):
            raise BreachError(found, f"it has {size}, we have {outbox.size}{said}")
        return found

    def _smaller(self, error: HubRefusedError, entries: int) -> bool:
        """Whether a smaller batch is worth trying: too large, or one entry that the hub cannot bear among others."""
        if entries <= LEAST or not (isinstance(error, TooLargeError) or error.status in {400, 422}):
            return False
        self._limit = max(LEAST, entries // 2)
        return True
