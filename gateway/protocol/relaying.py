"""
Requests of a relay: their paths, and the MessagePack and JSON that they carry.

One spelling for the gateways that answer and for the relay that asks. What is carried - forwards, signed receipts, files of a
directory - is opaque here: whoever takes it proves it. `decided` says which answers end a forward, and which only delay it.
Spec: schemas/relay.md, "Requests".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from gateway.errors import CODES, Branch, Rejected

if TYPE_CHECKING:
    from gateway.ids import Network

__all__ = [
    "MAX_FORWARDS",
    "MAX_FORWARDS_BYTES",
    "MAX_RECEIPTS",
    "MAX_WAIT_S",
    "TAKE",
    "Answer",
    "Bodies",
    "Files",
    "ForwardPage",
    "Forwards",
    "Lease",
    "LeaseWish",
    "Numbered",
    "NumberedAnswer",
    "Published",
    "ReceiptPage",
    "ReceiptsTaken",
    "answers_path",
    "decided",
    "forwards_path",
    "lease_path",
    "publish_path",
    "receipts_path",
    "taken_path",
]

MAX_WAIT_S: Final = 20  # of a long poll: proxies on the way end a silent request after 30
MAX_FORWARDS: Final = 64  # in one request
MAX_FORWARDS_BYTES: Final = 8 << 20
MAX_RECEIPTS: Final = 512  # in one request
MAX_SIGNED_RECEIPTS: Final = 4096  # about one forward: one for each recipient

TAKE: Final = "/v1/relay/forwards"
_LATER: Final = frozenset({"directory-ahead", "directory-stale", "too-many"})  # nothing changed; it may be taken later

T = TypeVar("T")
Numbered = tuple[int, bytes]  # a forward with its number at home, or a receipt with its position
ForwardPage = Annotated[list[Numbered], Meta(max_length=MAX_FORWARDS)]
ReceiptPage = Annotated[list[Numbered], Meta(max_length=MAX_RECEIPTS)]
Forwards = Annotated[list[bytes], Meta(min_length=1, max_length=MAX_FORWARDS)]
Code = Annotated[str, Meta(pattern=r"\A([a-z][a-z-]{1,63})?\Z")]  # "" for what was done
SignedReceipts = Annotated[list[bytes], Meta(max_length=MAX_SIGNED_RECEIPTS)]
Answer = tuple[Code, SignedReceipts]
NumberedAnswer = tuple[int, Code, SignedReceipts]
ReceiptsTaken = tuple[int, Annotated[list[bytes], Meta(max_length=MAX_RECEIPTS)]]  # the position they lead to
Files = Annotated[list[tuple[str, bytes]], Meta(max_length=65_536)]


class _Form(Generic[T]):
    """MessagePack or JSON of one form; raises Rejected `malformed` for anything else."""

    def __init__(self, name: str, kind: Any, *, json: bool = False) -> None:
        self._name = name
        self._decoder: Any = (msgspec.json if json else msgspec.msgpack).Decoder(kind)
        self._encode = (msgspec.json if json else msgspec.msgpack).encode

    def decode(self, data: bytes) -> T:
        """Read it."""
        try:
            found: T = self._decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise Rejected(f"not {self._name}: {str(exc)[:200]}", code="malformed") from exc
        return found

    def encode(self, value: T) -> bytes:
        """Write it."""
        data: bytes = self._encode(value)
        return data


class LeaseWish(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """
    What a relay process asks of its gateway to be, or to stay, the active one.

    Args:
        holder: Name of the process.
        epoch: Of the lease that it has; None asks for a new one.
        release: True gives the lease up, so that another need not wait.
    """

    holder: Annotated[str, Meta(min_length=1, max_length=100)]
    epoch: int | None
    release: bool = False


class Lease(Struct, frozen=True):
    """
    What the gateway answers.

    Args:
        epoch: Stands in every request; a higher one replaces it.
        until: When another may take over unless this one asks again, Unix seconds.
        after: Position of the last receipt from the other network that is recorded here.
    """

    epoch: Annotated[int, Meta(ge=0)]
    until: int
    after: Annotated[int, Meta(ge=0)]


class Published(Struct, frozen=True):
    """
    What a gateway answers to files of a directory.

    Args:
        version: Of the directory that it holds now.
        root: Version of the newest root that it holds: whoever brings a directory brings the next one too.
        missing: Names that it needs before the newer one can be used; empty: nothing is newer, or it is in use.
    """

    version: int
    root: Annotated[int, Meta(ge=0, le=1_000_000)]
    missing: Annotated[tuple[Annotated[str, Meta(max_length=300)], ...], Meta(max_length=65_536)] = ()


class Bodies:
    """What each body must look like."""

    lease_wish = _Form[LeaseWish]("a wish for a lease", LeaseWish, json=True)
    lease = _Form[Lease]("a lease", Lease, json=True)
    published = _Form[Published]("an answer to a publication", Published, json=True)
    forward_page = _Form[list[Numbered]]("a page of forwards", ForwardPage)
    forwards = _Form[list[bytes]]("forwards", Forwards)
    answers = _Form[list[Answer]]("answers", Annotated[list[Answer], Meta(max_length=MAX_FORWARDS)])
    numbered_answers = _Form[list[NumberedAnswer]]("answers", Annotated[list[NumberedAnswer], Meta(max_length=MAX_FORWARDS)])
    receipt_page = _Form[list[Numbered]]("a page of receipts", ReceiptPage)
    receipts_taken = _Form[ReceiptsTaken]("receipts", ReceiptsTaken)
    codes = _Form[list[str]]("codes", Annotated[list[Code], Meta(max_length=MAX_RECEIPTS)])
    names = _Form[list[str]]("names of files", list[str], json=True)
    files = _Form[list[tuple[str, bytes]]]("files", Files)


def decided(code: str) -> bool:
    """Say whether an answer ends a forward: neither one that another try may change, nor one that is not known here."""
    if not code:
        return True
    return code in CODES and code not in _LATER and CODES[code].branch in {Branch.REJECTED, Branch.CORRUPT}


def lease_path(network: Network) -> str:
    """Return where the lease of a lane is asked for."""
    return f"/v1/relay/lease/{network}"


def forwards_path(network: Network, epoch: int, wait_s: int = MAX_WAIT_S) -> str:
    """Return where forwards to a network wait."""
    return f"/v1/relay/forwards/{network}?epoch={epoch}&wait={wait_s}"


def answers_path(network: Network, epoch: int) -> str:
    """Return where the answers of a network are brought."""
    return f"/v1/relay/answers/{network}?epoch={epoch}"


def receipts_path(network: Network, after: int, wait_s: int = MAX_WAIT_S) -> str:
    """Return where receipts about a network's envelopes wait."""
    return f"/v1/relay/receipts/{network}?after={after}&wait={wait_s}"


def taken_path(network: Network, epoch: int) -> str:
    """Return where the receipts of a network are brought."""
    return f"/v1/relay/receipts/{network}?epoch={epoch}"


def publish_path(network: Network) -> str:
    """Return where files of a network's directory are brought."""
    return f"/v1/peers/publish/{network}"
