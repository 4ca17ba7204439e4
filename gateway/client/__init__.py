"""What a contact point needs to take part: its home, sending, receiving. Ships without the gateway."""
