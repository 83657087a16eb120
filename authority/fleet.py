"""What an authority orders of single appliances: kept in its folder, published as the repository's role `fleet`.

folder/fleet/orders/<device id>.toml   the order in force of each (`keys.site_order`)
folder/fleet/role                      the role's own keys and newest metadata (`authority.repository.region`)

Orders are public like everything in a repository; they name places and hubs, and nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from authority.errors import FolderError, PublishError, RequestError
from authority.files import PUBLIC_FILE, make_private_folder, write_whole
from authority.publication import Publication
from authority.records import Act, AuditLine, Order
from authority.repository.region import PublishedRole, Region
from authority.repository.role_keys import RoleKeys
from keys.site_order import VERSION, SiteOrder, SiteOrderError, read_site_order
from keys.update.fleet import FLEET, order_path

_ORDERS: Final = "orders"
_DEVICE: Final = re.compile(r"[0-9a-f]{32}")


class Fleet:
    """The orders of one authority."""

    def __init__(
        self,
        folder: Path,
        keys: RoleKeys,
        write_audit: Callable[[AuditLine], None],
        exclusive: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._folder = folder / FLEET / _ORDERS
        self._write_audit = write_audit
        self._exclusive = exclusive
        self.role = Region(folder / FLEET, FLEET, keys, write_audit, exclusive)
        """The role in the repository, with its keys."""

    def devices(self) -> tuple[str, ...]:
        """Return the ids of the appliances of which something is ordered."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.toml")))

    def order(self, device: str) -> SiteOrder | None:
        """Return what is ordered of one appliance, None where nothing is. Raises FolderError, RequestError."""
        content = self._content(device)
        if content is None:
            return None
        try:
            return read_site_order(content, device)
        except SiteOrderError as error:
            raise FolderError(f"{self._path(device)} is damaged ({error}); restore it from a backup.") from error

    def set_order(self, content: bytes, device: str, now: int, *, order: Order) -> SiteOrder:
        """Keep an order, in force with the next publication. Raises RequestError: faulty, or not newer."""
        try:
            found = read_site_order(content, device)
        except SiteOrderError as error:
            raise RequestError(f"The order cannot be read: {error}.") from error
        with self._exclusive():
            before = self.order(device)
            if before is not None and before.retire is not None:
                raise RequestError(
                    f"{device} is retired: what it had is erased; an appliance begins anew with a new key."
                )
            if before is not None and found.issued_at <= before.issued_at:
                raise RequestError(f"issued_at {found.issued_at} is not after that of the order in force.")
            act = Act.SET_ORDER if found.retire is None else Act.RETIRE
            was = None if before is None else str(before.issued_at)
            self._write_audit(AuditLine(now, act, device, was, str(found.issued_at), order))
            if not self._folder.is_dir():
                make_private_folder(self._folder)
            write_whole(self._path(device), content, PUBLIC_FILE)
        return found

    def retire(self, device: str, now: int, *, order: Order) -> SiteOrder:
        """Order an appliance to hand in its log and erase itself. Raises RequestError."""
        last = self.order(device)
        issued_at = now if last is None else max(now, last.issued_at + 1)
        words = {"by": order.by[:80], "reason": order.reason[:80]}
        lines = [f"version = {VERSION}", f'device = "{device}"', f"issued_at = {issued_at}", "[retire]"]
        lines += [f"{key} = {json.dumps(text, ensure_ascii=False)}" for key, text in words.items()]
        return self.set_order("\n".join([*lines, ""]).encode(), device, now, order=order)

    def publish(self, repository: Path, now: int) -> PublishedRole:
        """Publish every order; appliances see them with the federation's next release. Raises as `Region.publish`."""
        targets = {order_path(device): self._content(device) or b"" for device in self.devices()}
        if not targets:
            raise PublishError("Nothing is ordered of any appliance yet.")
        return self.role.publish(repository, Publication(now, targets))

    def _content(self, device: str) -> bytes | None:
        path = self._path(device)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FolderError(f"{path} cannot be read: {error.strerror}") from error

    def _path(self, device: str) -> Path:
        if not _DEVICE.fullmatch(device):
            raise RequestError("An appliance's id has 32 hexadecimal digits; it stands on the hub's page.")
        return self._folder / f"{device}.toml"
