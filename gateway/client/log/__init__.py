"""
The audit log as a home sees it: followed, audited on demand, and held against what others say of it.

Evidence here is what proves a log wrong; evidence of a message is `proof`.
"""
