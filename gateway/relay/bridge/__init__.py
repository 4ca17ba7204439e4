"""
A bridge: two networks without a line between them exchange signed files, which others carry.

The relay works as always; in place of the other gateway it has a folder (`near`). The bridge on the other side brings what
comes in its folder to its own gateway, and lays out the answers (`far`). Each bridge does both.
Spec: schemas/relay.md, "Bridge".
"""
