"""
The inbox: the session beside the application, and the iterator that it walks.

What happens to one delivery is `receiving`.
"""
