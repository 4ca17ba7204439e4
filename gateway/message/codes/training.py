"""
Code list of training: what a course is about.

The list is our own; its topics are those that courses for investigators of these crimes are known to have.
"""

from __future__ import annotations

from typing import Final

from gateway.message.codelist import CodeList, rows

__all__ = ["TOPICS"]

TOPICS: Final = CodeList(
    id="training-topics",
    version="1",
    title="topic of a course",
    source="gateway",
    closed=False,
    rows=rows(
        {
            "icl": "international criminal law",
            "sgbv": "sexual and gender-based violence",
            "witnesses": "interviewing and handling witnesses",
            "protection": "protecting victims and witnesses",
            "children": "interviewing children",
            "forensics": "forensic science, exhumation, identification",
            "scene": "work at the scene of a crime",
            "digital": "digital evidence and open sources",
            "imagery": "satellite and aerial images",
            "documents": "documents and archives",
            "linkage": "command, armed groups and individual responsibility",
            "analysis": "analysis of crime and of cases",
            "finance": "finances and assets",
            "custody": "evidence and its chain of custody",
            "cooperation": "mutual assistance and police cooperation",
            "tracing": "finding fugitives",
            "interpreters": "work with interpreters",
            "wellbeing": "stress and secondary trauma",
            "simulation": "simulation exercise",
        }
    ),
)
