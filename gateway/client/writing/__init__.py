"""
From content to sealed bytes: what an author may wish, the draft that is signed, and how it is packed.

Nothing is kept or sent here; that is `sending`.
"""
