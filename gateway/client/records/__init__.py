"""
Statements on the home's tables about messages, and the forms in which they stand there.

Rows in and out, within the caller's transaction; when and why a row changes is decided in the rooms above.
"""
