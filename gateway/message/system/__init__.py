"""The system family: messages about messages."""
