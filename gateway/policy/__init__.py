"""
What is allowed: pure decisions over header, directory and registry.

`admit` refuses a submission or lets it pass, `judge` says by which rule; `admit_reply` holds it against what it answers;
`DirectoryAnswers` tells the envelope what it asks.
"""

from gateway.policy.admit import Rule, Verdict, admit, judge
from gateway.policy.answers import DirectoryAnswers
from gateway.policy.replies import admit_reply, is_answer, may_recall, recallers

__all__ = ["DirectoryAnswers", "Rule", "Verdict", "admit", "admit_reply", "is_answer", "judge", "may_recall", "recallers"]
