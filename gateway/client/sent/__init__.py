"""
What a participant does about a message that went out: asks what became of it, and recalls it.

These calls use all parts of an open home; what goes on without being asked is in `sending`.
"""
