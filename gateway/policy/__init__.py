"""
What is allowed: pure decisions over header, directory and registry.

`admit` decides on a submission; `DirectoryAnswers` tells the envelope what it asks.
"""

from gateway.policy.admit import Rule, Verdict, admit
from gateway.policy.answers import DirectoryAnswers

__all__ = ["DirectoryAnswers", "Rule", "Verdict", "admit"]
