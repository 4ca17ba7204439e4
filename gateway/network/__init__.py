"""
The work of a network's authority: enrol participants, keep who is who, let two officers publish it.

Spec: schemas/directory.md.
"""

from gateway.network.authority import Added, Authority
from gateway.network.enrolment import Enrolment, Profile, enrol, write_gateway, write_papers
from gateway.network.entering import Decision
from gateway.network.founding import Plan
from gateway.network.request import (
    Invitation,
    Request,
    decode_invitation,
    decode_request,
    encode_paper,
    fingerprint,
)
from gateway.network.rotation import Successor, rotate_officer, rotate_online
from gateway.network.standing import Revoke, parse_reason
from gateway.network.state import INVITATION_FILE, PUBLICATION, ROOT_FILE

__all__ = [
    "INVITATION_FILE",
    "PUBLICATION",
    "ROOT_FILE",
    "Added",
    "Authority",
    "Decision",
    "Enrolment",
    "Invitation",
    "Plan",
    "Profile",
    "Request",
    "Revoke",
    "Successor",
    "decode_invitation",
    "decode_request",
    "encode_paper",
    "enrol",
    "fingerprint",
    "parse_reason",
    "rotate_officer",
    "rotate_online",
    "write_gateway",
    "write_papers",
]
