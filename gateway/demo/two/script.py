"""What is said across the border, in the order of the scenes; recipients are written as a person writes them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.demo.script import Line, content_of
from gateway.demo.two.stage import ALIAS, GROUP
from gateway.message import Content, read_message_file

__all__ = ["ABOVE", "ANSWERS", "MEANWHILE", "OPENING", "RECALLED", "STRANGE", "confidential", "content_for"]

_WITNESS: Final = Line("cooperation.request/hear-a-witness", "NCB-QM", ("GN-QN@eu-network",))
_SITE: Final = Line("cooperation.request/examine-a-site", "NCB-QM", ("GN-QA@eu-network", "TRIB-QX-OTP"))

RECALLED: Final = Line("information.report/sighting", "NCB-QM", ("GN-QN@eu-network", "GN-QB@eu-network", "GS"))
OPENING: Final = (
    _WITNESS,
    _SITE,
    Line("information.report/open-source-video", "GS", (f"{GROUP}@eu-network", "NCB-QM")),
    Line("information.report/vehicles-and-accounts", ALIAS, ("GN-QA@eu-network",)),
    RECALLED,
)
ABOVE: Final = _WITNESS  # once more, marked above what may pass
STRANGE: Final = Line("training.announcement/online-open-sources", "GS", ("GN-QB@eu-network", "NCB-QM"))
ANSWERS: Final = (
    Line("request.response/accepted-in-part", "GN-QN", ("NCB-QM@icn",), answers=_WITNESS.example),
    Line("request.response/questions", "GN-QA", ("NCB-QM@icn",), answers=_SITE.example, sealed_by_gateway=True),
)
MEANWHILE: Final = (
    Line("meeting.invitation/network-meeting", "TRIB-QX-OTP", ("GN-QN@eu-network", "GS")),
    Line("meeting.invitation/online-case-meeting", "GN-QN", ("TRIB-QX-OTP@icn", "NCB-QM@icn")),
    Line("training.announcement/international-course", "GN-QB", ("GS@icn", GROUP)),
)


def content_for(line: Line, sent: Mapping[str, bytes]) -> Content:
    """Return the content of a line, as of now; `sent` has the envelope hash of each example that was said."""
    return content_of(line, sent, time.time())


def confidential(content: Content) -> Content:
    """Return it marked `confidential`."""
    fields = msgspec.json.decode(content.raw)
    fields["handling"]["confidentiality"] = "confidential"
    return read_message_file(json.dumps(fields).encode())[1]
