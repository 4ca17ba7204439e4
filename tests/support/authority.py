"""A small network in a folder: a gateway, an authority with two officers, cheap passphrases."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gateway.directory.keyfiles import decrypt_gateway_keys
from gateway.directory.metadata import read_repository
from gateway.directory.view import Directory, build_from
from gateway.envelope.keyfile import Cost
from gateway.ids import Address, Network
from gateway.network import Authority, Enrolment, Plan, Profile, enrol, write_gateway
from gateway.trust.publication import read_publication

__all__ = ["CHEAP", "NOW", "PASSPHRASES", "QM", "Office", "profile", "request_of"]

NOW = 2_000_000_000
PASSPHRASES = [b"first officer", b"second officer"]
CHEAP = Cost(1, 8192)
QM = Address("NCB-QM@icn")


def profile(address: str, *roles: str) -> Profile:
    """Describe a fictional participant."""
    return Profile(
        address=Address(address), name="Fictional unit", country="QM", organisation_type="unit", roles=roles or ("ncb",)
    )


def request_of(address: str = QM, *roles: str, now: float = NOW) -> Enrolment:
    """Make keys and a request."""
    return enrol(profile(address, *roles), now)


@dataclass
class Office:
    """The authority's folder, and the gateway that takes in what it publishes."""

    folder: Path
    passphrases: list[bytes] = field(default_factory=lambda: list(PASSPHRASES))
    files: dict[str, bytes] = field(default_factory=dict)
    gate: Enrolment = field(init=False)

    def __post_init__(self) -> None:
        self.gate = request_of("GW-ICN@icn", "gateway")
        write_gateway(self.gate, self.folder / "gate", b"gate", CHEAP)
        plan = Plan(network=Network("icn"), gateways=("http://127.0.0.1:8443",), cost=CHEAP)
        Authority.create(self.path, plan, self.gate.request, self.passphrases, NOW)

    @property
    def path(self) -> Path:
        """The authority's folder."""
        return self.folder / "authority"

    @property
    def authority(self) -> Authority:
        """The authority, as each command opens it."""
        return Authority(self.path)

    @property
    def root(self) -> bytes:
        """The first root."""
        return (self.path / "root.json").read_bytes()

    def published(self, now: float = NOW) -> Directory:
        """Publish, let the gateway take it in, and read the result as a home does."""
        self.authority.publish(self.passphrases, now)
        return self.taken_in(now)

    def taken_in(self, now: float = NOW) -> Directory:
        """Let the gateway take in what is published."""
        keys = decrypt_gateway_keys((self.folder / "gate" / "gateway.keys").read_bytes(), b"gate")
        publication = read_publication(self.path / "publication")
        self.files |= keys.online.import_publication(self.files, publication, self.root, now)
        return build_from(read_repository(self.files, self.root, now))
