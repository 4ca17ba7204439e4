"""Messages: strict content, kinds, handling. Pure."""
