"""
Who is who, as a home knows it, and the home's own place in it: its cards, and the life of its keys.

How a directory is verified is `gateway.trust` and `gateway.directory`; where secret keys lie is `home`.
"""
