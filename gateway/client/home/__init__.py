"""
A home on disk: made, unlocked, kept in one file, its keys held and backed up.

What arrived and what is sent stands in its tables too; those statements are in `records`.
"""
