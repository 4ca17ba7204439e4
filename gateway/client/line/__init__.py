"""
The line to the gateways: TLS, requests to one of several, the inbox session, and whose word a refusal is.

It knows no home: keys and addresses are arguments. What is said on it is decided in the rooms above.
"""
