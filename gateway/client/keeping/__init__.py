"""
How long a home keeps a message, what is done with it meanwhile, and what stays when it is erased.

Recalls erase too, with what is here: those that come are in `receiving`, those that go out in `ties`.
"""
