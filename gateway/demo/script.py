"""
What is said on the stage: a request for each of several authorities, reports, and what answers them.

A line that answers another names it; its reference to the request becomes the real one. All other example messages follow in
the order of the catalogue (`catalogue`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.message import Content, instant, read_message_file
from gateway.resources import schemas_path

__all__ = ["REQUESTS", "RESPONSES", "Line", "content_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """
    One message.

    Args:
        example: Folder and name below `schemas/examples`.
        sender: Who sends it.
        to: Who reads it.
        answers: The `example` of an earlier line, or None.
        sealed_by_gateway: Handed over signed and in clear, as a thin client does.
    """

    example: str
    sender: str
    to: tuple[str, ...]
    answers: str | None = None
    sealed_by_gateway: bool = False


_WITNESS: Final = "cooperation.request/hear-a-witness"
_ARREST: Final = "cooperation.request/arrest-and-surrender"
_SITE: Final = "cooperation.request/examine-a-site"

REQUESTS: Final = (
    Line(_WITNESS, "NCB-QM", ("NCB-QN", "GN-QN")),
    Line(_ARREST, "TRIB-QX-OTP", ("NCB-QM", "GN-QN")),
    Line(_SITE, "WCU-QP", ("NCB-QN", "TRIB-QX-OTP")),
    Line("information.report/open-source-video", "GS", ("NCB-QM", "NCB-QN", "WCU-QP", "TRIB-QX-OTP", "GN-QN")),
    Line("information.report/sighting", "NCB-QM", ("TRIB-QX-OTP", "GS")),
)
RESPONSES: Final = (
    Line("request.response/accepted-in-part", "GN-QN", ("NCB-QM",), answers=_WITNESS),
    Line("request.response/questions", "NCB-QN", ("WCU-QP",), answers=_SITE, sealed_by_gateway=True),
    Line("request.response/refused", "NCB-QM", ("TRIB-QX-OTP",), answers=_ARREST),
    Line("information.report/answer", "GN-QN", ("NCB-QM", "TRIB-QX-OTP"), answers=_WITNESS),
)


def content_of(line: Line, sent: Mapping[str, bytes], now: float) -> Content:
    """
    Return the content of a line.

    Args:
        line: What is said.
        sent: Envelope hash of each example sent so far.
        now: Unix seconds: a time that counts from the writing is moved from the day of the example to today.
    """
    path = schemas_path() / "examples" / f"{line.example}.json"
    fields = json.loads(path.read_bytes())
    if line.answers is not None:
        fields["in_reply_to"] = sent[line.answers].hex()
        if "request_ref" in fields["body"]:
            fields["body"]["request_ref"] = sent[line.answers].hex()
    content = _content(fields)
    if content.body.limit is None:
        return content
    name = content.body.limit.pointer.rpartition("/")[2]
    return _content({**fields, "body": {**fields["body"], name: instant(int(now) + content.body.limit.within_s)}})


def _content(fields: Mapping[str, Any]) -> Content:
    return read_message_file(json.dumps(fields, ensure_ascii=False).encode())[1]
