"""
The relay: carries what two networks exchange, as a client of a gateway of each.

It has an agent key and no other secret, no database and no broker; it stores nothing and proves nothing. Whatever it does wrong
is found by a gateway, and whatever it did not finish is asked for again. Spec: schemas/relay.md.
"""
