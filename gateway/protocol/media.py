"""
Media types, paths and sizes of the HTTP interface: one spelling for the gateway and for those who ask it.

What is signed for evidence travels as MessagePack bytes, all else as JSON.
A media type is compared whole: parameters, other case and wildcards are another type, because nothing here needs them.
Spec: schemas/api.md.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "AUTHORISED_FOR_S",
    "CARDS",
    "CHALLENGES",
    "DASHBOARD",
    "DASHBOARD_EVENTS",
    "DASHBOARD_LOGIN",
    "DASHBOARD_MAILBOX",
    "DASHBOARD_MESSAGE",
    "DASHBOARD_SESSION",
    "DASHBOARD_SIGN_OUT",
    "DIRECTORY",
    "DIRECTORY_BUNDLE",
    "HEALTH",
    "INBOX",
    "JSON",
    "LOG",
    "LOG_CHECKPOINT",
    "LOG_ENTRIES",
    "LOG_PROOFS",
    "LOG_STAMPED",
    "LOG_TILES",
    "MAX_ACCEPTED_ANSWER_BYTES",
    "MAX_BUNDLE_PATHS",
    "MAX_CARD_BYTES",
    "MAX_CLIENT_FRAME_BYTES",
    "MAX_CONTENT_BYTES",
    "MAX_DELIVERY_BYTES",
    "MAX_GATEWAY_FRAME_BYTES",
    "MAX_PACKING_BYTES",
    "MAX_PUBLICATION_BYTES",
    "MAX_RECEIPTS",
    "MAX_RECEIPT_BYTES",
    "MAX_STANZAS_BYTES",
    "MAX_SUBMISSION_BYTES",
    "MESSAGES",
    "METRICS",
    "MSGPACK",
    "OCTETS",
    "OPENAPI",
    "OPERATIONS",
    "OUTCOMES",
    "PEERS",
    "PEERS_BUNDLE",
    "PEERS_PUBLISH",
    "PROBLEM",
    "READY",
    "RECEIPTS",
    "RELAY",
    "SCHEMAS",
    "SEALED",
    "SIGNED",
]

SEALED: Final = "application/vnd.gateway.sealed"  # a submission, sealed by its author
SIGNED: Final = "application/vnd.gateway.signed"  # signed clear text, to be sealed by the gateway
MSGPACK: Final = "application/vnd.msgpack"
JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"  # RFC 9457
OCTETS: Final = "application/octet-stream"

MESSAGES: Final = "/v1/messages"
INBOX: Final = "/v1/inbox"
RECEIPTS: Final = "/v1/receipts"
OUTCOMES: Final = "/v1/outcomes"  # ?after=NUMBER
DIRECTORY: Final = "/v1/directory/"  # "metadata/..." and "targets/..." follow
DIRECTORY_BUNDLE: Final = "/v1/directory/bundle"
CHALLENGES: Final = "/v1/directory/challenges"
CARDS: Final = "/v1/directory/cards"
PEERS: Final = "/v1/peers/"  # "NETWORK/metadata/..." and "NETWORK/targets/..." follow
PEERS_BUNDLE: Final = "/v1/peers/bundle/"  # the network follows, as for the next one
PEERS_PUBLISH: Final = "/v1/peers/publish/"
RELAY: Final = "/v1/relay/"  # what follows: gateway.protocol.relaying
LOG: Final = "/v1/log"  # prefix of C2SP tlog-tiles: "/checkpoint" and "/tile/..." follow
LOG_CHECKPOINT: Final = "/v1/log/checkpoint"
LOG_TILES: Final = "/v1/log/tile/"
LOG_ENTRIES: Final = "/v1/log/tile/entries/"
LOG_PROOFS: Final = "/v1/log/proof/"
LOG_STAMPED: Final = "/v1/log/stamped/"
SCHEMAS: Final = "/v1/schemas/"
OPENAPI: Final = "/openapi.json"
HEALTH: Final = "/healthz"
READY: Final = "/readyz"
METRICS: Final = "/metrics"
OPERATIONS: Final = "/v1/operations"  # on the operators' listener, like what follows
DASHBOARD: Final = "/dashboard/"
DASHBOARD_LOGIN: Final = "/dashboard/login"  # "#" and a token follow
DASHBOARD_SESSION: Final = "/dashboard/session"
DASHBOARD_SIGN_OUT: Final = "/dashboard/sign-out"
DASHBOARD_EVENTS: Final = "/dashboard/events"
DASHBOARD_MAILBOX: Final = "/dashboard/mailbox/"  # an address follows
DASHBOARD_MESSAGE: Final = "/dashboard/message/"  # an id, an envelope hash or an acceptance number follows

MAX_CONTENT_BYTES: Final = 1 << 20
MAX_STANZAS_BYTES: Final = 4096 * 260  # 4096 stanzas of 256 bytes, each with its length in front
MAX_PACKING_BYTES: Final = 64 << 10  # padding (3 % of 1 MiB), core, seal, approval, lengths
MAX_SUBMISSION_BYTES: Final = MAX_CONTENT_BYTES + MAX_STANZAS_BYTES + MAX_PACKING_BYTES
MAX_RECEIPT_BYTES: Final = 1024  # signed; two full addresses and a log root make about 400
MAX_DELIVERY_BYTES: Final = MAX_CONTENT_BYTES + MAX_PACKING_BYTES
# The header of a clear submission comes back with the hashes: receipt, core of 1.25 KiB, three hashes.
MAX_ACCEPTED_ANSWER_BYTES: Final = MAX_RECEIPT_BYTES + 2048

MAX_RECEIPTS: Final = 256  # in one frame or request
MAX_CLIENT_FRAME_BYTES: Final = MAX_RECEIPTS * (MAX_RECEIPT_BYTES + 8)
MAX_GATEWAY_FRAME_BYTES: Final = MAX_DELIVERY_BYTES + 64
MAX_CARD_BYTES: Final = 64 << 10  # keys, and a version list for every kind
MAX_BUNDLE_PATHS: Final = 1024
MAX_PUBLICATION_BYTES: Final = 40 << 20  # a directory of 4,096 participants with its metadata

AUTHORISED_FOR_S: Final = 3600  # a session shows its agent key again within the hour
