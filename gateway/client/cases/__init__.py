"""
Conversations for people and applications: where each stands, who owes what, and the desk of the coordination centre.

Views alone; what may be said next is enforced in `ties`.
"""
