"""
What is allowed: pure decisions over header, directory and registry.

`admit` refuses a submission or lets it pass, `judge` says by which rule; `DirectoryAnswers` tells the envelope what it asks.
"""

from gateway.policy.admit import Rule, Verdict, admit, admit_reply, judge
from gateway.policy.answers import DirectoryAnswers

__all__ = ["DirectoryAnswers", "Rule", "Verdict", "admit", "admit_reply", "judge"]
