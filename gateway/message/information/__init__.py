"""The family of the information and coordination centre: requests, answers, reports."""

from gateway.message.information.cooperation_request import (
    CooperationRequest,
    CooperationRequestBody,
    Deadline,
    EarlierRequest,
    Measure,
    Preservation,
    Secrecy,
    VideoLink,
)
from gateway.message.information.information_report import InformationReport, InformationReportBody, ReportItem
from gateway.message.information.request_response import MeasureState, RequestResponse, RequestResponseBody, Result

__all__ = [
    "CooperationRequest",
    "CooperationRequestBody",
    "Deadline",
    "EarlierRequest",
    "InformationReport",
    "InformationReportBody",
    "Measure",
    "MeasureState",
    "Preservation",
    "ReportItem",
    "RequestResponse",
    "RequestResponseBody",
    "Result",
    "Secrecy",
    "VideoLink",
]
