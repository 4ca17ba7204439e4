"""
Evidence bundles: what a home knows of a message, put together with what the audit log shows of it.

How a bundle is read and verified is `gateway.evidence`, which needs no home.
"""
