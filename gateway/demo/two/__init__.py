"""The demonstration of two networks: each with a directory, gateway, broker and ledger of its own, and a relay each way."""
