"""Kill the gateway, the broker and the recipients while messages flow, and count what was lost."""
