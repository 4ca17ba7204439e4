"""
What is allowed: pure decisions over header, directory and registry.

`admit` refuses a submission or lets it pass, `judge` says by which rule; `admit_relayed` and `judge_relayed` do so for what
comes from another network, and `border` knows what may pass between two. `admit_reply` holds a message against what it answers;
`DirectoryAnswers` tells the envelope what it asks.
"""

from gateway.policy.admit import admit, admit_relayed, judge, judge_relayed
from gateway.policy.answers import DirectoryAnswers
from gateway.policy.replies import admit_reply, is_answer, may_recall, recallers
from gateway.policy.verdict import Rule, Verdict

__all__ = [
    "DirectoryAnswers",
    "Rule",
    "Verdict",
    "admit",
    "admit_relayed",
    "admit_reply",
    "is_answer",
    "judge",
    "judge_relayed",
    "may_recall",
    "recallers",
]
