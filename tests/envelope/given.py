"""What the file of a vector gives: the answers of directory and registry, and bytes as files write them."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from gateway.envelope import KeyRecord, PublicKey, Use, key_id
from gateway.ids import Address, KeyId, Kind, Network

__all__ = ["Given", "joined"]


@dataclass
class Given:
    """The answers that a vector file gives."""

    vector: dict[str, Any]

    def __post_init__(self) -> None:
        records = [self._record(key) for key in self.vector["keys"]]
        self.records = {record.key_id: record for record in records}

    @staticmethod
    def _record(key: dict[str, Any]) -> KeyRecord:
        address, use, public = Address(key["address"]), Use(key["use"]), bytes.fromhex(key["key"])
        times = key["not_before"], key["not_after"], key["revoked_at"]
        return KeyRecord(address, use, public, key_id(use, public, address), *times)

    def directory_version(self, network: Network) -> int:
        """Return the version that the file gives."""
        return int(self.vector["directory_versions"].get(network, 0))

    def key(self, key_id: KeyId) -> KeyRecord | None:
        """Return a key that the file lists."""
        return self.records.get(key_id)

    def is_gateway(self, address: Address) -> bool:
        """Tell whether the file names it as gateway."""
        return address in self.vector["gateways"]

    def gateway_may_seal(self, kind: Kind) -> bool:
        """Tell what the file says of the kind."""
        return bool(self.vector["kinds"].get(kind, {}).get("gateway_may_seal", False))

    def needs_approval(self, kind: Kind) -> bool:
        """Tell what the file says of the kind."""
        return bool(self.vector["kinds"].get(kind, {}).get("needs_approval", True))

    def delivery_key_ok(self, address: Address, key_id: KeyId, at: int) -> bool:
        """Tell whether the file lists this as a delivery key of that participant, current at this time."""
        record = self.records.get(key_id)
        return record is not None and (record.address, record.use) == (address, Use.DELIVERY) and record.current(at)

    def delivery_keys(self, at: int) -> dict[Address, PublicKey]:
        """Return the newest current delivery key of each participant that has one."""
        found: dict[Address, KeyRecord] = {}
        for record in sorted(self.records.values(), key=lambda one: one.not_before):
            if record.use is Use.DELIVERY and record.current(at):
                found[record.address] = record
        return {address: PublicKey(address, record.use, record.key) for address, record in found.items()}


def joined(written: str | list[str | int]) -> bytes:
    """Return bytes that stand as base64, or as a list of base64 and numbers of zero bytes."""
    parts = written if isinstance(written, list) else [written]
    return b"".join(bytes(part) if isinstance(part, int) else b64decode(part, validate=True) for part in parts)
