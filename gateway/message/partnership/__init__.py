"""The family of building partnerships: a module for each kind, and what the two of joint investigation teams share."""
