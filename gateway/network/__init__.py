"""
The work of a network's authority: enrol participants, keep who is who, let two officers publish it.

Spec: schemas/directory.md.
"""

from gateway.network.authority import INVITATION_FILE, PUBLICATION, ROOT_FILE, Added, Authority, Decision, Plan
from gateway.network.enrolment import Enrolment, Profile, enrol, write_gateway, write_papers
from gateway.network.request import (
    Invitation,
    Request,
    decode_invitation,
    decode_request,
    encode_paper,
    fingerprint,
)

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
    "decode_invitation",
    "decode_request",
    "encode_paper",
    "enrol",
    "fingerprint",
    "write_gateway",
    "write_papers",
]
